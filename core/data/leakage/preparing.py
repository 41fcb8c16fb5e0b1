"""Did preparing look at the mask? What a stored case keeps is compared with what its image alone gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.atomic import read_json
from core.case import Case
from core.data.leakage.fingerprints import Fingerprint
from core.data.leakage.measuring import same_constants
from core.data.load import load_case
from core.data.prepare import Constants, head_mask
from core.data.refusal import InputRefusedError
from core.volume import Box

_WHERE = {"box": "the box of its reference mask", "mask": "its reference mask"}


@dataclass(frozen=True, slots=True)
class PreparingLeak:
    """One case whose preparing looked at its mask, and what was found."""

    case: str
    found: str


def preparing_leak(folder: Path, case: Case, known: Fingerprint) -> PreparingLeak | None:
    """Say whether a stored case's constants or its box depend on the reference mask.

    Constants are measured again over the stored voxels. Where the stored box is exactly the reference mask's, the
    case's files are read, if they are still there, for the box of the head.

    Args:
        folder: of the case in the slice store.
        case: its files.
        known: its fingerprint.
    """
    facts = read_json(folder / "prepared.json")
    kept = Constants.from_json(facts["constants"])
    if not same_constants(kept, known.measured):
        where = next(
            (words for key, words in _WHERE.items() if same_constants(kept, known.over_mask.get(key, {}))), None
        )
        if where is None:
            return PreparingLeak(case.case_id, "constants of preparing that are not those of its image")
        return PreparingLeak(case.case_id, f"constants of preparing measured over {where}")
    if not known.cropped_like_mask:
        return None
    box = Box(tuple(facts["box"]["start"]), tuple(facts["box"]["stop"]))
    head = _head_box(case)
    if head is None or head == box:
        return None
    return PreparingLeak(case.case_id, "a stored image cropped to the box of its reference mask")


def _head_box(case: Case) -> Box | None:
    """Return the box of the head, told from the images alone; None where they cannot be read any more."""
    try:
        volume = load_case(case, None).volume
    except InputRefusedError:
        return None
    return Box.around(head_mask(volume)) or Box.whole(volume.shape)
