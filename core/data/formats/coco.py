"""COCO annotations as a mask: polygons and run lengths, rasterised by pycocotools.

Reference: the rule by which a polygon becomes pixels is pycocotools' own (`rleFrPoly`), so that scores
agree with those of everybody who uses it; run-length strings are those of its `rleToString`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.case import Source
from core.data import limits
from core.data.formats.coco_json import Annotation, coco_file, refused
from core.data.formats.spec import Files, FormatSpec
from core.data.image import StoredImage, plain_image
from core.data.refusal import Finding
from core.volume import Grid

Bits = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.uint8]
Polygon = Sequence[float]

OUTSIDE_PX = 0.5  # how far a point may lie outside without being called out of bounds
FILLED = 0.99  # of its bounding box: a polygon that covers so much is a rectangle
SUBPIXELS = 5  # pycocotools walks an outline in steps of a fifth of a pixel
FARTHEST = 1e6  # of any coordinate, so that arithmetic with it is safe
LEAST_NUMBERS = 6  # of a polygon: three points


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """One annotation as pixels: `mask` (rows, columns), how far its points lie outside, and its empty outlines."""

    mask: Bits
    outside_px: float
    degenerate: int


def read_mask(source: Source, onto: Grid | None) -> StoredImage:
    """Draw everything that is annotated on one image.

    Args:
        source: the annotation file; its channel is the image's id.
        onto: the image's grid; None takes the size that the file states.

    Returns:
        (1, columns, rows, 1) uint8 labels, 1 to n in the order of the category ids, all 0 for an image on which
        nothing is drawn. Where categories overlap the higher label lies on top.

    Raises:
        InputRefusedError: no such image, another size than the image has, or an outline that cannot be drawn.
    """
    document = coco_file(source.file)
    image = document.images.get(source.channel)
    if image is None:
        raise refused("coco_image_id", f"no image of id {source.channel}", "an image that the file lists", "check it")
    columns, rows = _size(image.size, onto)
    labels, findings = draw(document.annotations.get(source.channel, ()), document.labels, rows, columns)
    grid = onto or Grid((columns, rows, 1))
    return plain_image(labels.T[np.newaxis, :, :, np.newaxis], grid, tuple(findings))


def draw(
    annotations: Iterable[Annotation], label_of: Mapping[int, int], rows: int, columns: int
) -> tuple[Labels, list[Finding]]:
    """Paint annotations in the order of their labels.

    Args:
        annotations: what is drawn; none gives an empty mask.
        label_of: category id to label.
        rows: height in pixels.
        columns: width in pixels.

    Returns:
        (rows, columns) uint8 labels, and what is odd.

    Raises:
        InputRefusedError: an outline that cannot be drawn.
    """
    labels = np.zeros((rows, columns), np.uint8)
    outside: list[float] = []
    degenerate = covered = crowds = 0
    for annotation in sorted(annotations, key=lambda annotation: label_of[annotation.category_id]):
        drawing = rasterise(annotation.segmentation, rows, columns)
        label = label_of[annotation.category_id]
        covered += int((drawing.mask & (labels != 0) & (labels != label)).sum())
        labels[drawing.mask] = label
        outside += [drawing.outside_px] if drawing.outside_px > OUTSIDE_PX else []
        degenerate += drawing.degenerate
        crowds += annotation.crowd
    return labels, _findings(outside, degenerate, covered, crowds, f"{columns} × {rows}")


def rasterise(segmentation: Any, rows: int, columns: int) -> Drawing:
    """Turn one annotation's outline into pixels.

    Args:
        segmentation: polygons, or a run-length object with `size` and `counts`.
        rows: height in pixels.
        columns: width in pixels.

    Raises:
        InputRefusedError: there is a box and no outline, or the outline is malformed.
    """
    from pycocotools import mask as coco_mask  # type: ignore[import-untyped]  # shipped without types

    if not segmentation:
        raise refused("boxes_only", "a box without an outline", "polygons or run lengths", "draw the outline")
    if isinstance(segmentation, dict):
        return Drawing(_pixels(run_lengths(segmentation, rows, columns), rows, columns), 0.0, 0)
    shapes = polygons(segmentation)
    whole = [shape for shape in shapes if len(shape) >= LEAST_NUMBERS]
    if not whole:
        return Drawing(np.zeros((rows, columns), bool), 0.0, len(shapes))
    _require_near(whole, rows, columns)
    packed = coco_mask.merge(coco_mask.frPyObjects(whole, rows, columns))["counts"].decode()
    outside = max(_outside_px(shape, rows, columns) for shape in whole)
    return Drawing(_pixels(_unpacked(packed), rows, columns), outside, len(shapes) - len(whole))


def polygons(segmentation: Any) -> list[Polygon]:
    """Return an annotation's polygons as x, y, x, y ...

    Raises:
        InputRefusedError: these are not lists of coordinate pairs.
    """
    shapes = segmentation if isinstance(segmentation, list) else [segmentation]
    if all(isinstance(value, (int, float)) for value in shapes):  # one polygon without the list around it
        shapes = [shapes]
    for shape in shapes:
        if not isinstance(shape, list) or len(shape) % 2 or not all(_is_coordinate(value) for value in shape):
            expected, fix = "lists of x, y, x, y ...", "export it again"
            raise refused("coco_polygon", "an outline that is not coordinate pairs", expected, fix)
    return shapes


def run_lengths(segmentation: Any, rows: int, columns: int) -> list[int]:
    """Return the lengths of an object's runs, background first, down the columns.

    pycocotools leaves the rest of a mask uninitialised when the runs end early, so their sum is checked here.

    Raises:
        InputRefusedError: the runs are for another size, or do not fill the image exactly.
    """
    counts, size = segmentation.get("counts"), segmentation.get("size")
    if size != [rows, columns]:
        found, expected = f"run lengths for a size of {str(size)[:40]}", f"[{rows}, {columns}] as the image has"
        raise refused("coco_runs", found, expected, "export the annotations for this size")
    runs = _unpacked(counts) if isinstance(counts, str) else counts
    if not isinstance(runs, list) or not all(isinstance(run, int) and run >= 0 for run in runs):
        raise refused("coco_runs", "run lengths that are not whole numbers", "COCO's run lengths", "export it again")
    if sum(runs) != rows * columns:
        found, expected = f"run lengths of {sum(runs):,} pixels", f"{rows * columns:,}, as {columns} × {rows} has"
        raise refused("coco_runs", found, expected, "export it again")
    return runs


def _pixels(runs: list[int], rows: int, columns: int) -> Bits:
    # not by pycocotools' decode, which uses what numpy no longer likes and warns at every mask
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(rows, columns, order="F")


def is_rectangle(segmentation: Any) -> bool:
    """Tell whether an outline is one axis-aligned rectangle: it fills its bounding box.

    Raises:
        InputRefusedError: the outline is malformed.

    Reference: the area of a polygon by the shoelace formula.
    """
    if isinstance(segmentation, dict):
        return _runs_are_rectangle(segmentation)
    shapes = polygons(segmentation)
    if len(shapes) != 1 or len(shapes[0]) < LEAST_NUMBERS:
        return False
    x, y = np.asarray(shapes[0][0::2], np.float64), np.asarray(shapes[0][1::2], np.float64)
    area = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
    return bool(area >= FILLED * np.ptp(x) * np.ptp(y) > 0)


def _runs_are_rectangle(segmentation: dict[str, Any]) -> bool:
    from pycocotools import mask as coco_mask

    size = segmentation.get("size")
    if not (
        isinstance(size, list) and len(size) == 2 and all(side in range(1, limits.MAX_DIMENSION + 1) for side in size)
    ):
        return False
    rows, columns = size
    runs = {"size": size, "counts": run_lengths(segmentation, rows, columns)}
    packed = coco_mask.frPyObjects(runs, rows, columns)
    width, height = coco_mask.toBbox(packed)[2:]
    return bool(coco_mask.area(packed) == width * height > 0)


def _size(stated: tuple[int, int] | None, onto: Grid | None) -> tuple[int, int]:
    """Return (columns, rows), which the file and the image must agree on."""
    if onto is None:
        if stated is None:
            raise refused("coco_size", "an image without width and height", "its size in the file", "export it again")
        return stated
    columns, rows, depth = onto.shape
    if depth != 1 or (stated is not None and stated != (columns, rows)):
        there = " × ".join(map(str, onto.shape if depth != 1 else (columns, rows)))
        said = f"{stated[0]} × {stated[1]}" if stated else "one plane"
        fix = "export image and annotations at one size; nothing is stretched silently"
        raise refused("coco_size", f"an image of {there}", f"{said} as the annotations say", fix)
    return columns, rows


def _is_coordinate(value: Any) -> bool:
    return isinstance(value, (int, float)) and abs(value) < FARTHEST  # False for NaN too


def _outside_px(shape: Polygon, rows: int, columns: int) -> float:
    x, y = shape[0::2], shape[1::2]
    return float(max(-min(x), -min(y), max(x) - columns, max(y) - rows, 0.0))


def _require_near(shapes: Sequence[Polygon], rows: int, columns: int) -> None:
    """Refuse what would take pycocotools out of its integers or out of memory."""
    steps = 0.0
    for shape in shapes:
        x, y = shape[0::2], shape[1::2]
        if min(x) < -columns or max(x) > 2 * columns or min(y) < -rows or max(y) > 2 * rows:
            found = f"a point {_outside_px(shape, rows, columns):.0f} pixels outside an image of {columns} × {rows}"
            fix = "check that annotations and image belong together"
            raise refused("out_of_bounds", found, "outlines on the image", fix)
        steps += SUBPIXELS * sum(max(abs(x[i] - x[i - 1]), abs(y[i] - y[i - 1])) for i in range(len(x)))
    if steps > limits.MAX_OUTLINE_STEPS:
        found, expected = f"outlines {steps / SUBPIXELS:,.0f} pixels long", "the outline of one object"
        raise refused("coco_polygon", found, expected, "draw it again")


def _unpacked(text: str) -> list[int]:
    """Read pycocotools' run-length string.

    Each number is a group of characters of five bits, lowest first, whose sixth bit says that more follow; the last
    one's fifth bit is the sign. From the fourth number on it is the difference to the number two before.
    """
    runs: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 30:
            raise refused("coco_runs", "a run-length string of other characters", "COCO's run lengths", "export again")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    if shift:
        raise refused("coco_runs", "a run-length string that breaks off", "COCO's run lengths", "export it again")
    return runs


def _findings(outside: Sequence[float], degenerate: int, covered: int, crowds: int, size: str) -> list[Finding]:
    findings = []
    if outside:
        found = f"{len(outside)} outline(s) reaching up to {max(outside):.1f} pixels outside the image"
        fix = "what lies outside is cut off; check that annotations and image belong together"
        findings.append(Finding("warning", "out_of_bounds", "", "", found, f"points within {size}", fix))
    if degenerate:
        found, expected = f"{degenerate} outline(s) of fewer than three points", "outlines that enclose something"
        findings.append(Finding("warning", "degenerate_outline", "", "", found, expected, "they are left out"))
    if covered:
        found, expected = f"{covered:,} pixels of two categories at once", "one category per pixel"
        fix = "the category with the higher id is kept there"
        findings.append(Finding("warning", "overlapping_categories", "", "", found, expected, fix))
    if crowds:
        found, expected = f"{crowds} annotation(s) of a crowd of objects", "single objects"
        fix = "nothing to do: they are drawn like the others"
        findings.append(Finding("note", "crowd", "", "", found, expected, fix))
    return findings


def _read(_files: Files) -> StoredImage:
    raise refused("coco_image", "an annotation file given as an image", "an image", "give the image's own file")


COCO = FormatSpec(
    name="coco",
    title="COCO annotations: polygons and run lengths, one mask per image",
    suffixes=(),
    read=_read,
    read_mask=read_mask,
)
