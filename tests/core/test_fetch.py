"""A data set is fetched by its name: room first, verified, unpacked, and never said to be verified when it is not."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core import fetch as fetching
from core.data import download as downloading
from core.data import limits
from core.data.addresses import ADDRESSES, DATA_SETS, Address, Checksum, DataSet
from core.errors import JobFailedError, RefusedError
from core.fetch import fetch
from core.workspace import Workspace
from tests.core.data.hostile_archives import tar_of
from tests.core.data.serving import Site, serving

TAR = tar_of({"Task/dataset.json": b"{}", "Task/._dataset.json": b"x", "Task/imagesTr/a.nii.gz": b"voxels" * 1000})
STATED = Checksum("md5", hashlib.md5(TAR).hexdigest(), "a project")
NAME = "small-set"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(downloading, "PAUSE_S", 0.0)
    with serving(Site(TAR)) as running:
        publish(monkeypatch, DataSet("A small set", running.url, STATED, len(TAR), len(TAR), "CC0"))
        yield running


@pytest.fixture
def workspace(workspace_dir: Path) -> Workspace:
    return Workspace(workspace_dir)


def publish(monkeypatch: pytest.MonkeyPatch, data: DataSet) -> None:
    monkeypatch.setitem(DATA_SETS, NAME, data)


def test_a_set_lands_unpacked_in_the_workspace(site: Site, workspace: Workspace) -> None:
    done = fetch(workspace, NAME)
    assert done.path == workspace.root / "downloads" / NAME / "files" / "Task"
    assert sorted(path.name for path in done.path.rglob("*")) == ["a.nii.gz", "dataset.json", "imagesTr"]
    assert done.checked == "its MD5 is the one stated by a project"
    assert done.sha256 == hashlib.sha256(TAR).hexdigest()
    assert sorted(path.name for path in (workspace.root / "downloads" / NAME).iterdir()) == ["fetched.json", "files"]


def test_a_set_that_is_here_is_not_asked_for_again(site: Site, workspace: Workspace) -> None:
    first = fetch(workspace, NAME)
    site.asked.clear()
    assert fetch(workspace, NAME) == first
    assert site.asked == []


def test_a_fetch_that_broke_off_goes_on(site: Site, workspace: Workspace) -> None:
    site.drops = [3000] + [0] * 20
    with pytest.raises(JobFailedError, match="ask again to go on"):
        fetch(workspace, NAME)
    site.drops, site.asked = [], []
    fetch(workspace, NAME)
    assert site.asked == [("bytes=3000-", '"one"')]


def test_another_checksum_leaves_nothing_behind(
    site: Site, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, replace(DATA_SETS[NAME], checksum=Checksum("sha256", "0" * 64, "a project")))
    with pytest.raises(RefusedError, match="cut short or altered"):
        fetch(workspace, NAME)
    assert list((workspace.root / "downloads" / NAME).iterdir()) == []


def test_room_for_archive_and_files_is_asked_for_first(
    site: Site, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": limits.FREE_DISK_BYTES + 2 * len(TAR) - 1})
    monkeypatch.setattr(downloading.shutil, "disk_usage", lambda _path: usage)  # type: ignore[attr-defined]
    with pytest.raises(JobFailedError, match="free some space"):
        fetch(workspace, NAME)
    assert site.asked == []


def test_without_a_stated_checksum_it_says_so_and_holds_later_downloads_to_the_first(
    site: Site, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, replace(DATA_SETS[NAME], checksum=None))
    done = fetch(workspace, NAME)
    assert done.checked.startswith("not verified: its publisher states no checksum; the SHA-256 seen now, ")
    assert done.sha256 in done.checked
    _remove(done.path.parent)
    assert fetch(workspace, NAME).checked == "its SHA256 is the one stated by the first download"
    _remove(done.path.parent)
    site.content = tar_of({"Task/dataset.json": b"forged"})
    with pytest.raises(RefusedError, match="cut short or altered"):
        fetch(workspace, NAME)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder)


def test_weights_go_where_trainings_look_for_them(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Site(b"weights")) as site:
        address = Address(site.url, hashlib.sha256(b"weights").hexdigest(), "BSD-3-Clause")
        monkeypatch.setitem(ADDRESSES, "resnet18-imagenet", address)
        done = fetch(workspace, "resnet18-imagenet")
    assert done.path.parent == workspace.root / "cache" / "weights"
    assert done.path.read_bytes() == b"weights"
    assert not done.is_data


def test_an_unknown_name_answers_with_the_known_ones(workspace: Workspace) -> None:
    with pytest.raises(RefusedError, match="known: msd-brain-tumour, resnet18-imagenet, resnet34-imagenet"):
        fetch(workspace, "nothing")


def test_every_address_is_https_and_says_who_states_its_checksum() -> None:
    for data in DATA_SETS.values():
        assert data.url.startswith("https://")
        assert data.checksum is None or data.checksum.stated_by
    assert all(address.url.startswith("https://") for address in ADDRESSES.values())


def test_the_decathlon_s_checksum_is_the_one_that_monai_states() -> None:
    spec = importlib.util.find_spec("monai")
    assert spec is not None
    assert spec.origin is not None
    stated = (Path(spec.origin).parent / "apps" / "datasets.py").read_text()
    data = DATA_SETS["msd-brain-tumour"]
    assert data.checksum is not None
    assert f'"Task01_BrainTumour": "{data.url}"' in stated
    assert f'"Task01_BrainTumour": "{data.checksum.hex}"' in stated


def test_fetched_is_plain_json(site: Site, workspace: Workspace) -> None:
    document = fetch(workspace, NAME).to_json()
    assert document["path"] == str(workspace.root / "downloads" / NAME / "files" / "Task")
    assert document["bytes"] == len(TAR)
    assert set(document) == set(fetching.Fetched.__slots__)
