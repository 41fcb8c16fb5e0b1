"""Whether a case can be cut in other planes than the one that a model was trained in."""

from __future__ import annotations

from collections.abc import Sequence

from core.data.slicing import PLANES, Plane
from core.errors import RefusedError

# longest / shortest side of a voxel: beyond it a structure in another plane is drawn out as no training slice was
MOST_STRETCHED = 1.5
FEWEST_PIXELS = 32  # along a side of a slice: what a network halves five times


class PlanesRefusedError(RefusedError):
    """A case cannot be segmented in these planes; the message says why."""


def require_planes(
    case_id: str,
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float] | None,
    planes: Sequence[Plane],
    trained: Plane,
) -> None:
    """Refuse planes in which slices are unlike those of the training: stretched voxels, or hardly any pixels.

    Args:
        case_id: which case.
        shape: of the full grid (X, Y, Z).
        spacing_mm: of its voxels, or None where nobody knows.
        planes: to be cut in.
        trained: the plane of the training, in which any slice goes.

    Raises:
        PlanesRefusedError: with what was found.
    """
    others = [plane for plane in planes if plane != trained]
    if not others:
        return
    instead = f"leave --planes out, or ask for {trained} alone"
    if spacing_mm is None:
        raise PlanesRefusedError(
            f"{case_id} has no voxel sizes, so what its {' and '.join(others)} slices look like is not known: {instead}"
        )
    stretched = max(spacing_mm) / min(spacing_mm)
    if stretched > MOST_STRETCHED:
        size = " × ".join(f"{mm:.2f}" for mm in spacing_mm)
        raise PlanesRefusedError(
            f"{case_id} has voxels of {size} mm; a model trained on {trained} slices is run in other planes where no "
            f"side is more than {MOST_STRETCHED} times another: {instead}, or bring the case onto 1 mm with --harmonise"
        )
    for plane in others:
        sides = [side for axis, side in enumerate(shape) if axis != PLANES[plane]]
        if min(sides) < FEWEST_PIXELS:
            raise PlanesRefusedError(
                f"{case_id} has {plane} slices of {sides[0]} × {sides[1]} pixels; at least {FEWEST_PIXELS} a side "
                f"are needed: {instead}"
            )
