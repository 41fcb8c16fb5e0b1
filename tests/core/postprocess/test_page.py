"""The page of post-processing says what is plugged in and what tuning tries."""

from __future__ import annotations

from pathlib import Path

from core.evaluation.tuning_grid import LEAST_GAIN, LEAST_ML, LEAST_VOXELS, THRESHOLDS
from core.postprocess import POSTPROCESS


def test_the_page_has_every_step_as_the_registry_defines_it(repo_root: Path) -> None:
    written = (repo_root / "docs" / "post-processing.md").read_text(encoding="utf-8")
    for spec in POSTPROCESS.values():
        arguments = ", ".join(f"`{name}`" for name in spec.arguments.model_fields) or "none"
        assert f"| `{spec.name}` | {spec.effect} | {arguments} | {spec.definition} |" in written
    assert written.count("\n| `") == len(POSTPROCESS)


def test_the_page_states_the_grid(repo_root: Path) -> None:
    written = " ".join((repo_root / "docs" / "post-processing.md").read_text(encoding="utf-8").split())
    assert [round(threshold / 255, 1) for threshold in THRESHOLDS] == [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    assert f"or {', '.join(f'{ml:g}' for ml in LEAST_ML)} ml" in written
    assert f"({', '.join(map(str, LEAST_VOXELS))} voxels without voxel sizes)" in written
    assert f"within {LEAST_GAIN:g} of the best" in written
