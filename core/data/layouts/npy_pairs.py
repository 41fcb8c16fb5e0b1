"""NumPy slices with their masks: `<name>_image.npy` and `<name>_mask.npy`, or folders of images and masks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.case import Case, Source
from core.data.formats import FORMATS
from core.data.formats.palette import AS_STORED
from core.data.image import StoredImage
from core.data.layouts.listing import files_below
from core.data.layouts.look_alikes import group
from core.data.layouts.matching import Name, match
from core.data.layouts.paired import called, case_ids, place_of
from core.data.layouts.paired_findings import grouping_findings, unmatched, why
from core.data.layouts.spec import Layout
from core.data.layouts.surveying import UNREADABLE, MaskColours, mask_findings
from core.data.layouts.thumbnails import Thumbnail, thumbnail
from core.data.modality import from_text
from core.data.refusal import Finding

NAME = "npy-pairs"
FORMAT = "npy"


def read_npy_pairs(root: Path) -> Layout | None:
    """List the arrays below `root` that have a mask, one case each, or return None where none has."""
    matching = match([path.relative_to(root) for path in files_below(root, (".npy",))])
    if not matching.pairs:
        return None
    images = [image for image, _, _ in matching.pairs]
    arrays = [_read(root / image.path) for image in images]
    masks = _labels([_read(root / mask.path) for _, mask, _ in matching.pairs])
    groups = group([called(n) for n in images], [place_of(n) for n in images], [_thumbnail(a) for a in arrays])
    cases = []
    for (image, mask, _), array, case_id, group_id in zip(
        matching.pairs, arrays, case_ids(images), groups.groups, strict=True
    ):
        names = _channel_names(root, image, array.channels if array else 1)
        sources = {name: Source((root / image.path,), FORMAT, index) for index, name in enumerate(names)}
        cases.append(Case(case_id, group_id, group_id, groups.kind, sources, Source((root / mask.path,), FORMAT)))
    findings = (
        *unmatched(matching),
        *mask_findings(masks),
        *_channel_findings([tuple(case.sources) for case in cases]),
        *grouping_findings(groups, divided=False),
    )
    cases.sort(key=lambda case: case.case_id)
    return Layout(NAME, tuple(cases), findings, "binary" if masks.binary else None, why(matching, groups))


def _read(file: Path) -> StoredImage | None:
    try:
        return FORMATS[FORMAT].read((file,))
    except UNREADABLE:  # said again, with its file, when the case is read
        return None


def _labels(masks: Sequence[StoredImage | None]) -> MaskColours:
    counts: Counter[int] = Counter()
    for mask in masks:
        if mask is not None and np.isfinite(mask.stored).all():
            values, found = np.unique(np.rint(mask.stored[0]), return_counts=True)
            counts.update(dict(zip(values.astype(int).tolist(), found.tolist(), strict=True)))
    total = max(1, counts.total())
    return MaskColours(AS_STORED, {label: count / total for label, count in sorted(counts.items()) if label})


def _channel_names(root: Path, name: Name, channels: int) -> tuple[str, ...]:
    """Return what each channel is called: by the sequences that the path lists in order, else by number."""
    text = "/".join((root.name, *name.path.parts))
    guesses = (from_text(word) for word in re.split(r"[^A-Za-z0-9]+", text))
    listed = tuple(guess.modality for guess in guesses if guess and not guess.asks)
    if len(listed) == len(set(listed)) == channels:
        return listed
    return ("image",) if channels == 1 else tuple(f"channel-{number}" for number in range(1, channels + 1))


def _channel_findings(channels: Sequence[tuple[str, ...]]) -> list[Finding]:
    findings = []
    unnamed = [names for names in channels if names[0] == "channel-1"]
    if unnamed:
        found = f"{len(unnamed[0])} channels that nothing names"
        fix = "name the folder by the sequences in their order, such as t1n-t1c-t2w-t2f, for models that need them"
        findings.append(Finding("warning", "channels_unnamed", "", "", found, "one sequence per channel", fix))
    if len(set(channels)) > 1:
        found = f"arrays of {len(set(channels))} kinds of channels"
        fix = "import each kind by itself"
        findings.append(Finding("warning", "mixed_modalities", "", "", found, "the same channels in all", fix))
    return findings


def _thumbnail(array: StoredImage | None) -> Thumbnail | None:
    """Return what the middle slice looks like, its channels averaged; (column, row) does for comparing."""
    if array is None:
        return None
    return thumbnail(array.stored[..., array.stored.shape[3] // 2].mean(axis=0))
