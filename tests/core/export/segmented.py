"""Segmented cases for the tests of exports: made up, or spheres in the patient of a real DICOM series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.case import Source
from core.data.formats.dicom.reader import read_dicom
from core.data.formats.grid import grid_from_affine
from core.export.dicom.series import DicomSeries, series_of_files, series_of_uids
from core.export.provenance import Provenance
from core.export.segmented_case import SegmentedCase
from core.inference.prediction import Prediction
from core.labels import SCHEMES, LabelScheme, Region
from core.measuring import measure
from core.volume import Box, Geometry, Grid
from tests.cases import AFFINES, SHAPE, channels, head, tumour_labels

BRATS = SCHEMES["brats-2023"]
FIRST, SECOND = "a1" * 32, "b2" * 32
UIDS = {
    "StudyInstanceUID": ("1.2.3",),
    "SeriesInstanceUID": ("1.2.3.4",),
    "FrameOfReferenceUID": ("1.2.3.5",),
    "SOPClassUID": ("1.2.840.10008.5.1.4.1.1.4",),
}
Bits = npt.NDArray[np.uint8]


def provenance(**changes: Any) -> Provenance:
    fields: dict[str, Any] = {
        "checkpoint_ids": (FIRST,),
        "titles": ("Narrow U-Net",),
        "recipes": ("narrow",),
        "target": "regions",
        "thresholds": {"WT": 128, "TC": 100, "ET": 128},
        "modalities": ("t1n", "t1c", "t2w", "t2f"),
        "options": {"tta": True},
        "versions": {"segscope": "0.1.0", "torch": "2.15.0", "numpy": "2.4.0"},
    }
    return Provenance(**(fields | changes))


def prediction_of(bits: Bits, regions: Sequence[str] = ("WT", "TC", "ET")) -> Prediction:
    """Probabilities in a box around a mask: high inside, low outside, no two voxels alike."""
    box = Box.around(bits != 0) or Box((0, 0, 0), (1, 1, 1))
    inside = np.stack([box.crop(bits) >> bit & 1 for bit in range(len(regions))])
    noise = np.random.default_rng(1).integers(0, 100, inside.shape)
    made = np.where(inside == 1, 255 - noise, noise).astype(np.uint8)
    x, y, z = bits.shape
    return Prediction(made, box, (x, y, z), tuple(regions), (128,) * len(regions), FIRST)


def segmented(
    affine: npt.NDArray[np.float64] | None = None, labels: npt.NDArray[np.uint8] | None = None, **changes: Any
) -> SegmentedCase:
    """A made-up BraTS-like case with everything but a DICOM series."""
    labels = tumour_labels(1) if labels is None else labels
    bits = BRATS.to_regions(labels)
    grid = grid_from_affine(labels.shape, AFFINES["RAS"] if affine is None else affine)
    assert grid.ras_shape == labels.shape, "give labels in RAS+ order and an affine that keeps it"
    titles = {region.name: region.title for region in BRATS.regions}
    fields: dict[str, Any] = {
        "case_id": "case-001",
        "bits": bits,
        "regions": BRATS.region_names,
        "scheme": BRATS,
        "grid": grid,
        "provenance": provenance(),
        "prediction": prediction_of(bits),
        "measurements": measure(bits, BRATS.region_names, titles, grid.geometry(), head()),
        "images": channels(1, labels) if labels.shape == SHAPE else {},
    }
    return SegmentedCase(**(fields | changes))


def on_series(case: SegmentedCase) -> SegmentedCase:
    """The same case with a made-up DICOM series on its grid, one object per slice."""
    return changed(case, dicom=made_series(case.grid))


def made_series(grid: Grid) -> DicomSeries:
    count = grid.shape[2]
    uids: Mapping[str, Sequence[str]] = UIDS | {
        "SOPInstanceUID": tuple(f"1.2.3.6.{k + 1}" for k in range(count)),
        "FrameNumber": ("1",) * count,
    }
    made = series_of_uids(uids, grid)
    assert made is not None
    return made


def changed(case: SegmentedCase, **changes: Any) -> SegmentedCase:
    from dataclasses import replace

    return replace(case, **changes)


def spheres(geometry: Geometry, shape: tuple[int, int, int], centre: Any, radii: Sequence[float]) -> Bits:
    """Bit r is set within radii[r] mm of a point of the patient, RAS+."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1)
    places = index @ geometry.affine[:3, :3].T + geometry.affine[:3, 3]
    apart = np.linalg.norm(places - centre, axis=-1)
    bits = np.zeros(shape, np.uint8)
    for bit, radius in enumerate(radii):
        bits |= (apart <= radius).astype(np.uint8) << bit
    return bits


def of_real_series(
    files: Sequence[Path], channel: int = 0
) -> tuple[SegmentedCase, npt.NDArray[np.float64], list[float]]:
    """Three spheres within each other, off the middle of a real series.

    Returns:
        The case, the spheres' centre in RAS+ mm, and their radii.
    """
    image = read_dicom(tuple(files))
    geometry = image.grid.geometry()
    assert geometry is not None
    shape = image.grid.ras_shape
    # 0.41 and so on: no voxel lies at exactly a radius, and no axis may be mistaken for its mirror image
    middle = geometry.affine[:3, :3] @ (np.array(shape) * (0.41, 0.57, 0.37)) + geometry.affine[:3, 3]
    # not the shortest side, which of three thick slices holds no ball
    reach = sorted(n * mm for n, mm in zip(shape, geometry.spacing_mm, strict=True))[1]
    radii = [reach * share for share in (0.3117, 0.2213, 0.1311)]
    bits = spheres(geometry, shape, middle, radii)
    assert (bits & 4).any()
    case = SegmentedCase(
        case_id="study-001",
        bits=bits,
        regions=BRATS.region_names,
        scheme=BRATS,
        grid=image.grid,
        provenance=provenance(),
        prediction=prediction_of(bits),
        dicom=series_of_files(Source(tuple(files), "dicom", channel)),
    )
    return case, middle, radii


def overlapping() -> LabelScheme:
    """Two regions that share a label and neither of which holds the other."""
    regions = (Region("A", "left part", (1, 2)), Region("B", "right part", (2, 3)))
    return LabelScheme("two", {1: "a", 2: "both", 3: "b"}, regions, (("A", 1), ("B", 3)))
