"""Arrays of several channels find their masks, and what their channels are is asked, not guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.data.layouts import read_layout
from core.data.layouts.npy_pairs import read_npy_pairs
from core.data.layouts.spec import Layout
from core.data.load import load_case
from core.data.refusal import InputRefusedError
from core.labels import SCHEMES


def write(root: Path, names: str = "abc", channels: int = 4, labels: tuple[int, ...] = (0, 1, 2, 3)) -> Path:
    root.mkdir(exist_ok=True)
    for seed, name in enumerate(names):
        rng = np.random.default_rng(seed)
        np.save(root / f"{name}_image.npy", rng.random((9, 12, channels), np.float32))
        mask = np.zeros((9, 12))
        mask[:4] = np.resize(labels, (4, 12))
        np.save(root / f"{name}_mask.npy", mask)
    return root


def read(root: Path) -> Layout:
    layout = read_npy_pairs(root)
    assert layout is not None
    return layout


def codes(layout: Layout) -> list[tuple[str, str]]:
    return [(finding.severity, finding.code) for finding in layout.findings]


def test_channels_that_nothing_names_are_numbered_and_asked_about(tmp_path: Path) -> None:
    layout = read(write(tmp_path / "demo"))
    assert {tuple(case.sources) for case in layout.cases} == {("channel-1", "channel-2", "channel-3", "channel-4")}
    assert codes(layout) == [("note", "labels_found"), ("warning", "channels_unnamed")]
    assert layout.scheme is None
    assert [case.case_id for case in layout.cases] == ["a", "b", "c"]


def test_a_folder_that_lists_its_sequences_names_the_channels(tmp_path: Path) -> None:
    layout = read(write(tmp_path / "t1n-t1c-t2w-flair", labels=(0, 1)))
    assert {tuple(case.sources) for case in layout.cases} == {("t1n", "t1c", "t2w", "t2f")}
    assert (layout.findings, layout.scheme) == ((), "binary")
    loaded = load_case(layout.cases[0], SCHEMES["binary"])
    assert np.array_equal(
        loaded.volume.voxels[2, :, :, 0], np.load(tmp_path / "t1n-t1c-t2w-flair/a_image.npy")[..., 2].T
    )


def test_one_channel_is_an_image(tmp_path: Path) -> None:
    layout = read(write(tmp_path / "demo", channels=1, labels=(0, 1)))
    assert {tuple(case.sources) for case in layout.cases} == {("image",)}
    assert layout.findings == ()


def test_arrays_of_unlike_channels_are_warned_of(tmp_path: Path) -> None:
    write(tmp_path / "demo", "ab", channels=1, labels=(0, 1))
    write(tmp_path / "demo", "c", channels=2, labels=(0, 1))
    assert codes(read(tmp_path)) == [("warning", "channels_unnamed"), ("warning", "mixed_modalities")]


def test_a_damaged_array_stops_its_own_case_alone(tmp_path: Path) -> None:
    (write(tmp_path / "demo") / "b_mask.npy").write_bytes(b"cut")
    layout = read(tmp_path)
    load_case(layout.cases[0], SCHEMES["brats-2023"])
    with pytest.raises(InputRefusedError, match=r"b_mask\.npy"):
        load_case(layout.cases[1], SCHEMES["brats-2023"])


def test_arrays_without_masks_are_not_this_layout(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3, 3)))
    assert read_npy_pairs(tmp_path) is None


def test_the_public_demo_is_five_slices_of_four_unnamed_channels(real_data: Path) -> None:
    layout = read_layout(real_data / "brats_africa_demo_npy")
    assert (layout.name, layout.scheme, len(layout.cases)) == ("npy-pairs", None, 5)
    assert codes(layout) == [("note", "labels_found"), ("warning", "channels_unnamed")]
    assert layout.findings[0].found == "3 labels in the masks: 1, 2, 3"
    for case in layout.cases:
        loaded = load_case(case, SCHEMES["brats-2023"])
        assert loaded.volume.voxels.shape == (4, 240, 240, 1)
        assert loaded.reference is not None
        assert loaded.reference.any()
