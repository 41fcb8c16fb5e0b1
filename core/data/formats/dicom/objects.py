"""Which DICOM objects hold an image, and what to call those that do not.

Reference: DICOM PS3.4, B.5 (storage SOP classes); PS3.3, C.7.6.3 (image pixel module).
"""

from __future__ import annotations

from core.data.formats.dicom.header import Header
from core.data.formats.dicom.tags import PIXEL_DATA
from core.data.formats.findings import refusal

STORAGE = "1.2.840.10008.5.1.4.1.1."
SEGMENTATIONS = (f"{STORAGE}66.4", f"{STORAGE}66.7")
STRUCTURES = f"{STORAGE}481.3"
SECONDARY_CAPTURES = tuple(f"{STORAGE}7{end}" for end in ("", ".1", ".2", ".3", ".4"))
# class, or the class that is its family's stem: what it is
NOT_IMAGES = {
    f"{STORAGE}66.4": "a segmentation",
    f"{STORAGE}66.7": "a segmentation",
    f"{STORAGE}481.3": "contours (RTSTRUCT)",
    f"{STORAGE}481.2": "a radiation dose",
    f"{STORAGE}481": "a radiation therapy object",
    f"{STORAGE}66": "a registration or spatial object",
    f"{STORAGE}67": "a value mapping",
    f"{STORAGE}88": "a structured report",
    f"{STORAGE}104": "a document",
    f"{STORAGE}11": "a presentation state",
    f"{STORAGE}9": "a waveform",
    f"{STORAGE}30": "a parametric map",
    f"{STORAGE}77.1.6": "a microscope slide",
    f"{STORAGE}91": "annotations of a microscope slide",
}
MODALITIES = {"SEG": "a segmentation", "RTSTRUCT": "contours (RTSTRUCT)", "SR": "a structured report"}


def not_an_image(header: Header) -> str:
    """Return what a file holds that is no image, "" where it is one."""
    family = header.elements.text("SOPClassUID")
    while family.startswith("1.2.840.10008."):
        if family in NOT_IMAGES:
            return NOT_IMAGES[family]
        family = family.rpartition(".")[0]
    if what := MODALITIES.get(header.elements.text("Modality")):
        return what
    return "" if header.pixels else "a DICOM object without pixels"


def require_image(header: Header) -> None:
    """Refuse what holds no grey image.

    Raises:
        InputRefusedError: it is something else, in colour, or of numbers that are not stored as integers.
    """
    said = header.elements
    if what := not_an_image(header):
        fix = "choose the images; a segmentation or contours can be given as the reference"
        raise refusal("not_an_image", what, "a DICOM image", fix)
    samples, meaning = said.integer("SamplesPerPixel", 1), said.text("PhotometricInterpretation")
    if samples != 1 or meaning not in {"MONOCHROME1", "MONOCHROME2", ""}:
        found = f"colours ({samples} sample(s) per pixel)"
        fix = "choose the scan itself: colours mostly mean a screenshot or a rendering"
        raise refusal("colour_image", found, "one grey value per pixel", fix)
    allocated, stored = said.integer("BitsAllocated", 0), said.integer("BitsStored", 0)
    kind = header.pixels.kind if header.pixels else 0
    if kind != PIXEL_DATA or allocated not in {8, 16, 32} or not 1 <= stored <= allocated:
        found = f"{stored} bits stored in {allocated}" if kind == PIXEL_DATA else "pixels stored with a fraction"
        raise refusal("pixel_type", found, "integers of 8, 16 or 32 bits", "export the series again")
    if "ModalityLUTSequence" in said:
        found = "values that a table translates"
        raise refusal("value_table", found, "a slope and an intercept", "export the series again")
