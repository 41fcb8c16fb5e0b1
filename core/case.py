"""A case: which files hold one visit of one patient. Touches no pixels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

# BraTS 2023 names, in the order in which channels are stacked.
BRATS_MODALITIES = ("t1n", "t1c", "t2w", "t2f")
# what a person calls them; any other goes by its own name
MODALITY_TITLES = {"t1n": "T1", "t1c": "T1c", "t2w": "T2", "t2f": "FLAIR", "ct": "CT"}
# What a case, cohort, split or run may be called: it becomes the name of a folder.
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Source:
    """Where one channel or one mask comes from.

    Attributes:
        files: one file, or the slices of a stack in order.
        format: a name in `FORMATS`.
        channel: which channel of a file that holds several; for COCO the image's id.
        palette: for a mask drawn as a picture, the colour of each label, the same in its whole cohort; () where
            the stored numbers are the labels, None where the file itself decides.
    """

    files: tuple[Path, ...]
    format: str
    channel: int = 0
    palette: tuple[tuple[int, int, int], ...] | None = None

    @property
    def file(self) -> Path:
        """The file, or the first of a stack."""
        return self.files[0]

    @property
    def label(self) -> str:
        """What a sentence calls it."""
        more = len(self.files) - 1
        return self.file.name + (f" and {more} more" if more else "")


@dataclass(frozen=True, slots=True)
class Case:
    """One visit of one patient.

    Attributes:
        case_id: unique in its cohort.
        patient_id: the patient; several visits share it.
        group_id: what splits keep together and intervals count.
        group_kind: what a group is: patient, source image, look-alike cluster or unknown.
        sources: modality to its source.
        reference: the reference mask, where there is one.
    """

    case_id: str
    patient_id: str
    group_id: str
    group_kind: str
    sources: dict[str, Source]
    reference: Source | None = None
