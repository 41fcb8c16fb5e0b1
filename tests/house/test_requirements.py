"""The requirements files are exact: every pin has hashes, and what pyproject.toml asks for is pinned."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FILES = {
    "requirements.txt": None,
    "requirements-dev.txt": "dev",
    "requirements-light.txt": "light",
    "requirements-uv.txt": "installer",
}
# AGPL with telemetry, GPL-3, LGPL-3, LGPL-3
UNWANTED = {"albumentationsx", "pylibjpeg-libjpeg", "connected-components-3d", "edt"}


def pins(path: Path) -> list[Requirement]:
    """Return the pins of a compiled file, and fail on whatever is neither a pin nor a hash."""
    logical_lines = path.read_text().replace("\\\n", " ").splitlines()
    found = []
    for line in filter(None, logical_lines):
        pin, *hashes = re.split(r"\s+--hash=", line)
        assert hashes, f"{path.name}: {pin} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value.strip()) for value in hashes), pin
        found.append(Requirement(pin))
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_line_is_one_exact_version_with_hashes(repo_root: Path, name: str) -> None:
    found = pins(repo_root / name)
    assert found
    for pin in found:
        assert re.fullmatch(r"==[^,*]+", str(pin.specifier)), pin
        assert pin.url is None, pin


@pytest.mark.parametrize(("name", "group"), FILES.items())
def test_what_pyproject_asks_for_is_pinned_to_a_version_it_allows(
    repo_root: Path, name: str, group: str | None
) -> None:
    project = tomllib.loads((repo_root / "pyproject.toml").read_text())
    asked = project["project"]["dependencies"] if group is None else project["dependency-groups"][group]
    pinned = {canonicalize_name(pin.name): pin for pin in pins(repo_root / name)}
    for requirement in map(Requirement, asked):
        pin = pinned[canonicalize_name(requirement.name)]
        version = str(pin.specifier).removeprefix("==")
        assert requirement.specifier.contains(version), f"{requirement} is pinned to {version}"


@pytest.mark.parametrize("name", ["requirements-dev.txt", "requirements-light.txt"])
def test_others_run_on_the_versions_that_the_app_runs_on(repo_root: Path, name: str) -> None:
    def versions(name: str) -> dict[tuple[str, str], str]:
        return {(pin.name, str(pin.marker)): str(pin.specifier) for pin in pins(repo_root / name)}

    app, others = versions("requirements.txt"), versions(name)
    shared = app.keys() & others.keys()
    assert ("nibabel" if "light" in name else "torch", "None") in shared
    assert {key: others[key] for key in shared} == {key: app[key] for key in shared}


def test_the_light_ones_are_few_all_of_the_app_s_and_without_torch(repo_root: Path) -> None:
    light, app = (
        {canonicalize_name(pin.name) for pin in pins(repo_root / name)}
        for name in ("requirements-light.txt", "requirements.txt")
    )
    assert light < app
    assert not light & {"torch", "torchvision", "streamlit", "onnx", "onnxscript"}
    assert len(light) < len(app) / 3


@pytest.mark.parametrize("name", FILES)
def test_packages_whose_licence_or_telemetry_rules_them_out_stay_out(repo_root: Path, name: str) -> None:
    assert {canonicalize_name(pin.name) for pin in pins(repo_root / name)} & UNWANTED == set()


def test_the_two_frameworks_whose_next_release_would_break_us_are_held(repo_root: Path) -> None:
    pinned = {pin.name: str(pin.specifier) for pin in pins(repo_root / "requirements.txt")}
    assert pinned["streamlit"].startswith("==1.67.")
    assert pinned["albumentations"] == "==2.0.8"
