"""Volumes of a folder nobody has seen before are put together by their names, folders and shapes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.modality.images import other_heads
from core.data import limits
from core.data.layouts.proposed import read_proposed, shown
from core.data.layouts.spec import Layout
from core.data.modality import Guess
from tests.cases import write_nifti


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def matched(layout: Layout | None) -> dict[str, dict[str, str]]:
    """Case to its files by modality."""
    assert layout is not None
    return {
        case.case_id: {name: source.file.name for name, source in case.sources.items()}
        | ({"mask": case.reference.file.name} if case.reference else {})
        for case in layout.cases
    }


def codes(layout: Layout | None) -> list[str]:
    assert layout is not None
    return [finding.code for finding in layout.findings]


def proposed(root: Path, **shapes: tuple[int, ...]) -> Layout | None:
    """Read a folder of empty files; those named in `shapes` have that shape, the others one shape."""
    return read_proposed(root, lambda path: shapes.get(path.name.partition(".")[0], (9, 9, 9)), judge=lambda _: [])


def test_files_of_one_stem_are_a_case(tmp_path: Path) -> None:
    touch(tmp_path, *(f"case{n}_{part}.nii.gz" for n in (1, 2) for part in ("T1", "T1_post", "flair", "mask")))
    layout = proposed(tmp_path)
    assert matched(layout) == {
        f"case{n}": {
            "t1n": f"case{n}_T1.nii.gz",
            "t1c": f"case{n}_T1_post.nii.gz",
            "t2f": f"case{n}_flair.nii.gz",
            "mask": f"case{n}_mask.nii.gz",
        }
        for n in (1, 2)
    }
    assert codes(layout) == ["proposed_layout"]


def test_folders_may_say_sequence_and_role(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{folder}/{n:03d}.nii.gz" for folder in ("FLAIR", "T2", "labels") for n in (1, 2)))
    assert matched(proposed(tmp_path)) == {
        name: {"t2w": f"{name}.nii.gz", "t2f": f"{name}.nii.gz", "mask": f"{name}.nii.gz"} for name in ("001", "002")
    }


def test_a_study_whose_series_share_one_word_is_one_case_per_folder(tmp_path: Path) -> None:
    series = ("AX_T1_Smith_3_se", "AX_T1_POST_GAD_Smith_7_se", "T2_Smith_5_tse", "FLAIR_Smith_4_tir")
    touch(tmp_path, *(f"visit{n}/{name}.nii" for n in (1, 2) for name in series))
    layout = proposed(tmp_path)
    assert [tuple(files) for files in matched(layout).values()] == [("t1n", "t1c", "t2w", "t2f")] * 2


def test_two_people_with_a_sequence_each_are_two_cases(tmp_path: Path) -> None:
    touch(tmp_path, "anna_T1.nii.gz", "bob_T2.nii.gz")
    layout = proposed(tmp_path)
    assert [tuple(files) for files in matched(layout).values()] == [("t1n",), ("t2w",)]
    assert codes(layout) == ["proposed_layout", "mixed_modalities"]


def test_visits_of_one_top_folder_are_one_group(tmp_path: Path) -> None:
    touch(tmp_path, *(f"p1/{visit}/FLAIR.nii.gz" for visit in ("a", "b")), "p2/a/FLAIR.nii.gz")
    layout = proposed(tmp_path)
    assert layout is not None
    assert [case.group_id for case in layout.cases] == ["p1", "p1", "p2"]
    assert {case.group_kind for case in layout.cases} == {"unknown"}


def test_a_mask_of_another_shape_is_not_the_images(tmp_path: Path) -> None:
    touch(tmp_path, "x_ct.nii.gz", "x_seg.nii.gz")
    layout = proposed(tmp_path, x_seg=(5, 5, 5))
    assert matched(layout) == {"x": {"ct": "x_ct.nii.gz"}}
    assert codes(layout) == ["proposed_layout", "mask_without_image"]


def test_the_one_mask_of_the_shape_goes_to_the_one_image_of_the_folder(tmp_path: Path) -> None:
    touch(tmp_path, "scan_ct.nii.gz", "total_output.nii.gz")
    (files,) = matched(proposed(tmp_path)).values()
    assert files == {"ct": "scan_ct.nii.gz", "mask": "total_output.nii.gz"}


def test_two_masks_that_fit_an_image_refuse_it_and_no_other(tmp_path: Path) -> None:
    touch(tmp_path, "a_ct.nii.gz", "b_ct.nii.gz", "one_seg.nii.gz", "two_seg.nii.gz")
    layout = proposed(tmp_path, b_ct=(7, 7, 7))
    assert matched(layout) == {"b": {"ct": "b_ct.nii.gz"}}
    assert codes(layout) == ["proposed_layout", "ambiguous_mask"]


def test_masks_alone_are_refused(tmp_path: Path) -> None:
    layout = proposed(touch(tmp_path, "a/pred.nii.gz", "a/ref.nii.gz"))
    assert matched(layout) == {}
    assert codes(layout) == ["no_image"]


def test_the_voxels_of_a_pair_of_files_are_not_a_case_of_their_own(tmp_path: Path) -> None:
    (files,) = matched(proposed(touch(tmp_path, "flair.hdr", "flair.img"))).values()
    assert files == {"t2f": "flair.hdr"}


def test_an_empty_folder_is_nothing(tmp_path: Path) -> None:
    assert proposed(touch(tmp_path, "readme.txt", ".hidden/a.nii.gz", "__MACOSX/b.nii")) is None


def test_five_cases_are_shown_with_how_sure_each_is_and_the_others_counted(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{n}_flair.nii.gz" for n in range(7)))
    layout = proposed(tmp_path)
    assert layout is not None
    assert layout.findings[0].found == (
        "a folder of no known layout; proposed are 7 case(s) ("
        + "; ".join(f"case {n + 1}: t2f = {n}_flair.nii.gz (95% sure)" for n in range(5))
        + "; and 2 more)"
    )


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("FLAIR.nii.gz", "FLAIR.nii.gz"),
        ("Smith_Jane_19700101_t1_post.nii.gz", "…_t1_post.nii.gz"),
        ("MRHR_T1_AX_ACC0012345_t1c.nii", "…_T1_AX_…_t1c.nii"),
        ("case_0001_mask.nrrd", "…_0001_mask.nrrd"),
    ],
)
def test_a_name_is_shown_without_the_words_that_could_be_somebodys(name: str, seen: str) -> None:
    assert shown(name) == seen


def test_no_word_of_a_name_or_folder_is_in_what_is_said(tmp_path: Path) -> None:
    names = ("Canary/Canary_T1.nii.gz", "Canary/Canary_T2.nii.gz", "Canary2/Canary_ct.nii.gz", "Canary2/a_seg.nii.gz")
    layout = proposed(touch(tmp_path, *names, "Canary2/b_seg.nii.gz"))
    assert layout is not None
    assert layout.private_names
    assert "anary" not in layout.why + "".join(finding.sentence for finding in layout.findings)


FOUR = ("a.nii.gz", "b.nii.gz", "c.nii.gz", "d.nii.gz")


def by_letter(paths: Sequence[Path]) -> list[Guess]:
    told = {"a": ("t2f", 0.9), "b": ("t1n", 0.6), "c": ("t1c", 0.6), "d": ("t2w", 0.99)}
    return [Guess(*told[path.name[0]], "judged by its voxels") for path in paths]


def test_four_nameless_images_of_one_shape_are_judged_by_their_voxels_and_doubts_are_counted(tmp_path: Path) -> None:
    layout = read_proposed(touch(tmp_path, *(f"p1/{name}" for name in FOUR)), lambda _: (9, 9, 9), by_letter)
    assert matched(layout) == {"p1": {"t1n": "b.nii.gz", "t1c": "c.nii.gz", "t2w": "d.nii.gz", "t2f": "a.nii.gz"}}
    assert codes(layout) == ["proposed_layout", "modality_unsure", "modality_by_voxels"]
    assert layout is not None
    assert [f.found.split()[0] for f in layout.findings[1:]] == ["2", "4"]


def test_nameless_images_of_different_shapes_or_beyond_the_limit_stay_cases_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, *FOUR)
    assert len(matched(read_proposed(tmp_path, lambda path: (9, 9, ord(path.name[0])), by_letter))) == 4
    monkeypatch.setattr(limits, "MAX_JUDGED_CASES", 0)
    layout = read_proposed(tmp_path, lambda _: (9, 9, 9), by_letter)
    assert [tuple(files) for files in matched(layout).values()] == [("image",)] * 4
    assert codes(layout) == ["proposed_layout", "modality_unsure"]


def test_real_images_with_their_names_taken_off_get_them_back(real_data: Path, tmp_path: Path) -> None:
    head = other_heads(real_data)["BraTS 2013, single slices"][1]
    for letter, name in zip("wxyz", ("t2w", "t1c", "t2f", "t1n"), strict=True):
        write_nifti(tmp_path / "p" / f"{letter}.nii.gz", head.images[name].astype(np.float32))
    assert matched(read_proposed(tmp_path)) == {
        "p": {"t1n": "z.nii.gz", "t1c": "x.nii.gz", "t2w": "w.nii.gz", "t2f": "y.nii.gz"}
    }
