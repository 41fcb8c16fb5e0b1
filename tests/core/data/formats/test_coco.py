"""COCO annotations become the pixels that somebody drew, or are refused with what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.case import Source
from core.data import limits
from core.data.formats import coco_json
from core.data.formats.coco import COCO, is_rectangle, run_lengths
from core.data.formats.coco_json import coco_file
from core.data.image import StoredImage
from core.data.refusal import Finding, InputRefusedError
from core.volume import Grid

Annotation = dict[str, Any]
TUMOUR = [{"id": 1, "name": "tumour"}]
SQUARE = [[1, 1, 4, 1, 4, 3, 1, 3]]


def annotation(segmentation: Any, category_id: int = 1, image_id: int = 7, **more: Any) -> Annotation:
    return {"image_id": image_id, "category_id": category_id, "segmentation": segmentation, "iscrowd": 0, **more}


def write(folder: Path, *annotations: Annotation, **changes: Any) -> Path:
    """Write an annotation file about one image of 6 columns and 5 rows, id 7."""
    numbered = [{"id": number, **entry} for number, entry in enumerate(annotations)]
    image = {"id": 7, "file_name": "slice.png", "width": 6, "height": 5}
    document = {"images": [image], "annotations": numbered, "categories": TUMOUR, **changes}
    path = folder / "_annotations.coco.json"
    path.write_text(json.dumps(document))
    return path


def read(path: Path, onto: Grid | None = None, image_id: int = 7) -> StoredImage:
    return COCO.read_mask(Source((path,), "coco", image_id), onto)


def rows(image: StoredImage) -> list[str]:
    """Return the mask as it is seen: one text per row, one digit per column."""
    return ["".join(map(str, row)) for row in image.stored[0, :, :, 0].T]


def refusal(path: Path, **how: Any) -> Finding:
    with pytest.raises(InputRefusedError) as error:
        read(path, **how)
    (finding,) = error.value.findings
    return finding


@pytest.mark.parametrize(
    ("segmentation", "expected"),
    [
        # pixels 1-3 across and 1-2 down have their centres inside
        (SQUARE, ["000000", "011100", "011100", "000000", "000000"]),
        # below the diagonal from (4, 0) to (0, 4): centres with x + y < 4
        ([[0, 0, 4, 0, 0, 4]], ["111000", "110000", "100000", "000000", "000000"]),
        # an L
        ([[0, 0, 4, 0, 4, 2, 2, 2, 2, 4, 0, 4]], ["111100", "111100", "110000", "110000", "000000"]),
        # two parts of one object, the second without its closing point
        (
            [[0, 0, 2, 0, 2, 1, 0, 1, 0, 0], [4, 3, 6, 3, 6, 5, 4, 5]],
            ["110000", "000000", "000000", "000011", "000011"],
        ),
        # one polygon without the list around it
        ([1, 1, 4, 1, 4, 3, 1, 3], ["000000", "011100", "011100", "000000", "000000"]),
    ],
    ids=["square", "triangle", "L", "two parts", "flat list"],
)
def test_a_hand_drawn_polygon(tmp_path: Path, segmentation: Any, expected: list[str]) -> None:
    image = read(write(tmp_path, annotation(segmentation)))
    assert rows(image) == expected
    assert image.stored.shape == (1, 6, 5, 1)
    assert image.stored.dtype == np.uint8
    assert image.findings == ()
    assert image.grid.affine is None


def test_run_lengths_go_down_the_columns_background_first(tmp_path: Path) -> None:
    # 6 of background = all of column 0 and the top of column 1; then 2; then to the end
    runs = {"size": [5, 6], "counts": [6, 2, 22]}
    expected = ["000000", "010000", "010000", "000000", "000000"]
    assert rows(read(write(tmp_path, annotation(runs)))) == expected
    # 6 is "6", 2 is "2", 22 is 10110: low five bits 10110 with "more" set -> 48 + 22 + 32 = "f", then "0"
    packed = {"size": [5, 6], "counts": "62f0"}
    assert rows(read(write(tmp_path, annotation(packed)))) == expected


def test_packed_run_lengths_are_those_of_pycocotools() -> None:
    from pycocotools import mask as coco_mask  # type: ignore[import-untyped]  # shipped without types

    rng = np.random.default_rng(3)
    for share in (0.0, 0.02, 0.5, 1.0):
        mask = np.asfortranarray(rng.random((90, 70)) < share).astype(np.uint8, order="F")
        packed = coco_mask.encode(mask)
        runs = run_lengths({"size": [90, 70], "counts": packed["counts"].decode()}, 90, 70)
        rebuilt = np.repeat(np.arange(len(runs)) % 2, runs).reshape(90, 70, order="F")
        assert np.array_equal(rebuilt, mask)


def test_a_crowd_is_drawn_and_noted(tmp_path: Path) -> None:
    runs = {"size": [5, 6], "counts": [6, 2, 22]}
    image = read(write(tmp_path, annotation(runs, iscrowd=1)))
    assert image.stored.sum() == 2
    assert [(finding.severity, finding.code) for finding in image.findings] == [("note", "crowd")]


def test_categories_become_labels_in_the_order_of_their_ids(tmp_path: Path) -> None:
    categories = [{"id": 9, "name": "cyst"}, {"id": 4, "name": "stone"}, {"id": 5, "name": "tumour"}]
    apart = [annotation([[0, 0, 1, 0, 1, 5, 0, 5]], 9), annotation([[5, 0, 6, 0, 6, 5, 5, 5]], 4)]
    image = read(write(tmp_path, *apart, categories=categories))
    assert rows(image) == ["300001"] * 5
    assert image.findings == ()


def test_where_categories_overlap_the_higher_one_is_kept_and_that_is_said(tmp_path: Path) -> None:
    categories = [{"id": 1, "name": "oedema"}, {"id": 2, "name": "core"}]
    drawn = [annotation([[2, 0, 4, 0, 4, 2, 2, 2]], 2), annotation([[0, 0, 6, 0, 6, 5, 0, 5]], 1)]
    image = read(write(tmp_path, *drawn, categories=categories))
    assert rows(image) == ["112211", "112211", "111111", "111111", "111111"]
    (finding,) = image.findings
    assert (finding.severity, finding.code) == ("warning", "overlapping_categories")
    assert finding.found.startswith("4 pixels")


def test_a_heading_without_annotations_is_no_category(tmp_path: Path) -> None:
    categories = [
        {"id": 0, "name": "Tumor", "supercategory": "none"},
        {"id": 1, "name": "Tumor", "supercategory": "Tumor"},
    ]
    path = write(tmp_path, annotation(SQUARE), categories=categories)
    assert coco_file(path).names == ("Tumor",)
    assert read(path).stored.max() == 1


def test_an_image_without_annotations_has_an_empty_mask(tmp_path: Path) -> None:
    image = read(write(tmp_path))
    assert image.stored.shape == (1, 6, 5, 1)
    assert not image.stored.any()


def test_a_byte_order_mark_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, annotation(SQUARE))
    plain = read(path).stored
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert path.read_bytes().startswith(b"\xef\xbb\xbf{")
    assert np.array_equal(read(path).stored, plain)


def test_an_outline_that_leaves_the_image_is_cut_off_with_a_warning(tmp_path: Path) -> None:
    image = read(write(tmp_path, annotation([[4, 3, 9, 3, 9, 8, 4, 8]])))
    assert rows(image) == ["000000", "000000", "000000", "000011", "000011"]
    (finding,) = image.findings
    assert (finding.severity, finding.code) == ("warning", "out_of_bounds")
    assert finding.found == "1 outline(s) reaching up to 3.0 pixels outside the image"


def test_a_point_on_the_very_edge_is_not_outside(tmp_path: Path) -> None:
    image = read(write(tmp_path, annotation([[-0.2, 0, 6.4, 0, 6.4, 5, -0.2, 5]])))
    assert rows(image) == ["111111"] * 5
    assert image.findings == ()


def test_a_line_encloses_nothing_and_is_left_out_with_a_warning(tmp_path: Path) -> None:
    # four numbers: pycocotools alone would take them for a box
    image = read(write(tmp_path, annotation([[0, 0, 3, 3]])))
    assert not image.stored.any()
    assert [finding.code for finding in image.findings] == ["degenerate_outline"]


@pytest.mark.parametrize("far", [1e5, 1e9, 1e300, 10**400], ids=["1e5", "1e9", "1e300", "10**400"])
def test_a_point_far_outside_is_refused_before_memory_is_asked_for(tmp_path: Path, far: float) -> None:
    finding = refusal(write(tmp_path, annotation([[0, 0, far, 0, 0, 4]])))
    assert finding.code in {"out_of_bounds", "coco_polygon"}


@pytest.mark.parametrize(
    "segmentation",
    [
        [[1, 1, 4, 1, 4]],
        [[1, 1, None, 1, 4, 3]],
        [["1", "1", "4", "1", "4", "3"]],
        "1,1,4,1,4,3",
        [{}],
        [[float("nan")] * 6],
    ],
    ids=["odd", "null", "text", "one text", "objects", "NaN"],
)
def test_what_is_not_coordinate_pairs_is_refused(tmp_path: Path, segmentation: Any) -> None:
    assert refusal(write(tmp_path, annotation(segmentation))).code == "coco_polygon"


def test_an_endless_outline_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zigzag = [[0, 0, 6, 5] * 20]
    path = write(tmp_path, annotation(zigzag))
    assert read(path).stored.shape == (1, 6, 5, 1)
    monkeypatch.setattr(limits, "MAX_OUTLINE_STEPS", 1000)  # 40 edges of 6 pixels, in fifths: 1,200
    assert refusal(path).code == "coco_polygon"


@pytest.mark.parametrize(
    ("size", "counts"),
    [
        ([5, 6], [6, 2]),
        ([5, 6], [6, 2, 23]),
        ([5, 6], [6, 2, -1, 23]),
        ([6, 5], [6, 2, 22]),
        ([5, 6], [6, 2, 2**32 + 22]),
        ([5, 6], "62f"),
        ([5, 6], "62\x01"),
        ([5, 6], "o" * 200),
        ([5, 6], None),
        (None, [30]),
    ],
)
def test_run_lengths_that_do_not_fill_the_image_are_refused(tmp_path: Path, size: Any, counts: Any) -> None:
    assert refusal(write(tmp_path, annotation({"size": size, "counts": counts}))).code == "coco_runs"


def test_a_box_without_an_outline_is_refused(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, annotation([], bbox=[1, 1, 2, 2]))).code == "boxes_only"


def test_an_image_of_another_size_is_refused_with_both_sizes(tmp_path: Path) -> None:
    path = write(tmp_path, annotation(SQUARE))
    assert read(path, onto=Grid((6, 5, 1))).findings == ()
    finding = refusal(path, onto=Grid((5, 6, 1)))
    assert finding.code == "coco_size"
    assert finding.found == "an image of 5 × 6"
    assert finding.expected == "6 × 5 as the annotations say"


def test_a_size_that_is_not_stated_is_the_image_s(tmp_path: Path) -> None:
    path = write(tmp_path, annotation(SQUARE), images=[{"id": 7, "file_name": "slice.png"}])
    assert rows(read(path, onto=Grid((6, 5, 1))))[1] == "011100"
    assert refusal(path).code == "coco_size"


def test_an_id_that_two_images_share_is_refused_and_the_others_stay(tmp_path: Path) -> None:
    images = [{"id": 7, "file_name": name, "width": 6, "height": 5} for name in ("a.png", "b.png")]
    other = {"id": 8, "file_name": "c.png", "width": 6, "height": 5}
    path = write(tmp_path, annotation(SQUARE, image_id=8), images=[*images, other])
    assert [(f.severity, f.code) for f in coco_file(path).findings] == [("error", "duplicate_image_id")]
    assert refusal(path).code == "coco_image_id"
    assert read(path, image_id=8).stored.sum() == 6


def test_annotation_ids_used_twice_and_annotations_of_nothing_are_warned_of(tmp_path: Path) -> None:
    drawn = [annotation(SQUARE, id=1), annotation([[0, 0, 1, 0, 1, 1, 0, 1]], id=1), annotation(SQUARE, image_id=99)]
    path = write(tmp_path, *drawn)
    codes = [(finding.severity, finding.code) for finding in coco_file(path).findings]
    assert codes == [("warning", "orphan_annotations"), ("warning", "duplicate_annotation_id")]
    assert read(path).stored.sum() == 6 + 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"images": None}, "coco_json"),
        ({"images": [1]}, "coco_json"),
        ({"images": [{"id": "x", "file_name": "a.png"}]}, "coco_json"),
        ({"images": [{"id": 1, "file_name": "a\0.png"}]}, "coco_json"),
        ({"images": [{"id": 1, "file_name": "a.png", "width": 10**9, "height": 1}]}, "coco_json"),
        ({"categories": [{"id": 2, "name": "other"}]}, "unknown_category"),
        ({"categories": [*TUMOUR, *TUMOUR]}, "duplicate_category"),
        ({"categories": [{"id": number, "name": ""} for number in range(300)]}, "coco_categories"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path: Path, changes: dict[str, Any], code: str) -> None:
    path = write(tmp_path, annotation(SQUARE), **changes)
    with pytest.raises(InputRefusedError) as error:
        coco_file(path)
    assert [finding.code for finding in error.value.findings] == [code]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe\x00", b"[" * 100_000, b'{"images": ' + b"9" * 5000])
def test_what_is_no_json_of_this_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(InputRefusedError) as error:
        coco_file(path)
    assert [finding.code for finding in error.value.findings] == ["coco_json"]


def test_a_file_over_the_limit_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, annotation(SQUARE))
    monkeypatch.setattr(limits, "MAX_COCO_BYTES", path.stat().st_size - 1)
    with pytest.raises(InputRefusedError, match="split the annotation file"):
        coco_file(path)


def test_a_file_is_parsed_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, annotation(SQUARE))
    first = coco_file(path)
    monkeypatch.setattr(coco_json, "_json", pytest.fail)
    assert coco_file(path) is first
    monkeypatch.undo()
    write(tmp_path)
    assert not read(path).stored.any()


@pytest.mark.parametrize(
    ("segmentation", "expected"),
    [
        (SQUARE, True),
        ([[435, 231.25, 323.75, 231.25, 323.75, 307.5, 435, 307.5, 435, 231.25]], True),
        ([[2, 0, 4, 2, 2, 4, 0, 2]], False),
        ([[0, 0, 4, 0, 4, 2, 2, 2, 2, 4, 0, 4]], False),
        ([*SQUARE, *SQUARE], False),
        ({"size": [5, 6], "counts": [6, 2, 3, 2, 17]}, True),
        ({"size": [5, 6], "counts": [6, 2, 4, 2, 16]}, False),
        ({"size": [5, 6], "counts": [5, 10, 15]}, True),
        ({"size": [5, 6], "counts": [30]}, False),
    ],
)
def test_a_rectangle_is_what_fills_its_box(segmentation: Any, expected: bool) -> None:
    assert is_rectangle(segmentation) is expected


def test_an_annotation_file_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(InputRefusedError, match="give the image's own file"):
        COCO.read((write(tmp_path),))
