"""COCO folders: one case per image, what is drawn on it as its reference, and sets that are not what they seem."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.case import SAFE_NAME
from core.data.formats.coco import read_mask
from core.data.layouts import read_layout
from core.data.layouts.coco import read_coco
from core.data.layouts.spec import Layout
from core.data.load import load_case
from core.data.refusal import Finding, InputRefusedError
from core.labels import scheme_named

TUMOUR = [{"id": 0, "name": "tumour", "supercategory": "none"}]
TRIANGLE = [[1, 1, 7, 1, 1, 7]]
SQUARE = [[1, 1, 4, 1, 4, 3, 1, 3]]
DOG, OTHER = "a" * 32, "b" * 32  # what an exporter puts behind a name


def write_set(folder: Path, drawn: dict[str, list[Any]], name: str = "_annotations.coco.json", **changes: Any) -> None:
    """Write images of 8 x 8 random pixels and a file that says what is drawn on each."""
    images, annotations = [], []
    for number, (file_name, segmentations) in enumerate(drawn.items()):
        images.append({"id": number, "file_name": file_name, "width": 8, "height": 8})
        annotations += [{"image_id": number, "category_id": 0, "segmentation": s} for s in segmentations]
        write_picture(folder / file_name)
    numbered = [{"id": number, **entry} for number, entry in enumerate(annotations)]
    document = {"images": images, "annotations": numbered, "categories": TUMOUR, **changes}
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(document))


def write_picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = sum(str(path).encode())
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (8, 8), np.uint8)).save(path)


def read(root: Path) -> Layout:
    layout = read_coco(root)
    assert layout is not None
    return layout


def codes(layout: Layout) -> list[tuple[str, str]]:
    return [(finding.severity, finding.code) for finding in layout.findings]


def refusals(root: Path) -> list[Finding]:
    with pytest.raises(InputRefusedError) as error:
        read_coco(root)
    return list(error.value.findings)


def test_one_case_per_image_and_an_empty_reference_where_nothing_is_drawn(tmp_path: Path) -> None:
    write_set(tmp_path, {"ill.png": [TRIANGLE], "well.png": []})
    layout = read(tmp_path)
    assert layout.findings == ()
    assert layout.scheme == "binary"
    assert "_annotations.coco.json lists 2 of the images here with 1 outlines of tumour" in layout.why
    ill, well = layout.cases
    assert (ill.case_id, ill.group_id, ill.group_kind) == ("ill", "ill", "source image")
    assert ill.sources["image"].format == "picture"
    loaded = [load_case(case, scheme_named("binary")).reference for case in (ill, well)]
    # the corner of 6 x 6 below the diagonal: 5 + 4 + 3 + 2 + 1 pixels whose centres lie inside
    assert [None if mask is None else int(mask.sum()) for mask in loaded] == [15, 0]
    assert loaded[0] is not None
    assert loaded[0].shape == (8, 8, 1)
    assert loaded[0][1, 1, 0] == 1
    assert loaded[0][6, 6, 0] == 0


def test_auto_takes_it_and_a_folder_of_other_json_is_left_to_others(tmp_path: Path) -> None:
    write_set(tmp_path / "set", {"one.png": [TRIANGLE]})
    assert read_layout(tmp_path / "set").name == "coco"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "dataset.json").write_text('{"images": 3, "labels": {}}')
    assert read_coco(tmp_path / "other") is None


def test_parts_are_merged_and_copies_of_one_source_stay_together(tmp_path: Path) -> None:
    write_set(tmp_path / "train", {f"y1_jpg.rf.{DOG}.png": [TRIANGLE], f"y1_jpg.rf.{OTHER}.png": [], "y2.png": []})
    write_set(tmp_path / "valid", {f"y1_png.rf.{DOG}.png": [TRIANGLE]})
    layout = read(tmp_path)
    assert ("warning", "augmented_copies") in codes(layout)
    groups = {case.case_id: case.group_id for case in layout.cases}
    assert len(groups) == 4
    assert sorted(groups.values()) == ["y1", "y1", "y1", "y2"]
    assert sorted(groups)[2:] == ["train-y2", "valid-y1"]
    assert all(case_id.startswith("train-y1-") for case_id in sorted(groups)[:2])
    assert {case.reference.file.parent.name for case in layout.cases if case.reference} == {"train", "valid"}


def test_ids_are_safe_short_and_unlike(tmp_path: Path) -> None:
    names = ["Ärztin Müller.png", "Ärztin Mäller.png", "x" * 200 + ".png", "пациент.png", "UP.png", "up.png"]
    write_set(tmp_path, {name: [TRIANGLE] for name in names})
    ids = [case.case_id for case in read(tmp_path).cases]
    assert len({case_id.lower() for case_id in ids}) == 6
    assert all(SAFE_NAME.fullmatch(case_id) and len(case_id) <= 80 for case_id in ids)


def test_images_in_a_folder_of_their_own_are_found(tmp_path: Path) -> None:
    write_set(tmp_path / "images", {"a.png": [TRIANGLE]}, name="../annotations/instances.json")
    (case,) = read(tmp_path).cases
    assert case.sources["image"].file == tmp_path / "images" / "a.png"


def test_a_path_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    write_picture(tmp_path / "private.png")
    listed = [
        {"id": number, "file_name": name}
        for number, name in enumerate(["../private.png", str(tmp_path / "private.png"), "..\\private.png"])
    ]
    write_set(tmp_path / "set", {}, images=listed)
    (finding,) = refusals(tmp_path / "set")
    assert (finding.code, finding.found) == ("missing_images", "3 of 3 listed images missing")


def test_missing_images_are_counted_and_the_others_stay(tmp_path: Path) -> None:
    write_set(tmp_path, {"a.png": [TRIANGLE], "b.png": [TRIANGLE], "c.png": []})
    (tmp_path / "b.png").unlink()
    layout = read(tmp_path)
    assert [case.case_id for case in layout.cases] == ["a", "c"]
    assert codes(layout) == [("error", "missing_images")]
    assert layout.findings[0].found == "1 of 3 listed images missing"
    assert layout.findings[0].file == "_annotations.coco.json"


def test_an_image_in_two_places_is_not_guessed(tmp_path: Path) -> None:
    write_set(tmp_path / "one", {"a.png": [TRIANGLE]}, name="../annotations.coco.json")
    write_set(tmp_path / "two", {"a.png": [], "b.png": [TRIANGLE]}, name="../annotations.coco.json")
    layout = read(tmp_path)
    assert [case.case_id for case in layout.cases] == ["b"]
    assert ("error", "ambiguous_images") in codes(layout)


def test_an_image_listed_twice_is_left_out(tmp_path: Path) -> None:
    write_set(tmp_path, {"a.png": [TRIANGLE], "b.png": [TRIANGLE]}, name="instances.json")
    write_set(tmp_path, {"a.png": [SQUARE]}, name="keypoints.json")
    layout = read(tmp_path)
    assert [case.case_id for case in layout.cases] == ["instances-b"]
    assert ("error", "duplicate_image") in codes(layout)


def test_rectangles_are_called_what_they_are(tmp_path: Path) -> None:
    write_set(tmp_path, {"a.png": [SQUARE], "b.png": [SQUARE, SQUARE]})
    assert codes(read(tmp_path)) == [("warning", "rectangles")]
    write_set(tmp_path, {"a.png": [SQUARE], "b.png": [SQUARE, TRIANGLE]})
    assert codes(read(tmp_path)) == []


def test_the_cap_that_the_sentence_names_is_that_of_an_ellipse_in_its_box(tmp_path: Path) -> None:
    from core.data.layouts.coco_findings import ELLIPSE_IN_BOX

    x, y = np.meshgrid(np.linspace(-1, 1, 2001), np.linspace(-1, 1, 2001))
    inside = x**2 + y**2 <= 1
    assert 2 * inside.sum() / (inside.sum() + inside.size) == pytest.approx(ELLIPSE_IN_BOX, abs=0.005)


def test_boxes_are_no_segmentation_set(tmp_path: Path) -> None:
    write_set(tmp_path, {"a.png": [[]], "b.png": [[]]})
    (finding,) = refusals(tmp_path)
    assert finding.code == "boxes_only"
    assert "not a segmentation set" in finding.sentence


def test_an_image_with_a_box_among_outlines_is_left_out(tmp_path: Path) -> None:
    write_set(tmp_path, {"a.png": [TRIANGLE], "b.png": [TRIANGLE, []]})
    layout = read(tmp_path)
    assert [case.case_id for case in layout.cases] == ["a"]
    assert codes(layout) == [("error", "boxes_only")]


def test_a_set_on_which_nothing_is_drawn_is_warned_of(tmp_path: Path) -> None:
    write_set(tmp_path, {"a.png": [], "b.png": []})
    layout = read(tmp_path)
    assert len(layout.cases) == 2
    assert codes(layout) == [("warning", "no_annotations")]


def test_several_categories_ask_for_a_scheme_and_are_listed(tmp_path: Path) -> None:
    write_set(tmp_path, {"a.png": [TRIANGLE]}, categories=[*TUMOUR, {"id": 5, "name": "cyst"}])
    layout = read(tmp_path)
    assert layout.scheme is None
    assert codes(layout) == [("note", "categories")]
    assert layout.findings[0].found == "the categories 1 tumour, 2 cyst"


def test_parts_with_different_categories_are_refused(tmp_path: Path) -> None:
    write_set(tmp_path / "train", {"a.png": [TRIANGLE]})
    write_set(tmp_path / "test", {"b.png": [TRIANGLE]}, categories=[{"id": 0, "name": "cyst"}])
    (finding,) = refusals(tmp_path)
    assert (finding.code, finding.file) == ("categories_differ", "train/_annotations.coco.json")


def test_a_broken_annotation_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "_annotations.coco.json").write_text("{")
    (finding,) = refusals(tmp_path)
    assert (finding.code, finding.file) == ("coco_json", "_annotations.coco.json")


def test_images_in_colour_among_grey_ones_are_warned_of(tmp_path: Path) -> None:
    write_set(tmp_path, {"a.png": [TRIANGLE], "b.png": [TRIANGLE]})
    colours = np.random.default_rng(1).integers(0, 255, (8, 8, 3), np.uint8)
    Image.fromarray(colours).save(tmp_path / "b.png")
    layout = read(tmp_path)
    assert codes(layout) == [("warning", "mixed_colour")]
    assert [list(case.sources) for case in layout.cases] == [["image"], ["red", "green", "blue"]]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "images", "outlines"), [("polygons", 301, 185), ("polygons_cc0", 178, 233)])
def test_real_polygons(real_data: Path, name: str, images: int, outlines: int) -> None:
    layout = read(real_data / "coco" / name)
    assert len(layout.cases) == images
    assert f"{outlines} outlines" in layout.why
    assert layout.scheme == "binary"
    assert not {"rectangles", "missing_images"} & {finding.code for finding in layout.findings}
    drawn = 0
    for case in layout.cases:
        assert case.reference is not None
        drawn += bool(read_mask(case.reference, None).stored.any())
    listed = [json.loads(path.read_bytes()) for path in (real_data / "coco" / name).rglob("*.json")]
    assert drawn == sum(len({entry["image_id"] for entry in document["annotations"]}) for document in listed)


@pytest.mark.slow
def test_real_rectangles_are_called_rectangles(real_data: Path) -> None:
    layout = read(real_data / "coco" / "rectangles")
    assert len(layout.cases) == 215
    found = {finding.code: finding.found for finding in layout.findings}
    assert found["rectangles"] == "215 of 215 outlines that are upright rectangles"
    assert found["categories"] == "the categories 1 0, 2 1"


@pytest.mark.parametrize(
    ("name", "code", "found"),
    [
        ("rectangles_bom_json_only", "missing_images", "215 of 215 listed images missing"),
        ("boxes_only", "boxes_only", "112 of 112 annotations with a box and no outline (an empty segmentation)"),
    ],
)
def test_real_sets_that_are_refused(real_data: Path, name: str, code: str, found: str) -> None:
    (finding,) = refusals(real_data / "coco" / name)
    assert (finding.severity, finding.code, finding.found) == ("error", code, found)
