"""The input gate: what is wrong with this case, in sentences."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.case import BRATS_MODALITIES
from core.data.load import LoadedCase
from core.data.prepare import head_mask
from core.data.refusal import Finding, InputRefusedError
from core.labels import LabelScheme

LEAST_BACKGROUND = 0.35  # of a skull-stripped volume; a head with its skull in a tight grid has less
SURE = 0.9  # of a sequence judged by its voxels, before its name is doubted
MASK_OUTSIDE_SHARE = 0.02  # share of the reference that may lie on background


def examine(loaded: LoadedCase, scheme: LabelScheme | None) -> list[Finding]:
    """Look for trouble in a case that has been read, its reference too where there is a scheme for it.

    Returns:
        Its warnings and notes, those of its files first.

    Raises:
        InputRefusedError: the case cannot be used.
    """
    head = head_mask(loaded.volume)
    findings = [
        *loaded.findings,
        *_constant_channels(loaded),
        *(_reference(loaded, scheme, head) if scheme else []),
        *_skull(loaded, head),
    ]
    if errors := [finding for finding in findings if finding.severity == "error"]:
        raise InputRefusedError(*errors)
    return findings


def suspect_channels(loaded: LoadedCase) -> list[Finding]:
    """Look whether the four BraTS sequences look like what they are called.

    Returns:
        A warning where two or more look like others, each of them surely; nothing where fewer sequences are there.
    """
    modalities = loaded.volume.modalities
    if loaded.volume.geometry is None or not set(BRATS_MODALITIES) <= set(modalities):
        return []
    from core.data.modality_images import from_images

    thin = {name: loaded.volume.voxels[modalities.index(name), ::2, ::2, ::2] for name in BRATS_MODALITIES}
    other = {name: guess for name, guess in from_images(thin).items() if guess.modality != name}
    if len(other) < 2 or min(guess.confidence for guess in other.values()) < SURE:
        return []
    found = ", ".join(f"{name} looks like {guess.modality}" for name, guess in other.items())
    fix = "compare the pictures; rename the files if they are exchanged"
    expected = "sequences that look like their names"
    return [Finding("warning", "channel_order", loaded.case.case_id, "", found, expected, fix)]


def _constant_channels(loaded: LoadedCase) -> list[Finding]:
    findings = []
    for name, channel in zip(loaded.volume.modalities, loaded.volume.voxels, strict=True):
        if channel.min() == channel.max():
            source = loaded.case.sources[name]
            found = f"the value {channel.flat[0]} in every voxel of {name}"
            fix = "export the sequence again"
            findings.append(
                Finding("error", "constant_image", loaded.case.case_id, source.label, found, "an image", fix)
            )
    return findings


def _reference(loaded: LoadedCase, scheme: LabelScheme, head: npt.NDArray[np.bool_]) -> list[Finding]:
    if loaded.reference is None or loaded.case.reference is None:
        return []
    case_id, file = loaded.case.case_id, loaded.case.reference.label
    drawn = loaded.reference != 0
    if not drawn.any():
        expected, fix = "a drawn lesion, unless the patient has none", "nothing to do if the patient is healthy"
        return [Finding("note", "empty_reference", case_id, file, "an empty reference mask", expected, fix)]
    findings = []
    outside = 1.0 - float(head[drawn].mean())
    if outside > MASK_OUTSIDE_SHARE:
        found = f"{outside:.0%} of the reference on background{_mirrored(drawn, head, outside)}"
        fix = "check that mask and images belong together and lie the same way round"
        expected = "a mask on what the images show"
        findings.append(Finding("warning", "mask_outside_head", case_id, file, found, expected, fix))
    for bit, region in enumerate(scheme.regions):
        if not (loaded.reference >> bit & 1).any():
            found = f"no {region.title} in the reference"
            fix = "nothing to do: the empty-mask policy applies"
            findings.append(Finding("note", "empty_region", case_id, file, found, "most cases have some", fix))
    return findings


def _mirrored(drawn: npt.NDArray[np.bool_], head: npt.NDArray[np.bool_], outside: float) -> str:
    """Say along which axis a reference would have to be flipped to lie inside the head, if that helps."""
    for axis, name in enumerate(("left and right", "front and back", "top and bottom")):
        flipped = 1.0 - float(np.flip(head, axis)[drawn].mean())
        if flipped < MASK_OUTSIDE_SHARE and flipped < outside / 4:
            return f"; with {name} exchanged it would lie inside"
    return ""


def _skull(loaded: LoadedCase, head: npt.NDArray[np.bool_]) -> list[Finding]:
    if loaded.volume.geometry is None or not set(loaded.volume.modalities) & set(BRATS_MODALITIES):
        return []  # pictures and CT have no background of zeros
    background = 1.0 - float(head.mean())
    if background >= LEAST_BACKGROUND:
        return []
    found = f"only {background:.0%} of the voxels exactly 0"
    expected, fix = "a brain on a background of zeros", "extract the brain first if the skull is still there"
    return [Finding("warning", "skull_not_stripped", loaded.case.case_id, "", found, expected, fix)]
