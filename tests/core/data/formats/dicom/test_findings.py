"""Every way in which slices fail to make a volume is planted once, and named with its numbers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import generate_uid

from core.data.formats.dicom import DICOM
from core.data.refusal import Finding, InputRefusedError
from tests.core.data.formats.dicom.series_files import (
    Change,
    as_ct,
    enhanced,
    numbers,
    save,
    set_all,
    write_series,
)


def refused(files: tuple[Path, ...]) -> Finding:
    with pytest.raises(InputRefusedError) as error:
        DICOM.read(files)
    (finding,) = error.value.findings
    assert finding.severity == "error"
    assert (finding.case, finding.file) == ("", "")
    return finding


def noted(files: tuple[Path, ...]) -> Finding:
    (finding,) = DICOM.read(files).findings
    assert finding.severity != "error"
    return finding


def test_a_clean_series_has_nothing_to_say(tmp_path: Path) -> None:
    assert DICOM.read(write_series(tmp_path)).findings == ()


def test_a_missing_slice_is_counted(tmp_path: Path) -> None:
    files = write_series(tmp_path, numbers((7, 4, 4)))
    finding = refused((*files[:3], *files[5:]))
    assert finding.code == "missing_slices"
    assert finding.found == "2 of 7 slices missing, the first gap of 6.00 mm after slice 3, where steps are 2.00 mm"


def shifted(places: list[tuple[float, float, float]]) -> Change:
    def change(data: Dataset, index: int) -> None:
        data.ImagePositionPatient = list(places[index])

    return change


def test_uneven_steps_are_refused(tmp_path: Path) -> None:
    finding = refused(write_series(tmp_path, change=shifted([(0, 0, 0), (0, 0, 2), (0, 0, 4), (0, 0, 7)])))
    assert finding.code == "uneven_spacing"
    # places 0 2 4 7 against 0 2.33 4.67 7
    assert finding.found == "steps of 2.00 to 3.00 mm, slices up to 0.67 mm off an even spacing"


def test_nearly_even_steps_are_read_with_a_warning(tmp_path: Path) -> None:
    finding = noted(write_series(tmp_path, change=shifted([(0, 0, 0), (0, 0, 2.03), (0, 0, 4), (0, 0, 6)])))
    assert (finding.severity, finding.code) == ("warning", "uneven_spacing")
    assert "0.03 mm off" in finding.found


def test_a_tilted_gantry_is_measured(tmp_path: Path) -> None:
    finding = refused(write_series(tmp_path, step=(0, 0.35265, 2)))  # atan(0.35265 / 2) = 10 degrees
    assert finding.code == "gantry_tilt"
    assert "10.0 degrees" in finding.found


def test_a_tilt_that_no_picture_shows_is_kept_in_the_affine(tmp_path: Path) -> None:
    image = DICOM.read(write_series(tmp_path, step=(0, 0.01396, 2)))  # 0.4 degrees
    assert [(finding.severity, finding.code) for finding in image.findings] == [("warning", "gantry_tilt")]
    assert image.grid.affine is not None
    np.testing.assert_allclose(image.grid.affine[:3, 2], [0, -0.01396, 2])


def test_a_recorded_tilt_that_positions_do_not_show_is_a_warning(tmp_path: Path) -> None:
    finding = noted(write_series(tmp_path, change=set_all(GantryDetectorTilt=12)))
    assert (finding.code, "12.0 degrees" in finding.found) == ("gantry_tilt", True)


def test_two_slices_are_too_few(tmp_path: Path) -> None:
    finding = refused(write_series(tmp_path, numbers((2, 4, 4))))
    assert (finding.code, finding.found) == ("too_few_slices", "2 slices")


def test_slices_of_one_position_are_no_volume(tmp_path: Path) -> None:
    finding = refused(write_series(tmp_path, step=(0, 0, 0)))
    assert (finding.code, finding.found) == ("one_position", "4 slices at one position")


def test_a_position_that_is_taken_twice_is_refused(tmp_path: Path) -> None:
    finding = refused(write_series(tmp_path, change=shifted([(0, 0, 0), (0, 0, 2), (0, 0, 4), (0, 0, 4)])))
    assert finding.code == "duplicate_positions"
    assert finding.found == "1 of 3 positions taken by 2 slices, others by 1"


def test_repeats_that_nothing_tells_apart_are_refused(tmp_path: Path) -> None:
    def twice(data: Dataset, index: int) -> None:
        data.ImagePositionPatient = [0, 0, 2 * (index % 3)]
        data.InstanceNumber = 1

    finding = refused(write_series(tmp_path, numbers((6, 4, 4)), change=twice))
    assert finding.code == "duplicate_positions"


def test_a_file_that_is_there_twice_is_left_out(tmp_path: Path) -> None:
    files = write_series(tmp_path)
    copy = tmp_path / "copy.dcm"
    copy.write_bytes(files[1].read_bytes())
    assert noted((*files, copy)).code == "copied_slices"
    assert np.array_equal(DICOM.read((*files, copy)).stored, DICOM.read(files).stored)


@pytest.mark.parametrize(
    ("keyword", "values", "named"),
    [
        ("EchoTime", (10, 90), "echo time 10, 90"),
        ("TriggerTime", (0, 500), "trigger time 0, 500"),
        ("DiffusionBValue", (0, 1000), "b-value 0, 1000"),
        ("TemporalPositionIdentifier", (1, 2), "time point 1, 2"),
    ],
)
def test_echoes_phases_b_values_and_times_become_channels(
    tmp_path: Path, keyword: str, values: tuple[float, float], named: str
) -> None:
    def repeated(data: Dataset, index: int) -> None:
        data.ImagePositionPatient = [0, 0, 2 * (index % 3)]
        setattr(data, keyword, values[index // 3])

    files = write_series(tmp_path, numbers((6, 4, 4)), change=repeated)
    image = DICOM.read(files[::-1])
    assert image.stored.shape == (2, 4, 4, 3)
    assert np.array_equal(image.stored[1].transpose(2, 1, 0), numbers((6, 4, 4))[3:])
    (finding,) = image.findings
    assert finding.code == "several_images"
    assert finding.found == f"2 slices at each of 3 positions, told apart by {named}"


def test_two_series_are_not_mixed(tmp_path: Path) -> None:
    finding = refused((*write_series(tmp_path / "a"), *write_series(tmp_path / "b")))
    assert (finding.code, finding.found) == ("mixed_series", "2 series (4, 4 slices)")


def turned(last: int, marked: bool) -> Change:
    """Turn the last slices sagittal."""

    def change(data: Dataset, index: int) -> None:
        if index >= 10 - last:
            data.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
            data.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER" if marked else "M"]

    return change


def test_mixed_orientations_are_refused(tmp_path: Path) -> None:
    finding = refused(write_series(tmp_path, numbers((10, 4, 4)), change=turned(4, marked=False)))
    assert (finding.code, finding.found) == ("mixed_orientations", "slices in 2 orientations (6, 4)")


@pytest.mark.parametrize(("count", "marked"), [(1, False), (3, True)])
def test_localizers_inside_a_series_are_left_out(tmp_path: Path, count: int, marked: bool) -> None:
    files = write_series(tmp_path, numbers((10, 4, 4)), change=turned(count, marked))
    assert noted(files).code == "localizer"
    assert DICOM.read(files).stored.shape == (1, 4, 4, 10 - count)


def test_mixed_sizes_are_refused(tmp_path: Path) -> None:
    def smaller(data: Dataset, index: int) -> None:
        if index == 2:
            data.Rows, data.PixelData = 4, data.PixelData[:48]

    finding = refused(write_series(tmp_path, change=smaller))
    assert (finding.code, finding.found) == ("mixed_sizes", "slices of several sizes: 1 of 4 x 6, 3 of 5 x 6")


def one_slice(keyword: str, value: object) -> Change:
    def change(data: Dataset, index: int) -> None:
        if index == 1:
            setattr(data, keyword, value)

    return change


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("mixed_spacing", one_slice("PixelSpacing", [2, 2])),
        ("mixed_storage", one_slice("PixelRepresentation", 0)),
        ("missing_pixel_spacing", one_slice("PixelSpacing", None)),
        ("missing_position", one_slice("ImagePositionPatient", None)),
        ("not_an_image", one_slice("Modality", "RTSTRUCT")),
        ("not_an_image", one_slice("SOPClassUID", "1.2.840.10008.5.1.4.1.1.66.4")),
        ("not_an_image", one_slice("SOPClassUID", "1.2.840.10008.5.1.4.1.1.104.1")),
        ("colour_image", set_all(PhotometricInterpretation="RGB", SamplesPerPixel=3)),
        ("colour_image", set_all(PhotometricInterpretation="PALETTE COLOR")),
        ("pixel_type", set_all(BitsStored=17)),
        ("value_table", set_all(ModalityLUTSequence=Items([Dataset()]))),
    ],
)
def test_what_is_no_grey_volume_is_refused(tmp_path: Path, code: str, change: Change) -> None:
    assert refused(write_series(tmp_path, change=change)).code == code


@pytest.mark.parametrize(
    "change",
    [set_all(BurnedInAnnotation="YES"), set_all(SOPClassUID="1.2.840.10008.5.1.4.1.1.7")],
    ids=["said", "secondary capture"],
)
def test_text_in_the_pixels_is_a_warning(tmp_path: Path, change: Change) -> None:
    finding = noted(write_series(tmp_path, change=change))
    assert (finding.severity, finding.code) == ("warning", "burned_in_text")


def test_inverted_greys_are_turned_round(tmp_path: Path) -> None:
    files = write_series(
        tmp_path,
        numbers(dtype="u2"),
        change=set_all(PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11),
    )
    assert noted(files).code == "inverted"
    assert np.array_equal(DICOM.read(files).stored[0].transpose(2, 1, 0), 4095 - numbers())


def test_padding_becomes_the_lowest_value_that_was_measured(tmp_path: Path) -> None:
    voxels = numbers() + 50
    voxels[:, 0] = -2000

    def padded(data: Dataset, index: int) -> None:
        as_ct(data, index)
        data.add_new(0x00280120, "US", 65536 - 2000)  # written as unsigned, as some scanners do

    files = write_series(tmp_path, voxels, change=padded)
    finding = noted(files)
    assert (finding.code, finding.found) == ("padding", "20.0% of the pixels marked as padding")
    stored = DICOM.read(files).stored
    assert stored.min() == 56  # the first of the second row
    assert (stored[0, :, 0] == 56).all()


def test_a_padding_of_zero_is_background_already(tmp_path: Path) -> None:
    files = write_series(tmp_path, change=set_all(PixelPaddingValue=0))
    assert DICOM.read(files).findings == ()


def test_one_scaling_stays_beside_the_stored_numbers(tmp_path: Path) -> None:
    image = DICOM.read(write_series(tmp_path, change=set_all(RescaleSlope=2.5, RescaleIntercept=-1024)))
    assert (image.slope, image.intercept, image.stored.dtype) == ((2.5,), (-1024.0,), np.dtype("i2"))
    assert image.findings == ()


def test_a_scaling_of_each_slice_gives_real_values(tmp_path: Path) -> None:
    def scaled(data: Dataset, index: int) -> None:
        data.RescaleSlope, data.RescaleIntercept = index + 0.5, -index

    files = write_series(tmp_path, change=scaled)
    assert noted(files).code == "scaled_by_slice"
    image = DICOM.read(files)
    by_hand = numbers() * np.array([0.5, 1.5, 2.5, 3.5])[:, None, None] - np.arange(4)[:, None, None]
    assert image.stored.dtype == np.float32
    np.testing.assert_allclose(image.values(0).transpose(2, 1, 0), by_hand, rtol=1e-6)


def test_an_enhanced_image_is_sorted_by_the_place_of_its_frames(tmp_path: Path) -> None:
    voxels = numbers()
    image = DICOM.read((save(enhanced(voxels), tmp_path / "e.dcm"),))
    assert np.array_equal(image.stored[0].transpose(2, 1, 0), voxels[::-1])
    assert image.grid.affine is not None
    assert image.grid.affine.tolist() == [[-4, 0, 0, 0], [0, -3, 0, 0], [0, 0, 2, -6], [0, 0, 0, 1]]
    assert image.uids["FrameNumber"] == ("4", "3", "2", "1")
    assert image.findings == ()


def test_frames_that_scale_differently_give_real_values(tmp_path: Path) -> None:
    image = DICOM.read((save(enhanced(numbers(), slopes=[1, 2, 3, 4]), tmp_path / "e.dcm"),))
    assert [finding.code for finding in image.findings] == ["scaled_by_slice"]
    np.testing.assert_allclose(image.values(0)[:, :, 0].T, numbers()[3] * 4.0)


def test_a_film_without_positions_is_refused(tmp_path: Path) -> None:
    data = enhanced(numbers())
    del data.PerFrameFunctionalGroupsSequence, data.SharedFunctionalGroupsSequence
    finding = refused((save(data, tmp_path / "film.dcm"),))
    assert finding.code == "missing_position"
    assert finding.found == "4 of 4 frames of one file without a position or orientation"


def test_findings_hold_numbers_and_no_identifier(tmp_path: Path) -> None:
    finding = refused((*write_series(tmp_path / "CANARY"), *write_series(tmp_path / "b")))
    assert "CANARY" not in finding.sentence
    assert "1.2.826" not in finding.sentence  # how pydicom's own identifiers begin
    assert generate_uid().startswith("1.2.826")


def test_every_code_is_planted_by_one_of_these_tests() -> None:
    """A guard for whoever adds a refusal: it needs a series that shows it."""
    written = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    package = Path(DICOM.read.__code__.co_filename).parent
    said = "".join(file.read_text() for file in package.glob("*.py"))
    codes = set(re.findall(r'(?:refusal|warning|note)\(\s*"(\w+)"', said))
    assert len(codes) > 20
    assert codes <= set(re.findall(r'"(\w+)"', written))
