"""From a number to the image behind it: one click opens Look on the case, and on the slice where there is one."""

from __future__ import annotations

from collections.abc import Sequence

from core.workspace import Cohort
from pages.parts import state
from pages.parts.compare.score_plots import PATIENT

LOOK = "look"


def address_of(
    cohort: Cohort, case_id: str, slice_index: int | None = None, voxel: Sequence[int] | None = None
) -> dict[str, str]:
    """Return the words of the address that opens Look on a case.

    Args:
        cohort: where the case is.
        case_id: which case.
        slice_index: axial, from 0; None opens as the case does.
        voxel: (x, y, z) under the crosshair; wins over `slice_index`.
    """
    words = {"view": LOOK, "cohort": cohort.name, "case": case_id}
    if voxel is not None:
        words |= {"plane": "axial", "slice": str(voxel[2]), "cursor": ",".join(map(str, voxel))}
    elif slice_index is not None:
        words |= {"plane": "axial", "slice": str(slice_index)}
    return words


def open_case(cohort: Cohort, case_id: str) -> None:
    """Turn the page to Look; a callback, so that the view which was left is not computed again."""
    state.choose_case(case_id)
    state.open_in_view(LOOK, address_of(cohort, case_id))


def open_selected(cohort: Cohort, key: str) -> None:
    """Open the patient whose dot was clicked in a chart."""
    selection = state.selected(key) or {}
    for point in selection.get(PATIENT) or ():
        if point.get("case") in cohort.cases:
            open_case(cohort, str(point["case"]))
            return
