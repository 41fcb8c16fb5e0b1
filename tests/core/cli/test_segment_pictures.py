"""A picture becomes a mask that lies on it, pixel by pixel, and can be scored against a mask drawn as a picture."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from core.checkpoints import Checkpoint
from tests import narrow
from tests.cases import write_nifti
from tests.core.cli.conftest import Ask

ROWS, COLUMNS = 24, 40


@pytest.fixture
def checkpoint(tmp_path: Path, workspace_dir: Path) -> Checkpoint:
    changes = {"regions": ("foreground",), "scheme": "binary", "thresholds": (128,)}
    spec = narrow.spec(modalities=("image",), preparing="minmax", **changes)
    return narrow.checkpoint(tmp_path / "model", inference=spec)


@pytest.fixture
def segmented(ask: Ask, tmp_path: Path, checkpoint: Checkpoint) -> Path:
    """The mask of a picture that no mask lies beside."""
    pixels = np.zeros((ROWS, COLUMNS))
    pixels[2:18, 4:28] = np.kron(np.random.default_rng(3).integers(60, 256, (2, 3)), np.ones((8, 8)))
    (tmp_path / "scan").mkdir()
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "scan" / "slice_7.png")
    answer = ask("segment", tmp_path / "scan", "--checkpoint", checkpoint.folder, "--out", tmp_path / "out", "--json")
    assert answer.code == 0
    assert answer.document["volumes_ml"] == {"foreground": None}, "a picture has no voxel sizes"
    (case,) = answer.document["cases"]
    (file,) = answer.document["files"]
    assert case["voxels"] == {"foreground": np.count_nonzero(stored(Path(file)))}
    return Path(file)


def stored(mask: Path) -> np.ndarray:
    return np.asarray(nib.load(mask).dataobj)


def as_picture(path: Path, mask: np.ndarray) -> Path:
    """Save a mask the way a picture is: rows downwards, columns to the right, 255 inside."""
    Image.fromarray((mask[:, :, 0].T * 255).astype(np.uint8)).save(path)
    return path


def test_the_mask_has_the_pictures_columns_and_rows_and_claims_no_place(segmented: Path) -> None:
    assert segmented.name == "slice_7_seg.nii.gz"
    image = nib.load(segmented)
    assert (image.shape, image.get_data_dtype()) == ((COLUMNS, ROWS, 1), np.uint8)
    assert (int(image.header["sform_code"]), int(image.header["qform_code"])) == (0, 0)
    assert set(np.unique(stored(segmented))) == {0, 1}


def test_the_command_line_says_how_many_pixels_there_are(ask: Ask, tmp_path: Path, checkpoint: Checkpoint) -> None:
    (tmp_path / "scan").mkdir()
    blocks = np.random.default_rng(3).integers(60, 256, (3, 5)).astype(np.uint8)
    Image.fromarray(np.kron(blocks, np.ones((8, 8), np.uint8))).save(tmp_path / "scan" / "slice_7.png")
    answer = ask("segment", tmp_path / "scan", "--checkpoint", checkpoint.folder, "--out", tmp_path / "out")
    found = np.count_nonzero(stored(tmp_path / "out" / "slice_7_seg.nii.gz"))
    assert f"slice_7_seg.nii.gz  foreground {found:,} pixels  " in answer.out


def test_it_is_scored_against_a_mask_drawn_as_a_picture_pixel_by_pixel(
    ask: Ask, tmp_path: Path, segmented: Path
) -> None:
    mask = stored(segmented)
    same = as_picture(tmp_path / "same.png", mask)
    mirrored = as_picture(tmp_path / "mirrored.png", mask[::-1])
    assert (mask != mask[::-1]).any()
    shared = 2 * np.count_nonzero(mask & mask[::-1]) / (2 * np.count_nonzero(mask))
    for reference, dice in ((same, 1.0), (mirrored, shared)):
        for pair in ((segmented, reference), (reference, segmented)):
            answer = ask("metrics", *pair, "--scheme", "binary", "--json")
            assert answer.document["regions"]["foreground"]["dice"] == pytest.approx(dice)


def test_a_mask_with_a_place_is_not_held_against_a_picture(ask: Ask, tmp_path: Path, segmented: Path) -> None:
    placed = write_nifti(tmp_path / "placed.nii", stored(segmented), np.diag([1.0, 1.0, 3.0, 1.0]))
    answer = ask("metrics", placed, as_picture(tmp_path / "same.png", stored(segmented)), "--scheme", "binary")
    assert answer.code == 1
    assert "the reference alone has no place in the patient); write both from the same images" in answer.err


def test_evaluate_scores_it_as_a_mask_made_elsewhere(ask: Ask, tmp_path: Path, segmented: Path) -> None:
    (tmp_path / "set" / "images").mkdir(parents=True)
    (tmp_path / "set" / "masks").mkdir()
    Image.open(tmp_path / "scan" / "slice_7.png").save(tmp_path / "set" / "images" / "slice_7.png")
    as_picture(tmp_path / "set" / "masks" / "slice_7.png", stored(segmented))
    assert ask("import", tmp_path / "set", "--cohort", "set").code == 0
    answer = ask(
        "evaluate", "--cohort", "set", "--predictions", f"net={segmented.parent}", "--metrics", "dice", "--json"
    )
    assert answer.code == 0
    assert answer.document["models"]["net"]["cases"]["slice_7"]["foreground"]["dice"] == 1.0


def test_pictures_in_the_order_of_their_names_unless_asked_to_keep_those(
    ask: Ask, tmp_path: Path, checkpoint: Checkpoint
) -> None:
    pixels = np.zeros((ROWS, COLUMNS), np.uint8)
    (tmp_path / "scan").mkdir()
    for place, name in enumerate(("smith", "doe")):
        pixels[4 : 12 + 6 * place, 4:20] = 100
        Image.fromarray(pixels).save(tmp_path / "scan" / f"{name}.png")
    command = ["segment", tmp_path / "scan", "--checkpoint", checkpoint.folder, "--json", "--out"]
    answer = ask(*command, tmp_path / "out")
    assert [Path(file).name for file in answer.document["files"]] == ["case-001_seg.nii.gz", "case-002_seg.nii.gz"]
    assert "note  cases are called by their place, in the order of their names" in answer.err
    assert "smith" not in answer.err + answer.out
    kept = ask(*command, tmp_path / "kept", "--keep-names")
    assert [Path(file).name for file in kept.document["files"]] == ["doe_seg.nii.gz", "smith_seg.nii.gz"]
    assert "by their place" not in kept.err
    masks = [stored(tmp_path / "out" / f"case-00{place}_seg.nii.gz") for place in (1, 2)]
    assert (masks[0] != masks[1]).any()
    assert np.array_equal(masks, [stored(tmp_path / "kept" / f"{name}_seg.nii.gz") for name in ("doe", "smith")])


def test_a_mask_that_lacks_colours_of_its_scheme_is_not_scored_by_guessing(ask: Ask, tmp_path: Path) -> None:
    """Of red and blue alone, nothing says that red is the third label and not the second."""
    scheme = tmp_path / "three.yaml"
    scheme.write_text("labels: {1: blue, 2: green, 3: red}")
    pixels = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    pixels[2:9, 2:9] = (0, 0, 255)
    pixels[12:20, 2:9] = (255, 0, 0)
    Image.fromarray(pixels).save(tmp_path / "two.png")
    answer = ask("metrics", tmp_path / "two.png", tmp_path / "two.png", "--scheme", scheme)
    assert answer.code == 1
    assert "two.png: found 2 colour(s) where three has 3 labels, so this file alone does not say" in answer.err
    pixels[12:20, 20:29] = (0, 255, 0)
    Image.fromarray(pixels).save(tmp_path / "all.png")
    regions = ask("metrics", tmp_path / "all.png", tmp_path / "all.png", "--scheme", scheme, "--json").document[
        "regions"
    ]
    assert {name: scores["reference_voxels"] for name, scores in regions.items()} == {
        "blue": 49,
        "green": 72,
        "red": 56,
    }
