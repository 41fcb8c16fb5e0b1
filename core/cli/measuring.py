"""The verb `measure`: a label file's volumes, diameters, lesions and sides."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.output import print_json
from core.errors import RefusedError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from core.measuring import Measurements
    from core.volume import Grid


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    measure = verbs.add_parser("measure", help="volumes, diameters, lesions and their sides of a label file")
    measure.add_argument("mask", type=Path, metavar="MASK")
    measure.add_argument("--scheme", default="brats-2023", help="what the labels mean (default: %(default)s)")
    measure.add_argument(
        "--image",
        type=Path,
        metavar="FILE",
        help="an image of its grid, brain only: sides are told by it",
    )
    measure.set_defaults(run=_measure)


def _measure(options: argparse.Namespace) -> int:
    from core.data.label_files import scheme_of_name_or_file
    from core.data.load import load_label_file
    from core.measuring import measure

    scheme = scheme_of_name_or_file(options.scheme)
    bits, grid = load_label_file(options.mask, scheme)
    brain = None if options.image is None else _head_in(options.image, grid)
    titles = {region.name: region.title for region in scheme.regions}
    found = measure(bits, scheme.region_names, titles, grid.geometry(), brain)
    if options.json:
        print_json(found.to_json())
    else:
        print(measurements_in_words(found))
    return 0


def _head_in(image: Path, grid: Grid) -> npt.NDArray[np.bool_]:
    from core.case import Case, Source
    from core.data.formats import format_of
    from core.data.load import load_case, same_grid
    from core.data.prepare import head_mask

    case = Case("image", "image", "image", "unknown", {"image": Source((image,), format_of(image))})
    volume = load_case(case, None).volume
    if not same_grid(volume.native, grid):
        raise RefusedError(
            f"the image has another grid than the mask (shapes {volume.native.shape} and {grid.shape}); "
            "give an image that the mask was drawn on"
        )
    return head_mask(volume)


def measurements_in_words(found: Measurements) -> str:
    """Return a line for each region, a line for each lesion, and what was left out."""
    lines = [region.sentence for region in found.regions]
    lesions = found.lesions
    for lesion in lesions.listed:
        amount = f"{lesion.voxels:,} voxels" if lesion.ml is None else f"{lesion.ml:.2f} ml"
        place = lesion.centroid_voxel if lesion.centroid_mm is None else lesion.centroid_mm
        at = ", ".join(f"{value:.0f}" for value in place) + (" voxels" if lesion.centroid_mm is None else " mm")
        lines.append(f"  {lesions.region} lesion {lesion.number}  {amount}  at {at}  {lesion.side or ''}".rstrip())
    if lesions.too_small:
        lines.append(f"  and {lesions.too_small} smaller than {lesions.smallest_ml} ml")
    if lesions.left_out:
        lines.append(f"  and {lesions.left_out} more")
    if found.mid_plane:
        lines.append(f"Midline: within {found.mid_plane.margin_mm:.0f} mm of the plane that halves the brain.")
    else:
        lines.append(f"No sides: {found.no_sides}.")
    return "\n".join(lines)
