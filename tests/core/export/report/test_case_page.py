"""The report of one case: its sentences, its pictures where the mask is largest, its provenance; and nothing else."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
from PIL import Image

from core.export import SegmentedCase
from core.export.report import case_page
from core.export.report.key_images import key_images
from core.measuring import measure
from core.volume import Grid
from tests.core.export.segmented import FIRST, changed, provenance, segmented

PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")


class Words(HTMLParser):
    """Collects what a reader sees."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.outside: list[str] = []

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href") and value and not value.startswith("data:"):
                self.outside.append(value)


def plain() -> SegmentedCase:
    """A case with one modality: pictures cost most of a page."""
    case = segmented()
    return changed(case, images={"t2f": case.images["t2f"]})


def words(case: SegmentedCase) -> str:
    reader = Words()
    reader.feed(case_page(case))
    assert reader.outside == []
    return " ".join(" ".join(reader.said).split())


def test_it_says_each_region_in_the_sentence_to_copy() -> None:
    case = plain()
    said = words(case)
    assert case.measurements is not None
    for region in case.regions:
        assert f"{case.measurements.sentence(region)}." in said
    assert "For research; not for diagnosis." in said
    assert FIRST in said
    assert "narrow" in said
    assert "torch 2.15.0" in said
    assert "from T1, T1c, T2 and FLAIR." in said
    assert "t2f" not in said, "a name of files"
    assert "case-001" in said


def test_pictures_are_cut_where_the_mask_is_largest_in_three_planes_of_every_modality() -> None:
    """The blob's middle, counted here from the labels alone."""
    case = segmented()
    found = key_images(case)
    assert [[panel.title for panel in row] for row in found.rows] == [["T1", "T1c", "T2", "FLAIR"]] * 3
    areas = [(case.bits != 0).sum(axis=axes) for axes in ((0, 1), (0, 2), (1, 2))]
    assert found.cuts == tuple(
        (plane, int(area.argmax()) + 1, len(area))
        for plane, area in zip(("axial", "coronal", "sagittal"), areas, strict=True)
    )


def test_of_one_modality_the_three_planes_stand_side_by_side() -> None:
    case = segmented()
    one = changed(case, images={"ct": case.images["t1c"]})
    assert [[panel.title for panel in row] for row in key_images(one).rows] == [["Axial", "Coronal", "Sagittal"]]


def test_the_patients_right_is_on_the_left_and_the_bright_rim_is_there() -> None:
    """A cross of light at the patient's right shows in the left half of the picture."""
    case = segmented()
    image = np.where(case.images["t1c"] > 0, 50, 0).astype(np.float32)
    image[20:23, 11:13, :] = 1000  # x runs to the right
    shown = changed(case, images={"t1c": image, "t2f": image})
    drawn = key_images(shown).rows[0][0].drawing
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(PNG.findall(drawn)[0]))), float)
    rows, columns = np.nonzero(picture > 0.9 * picture.max())
    assert rows.size
    assert columns.max() < picture.shape[1] / 2


def test_each_region_is_outlined_in_its_colour() -> None:
    drawn = key_images(segmented()).rows[0][0].drawing
    assert [colour in drawn for colour in ("#56b4e9", "#e69f00", "#f0e442")] == [True] * 3


def test_an_empty_mask_is_pictured_in_the_middle_and_said_to_be_empty() -> None:
    case = segmented(labels=np.zeros((26, 24, 16), np.uint8))
    case = changed(case, images=plain().images)
    assert key_images(case).cuts == (("axial", 9, 16), ("coronal", 13, 24), ("sagittal", 14, 26))
    said = words(case)
    assert "in the middle, for the mask is empty" in said
    assert "Whole tumour: none." in said


def test_a_picture_without_voxel_sizes_stands_as_it_is_stored() -> None:
    bits = np.zeros((6, 5, 1), np.uint8)
    bits[2:4, 1:3, 0] = 1
    image = np.arange(30, dtype=np.float32).reshape(6, 5, 1)
    stored = changed(
        segmented(), grid=Grid((6, 5, 1)), bits=bits, images={"t2f": image}, prediction=None, measurements=None
    )
    said = words(stored)
    assert "no voxel sizes" in said
    assert len(key_images(stored).rows) == 1
    assert "axial" not in said


def test_a_stack_without_voxel_sizes_counts_voxels_columns_rows_and_slices() -> None:
    """A block of 2 x 3 x 2 voxels from (column 3, row 2, slice 2): counted from 1, its centre is (4.5, 4, 3.5).

    Its outline on a slice has the corners (1, 1) and (0.5, 1.5) from its middle, and their mirror images: the longest
    line is the root of 10, and at 90 degrees to it the outline is 2 times the root of 1 + 1/9 wide.
    """
    bits = np.zeros((8, 9, 5), np.uint8)
    bits[3:5, 2:5, 2:4] = 7
    image = np.ones(bits.shape, np.float32)
    case = segmented()
    measured = measure(bits, case.regions, case.titles, None, None)
    stack = changed(
        case, grid=Grid((8, 9, 5)), bits=bits, images={"t2f": image}, prediction=None, measurements=measured
    )
    said = words(stack)
    assert "Region Voxels Longest (voxels) Across (voxels) Slice WT whole tumour 12 3.2 2.1 3" in said
    assert "Lesion Voxels Column Row Slice 1 12 4.5 4.0 3.5" in said
    assert "slice 3 of 5" in said
    assert "pixels" not in said
    assert "(mm)" not in said


def test_what_a_user_named_is_escaped() -> None:
    case = changed(plain(), provenance=provenance(titles=("<script>alert(1)</script>",)))
    assert "<script>" not in case_page(case)
    assert "alert(1)" in words(case)


def test_the_same_case_gives_the_same_page() -> None:
    assert case_page(plain()) == case_page(plain())


def test_without_images_and_measurements_the_page_is_provenance() -> None:
    said = words(changed(segmented(), images={}, measurements=None))
    assert "Key images" not in said
    assert "Measurements" not in said
    assert FIRST in said
