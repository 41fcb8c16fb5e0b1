"""What a region is, in the codes that DICOM readers understand.

A region is known by the name in words that its scheme gives it; what no code says is tissue, as it is in other
programs' segmentations, and its label says the rest.

Reference: DICOM PS3.16, CID 7150 (segmentation property categories), CID 7159 (lesion segmentation types), CID 7166
(common tissue segmentation types), CID 7153 to 7156 (organs).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A concept of a coding scheme: SNOMED CT (SCT), or the NCI Thesaurus (NCIt) where DICOM takes its word."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True, slots=True)
class RegionCode:
    """What a segment is: of which category, and which of it."""

    category: Code
    kind: Code


ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")
ANATOMY = Code("91723000", "SCT", "Anatomical Structure")
TISSUE = Code("85756007", "SCT", "Tissue")
UNKNOWN = RegionCode(TISSUE, TISSUE)

NEOPLASM = RegionCode(ABNORMAL, Code("108369006", "SCT", "Neoplasm"))
MASS = RegionCode(ABNORMAL, Code("4147007", "SCT", "Mass"))
LESION = RegionCode(ABNORMAL, Code("52988006", "SCT", "Lesion"))
NECROSIS = RegionCode(ABNORMAL, Code("6574001", "SCT", "Necrosis"))
OEDEMA = RegionCode(ABNORMAL, Code("79654002", "SCT", "Edema"))
HAEMORRHAGE = RegionCode(ABNORMAL, Code("50960005", "SCT", "Hemorrhage"))
CYST = RegionCode(ABNORMAL, Code("367643001", "SCT", "Cyst"))
# SNOMED has no finding of enhancement: DICOM's own list of lesion types takes these two from the NCI Thesaurus
ENHANCING = RegionCode(ABNORMAL, Code("C113842", "NCIt", "Enhancing Lesion"))
NON_ENHANCING = RegionCode(ABNORMAL, Code("C81175", "NCIt", "Non-Enhancing Lesion"))

CODES: dict[str, RegionCode] = {
    "whole tumour": NEOPLASM,
    "tumour": NEOPLASM,
    "tumor": NEOPLASM,
    "neoplasm": NEOPLASM,
    "tumour core": MASS,
    "tumor core": MASS,
    "enhancing tumour": ENHANCING,
    "enhancing tumor": ENHANCING,
    "non-enhancing tumour": NON_ENHANCING,
    "non-enhancing tumor": NON_ENHANCING,
    "necrotic core": NECROSIS,
    "necrosis": NECROSIS,
    "oedema": OEDEMA,
    "edema": OEDEMA,
    "lesion": LESION,
    "haemorrhage": HAEMORRHAGE,
    "hemorrhage": HAEMORRHAGE,
    "cyst": CYST,
    "brain": RegionCode(ANATOMY, Code("12738006", "SCT", "Brain")),
    "liver": RegionCode(ANATOMY, Code("10200004", "SCT", "Liver")),
    "kidney": RegionCode(ANATOMY, Code("64033007", "SCT", "Kidney")),
    "lung": RegionCode(ANATOMY, Code("39607008", "SCT", "Lung")),
    "spleen": RegionCode(ANATOMY, Code("78961009", "SCT", "Spleen")),
    "pancreas": RegionCode(ANATOMY, Code("15776009", "SCT", "Pancreas")),
}


def code_of(title: str) -> RegionCode:
    """Return the codes of a region by its name in words; of one that has none, tissue."""
    return CODES.get(title.strip().lower().replace("_", " "), UNKNOWN)
