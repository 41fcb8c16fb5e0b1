"""A folder nobody has seen before: which volumes belong together and what each is, proposed for the user to confirm."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from core.case import SAFE_NAME, Case, Source
from core.data.formats import FORMATS, format_of
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.layouts.bundling import (
    IMAGE_WORDS,
    MASK_WORDS,
    Bundle,
    Clash,
    Judge,
    Shape,
    ShapeOf,
    bundle_files,
    take_apart,
)
from core.data.layouts.by_voxels import judge_by_voxels
from core.data.layouts.listing import LISTED, files_below, stacking_order, stem_of
from core.data.layouts.spec import Layout
from core.data.modality import tells_sequence
from core.data.refusal import Finding, InputRefusedError

NAME = "proposed"
VOLUME_FORMATS = ("nifti", "nrrd")
LONGEST_NUMBER = 5  # digits that a sentence may show: hospital numbers and dates have more


def read_proposed(root: Path, shape_of: ShapeOf | None = None, judge: Judge | None = None) -> Layout | None:
    """Propose cases for the volumes below `root`, or return None where there is none.

    Files of one name, up to words for sequences and masks, are one case; so are the different sequences of one folder
    whose names share a word. A mask of another shape than its image is not its mask; a mask that is left over goes to
    the one image of its folder and shape. Two to four images of one shape in a folder, none of which has a name that
    says what it is, are judged by their voxels.

    Args:
        root: a folder on this machine.
        shape_of: a file to the shape of its voxels, None where that is not known; by default its header's.
        judge: images of one head to their modalities, none where that fails; by default `judge_by_voxels`.
    """
    entries = [take_apart(root, path) for path in _volumes(root)]
    if not entries:
        return None
    bundles, clashes = bundle_files(entries, shape_of or header_shape, judge or judge_by_voxels)
    findings = [_ambiguous(clash) for clash in clashes]
    cases = _cases(root, [bundle for bundle in bundles if bundle.images])
    if not cases:
        findings += [] if findings else [_only_masks(len(entries))]
        return Layout(NAME, (), tuple(findings), None, "no name of a known layout was found", private_names=True)
    left = sum(len(bundle.masks) for bundle in bundles if not bundle.images)
    if left:
        found, fix = f"{left} mask(s) without an image of that name and shape", "they are left out"
        findings.append(Finding("warning", "mask_without_image", "", "", found, "an image for each mask", fix))
    findings += _doubts(cases)
    why = f"no layout is known for this folder; {len(cases)} case(s) are proposed from folders and names"
    findings.insert(0, _proposal(cases))
    return Layout(NAME, tuple(case for case, _ in cases), tuple(findings), None, why, private_names=True)


def header_shape(path: Path) -> Shape:
    """Return the shape that a NIfTI header claims, or None for other files and damaged ones."""
    from core.data.formats.gzip_bounded import BoundedReader
    from core.data.formats.nifti_header import read_header

    if format_of(path) != "nifti":
        return None
    try:
        with BoundedReader(path) as reader:
            return read_header(reader).shape
    except (DamagedFileError, InputRefusedError, OSError):
        return None


def _volumes(root: Path) -> list[Path]:
    suffixes = tuple(s for name in VOLUME_FORMATS if name in FORMATS for s in FORMATS[name].suffixes)
    found = files_below(root, suffixes)
    headers = {path.with_name(stem_of(path)) for path in found if path.name.lower().endswith((".hdr", ".hdr.gz"))}
    voxels = (".img", ".img.gz")
    return [p for p in found if not (p.name.lower().endswith(voxels) and p.with_name(stem_of(p)) in headers)]


def _ambiguous(clash: Clash) -> Finding:
    names = " and ".join(shown(mask.path.name) for mask in clash.masks)
    found = f"{len(clash.masks)} masks of its shape for {shown(clash.image.path.name)}: {names}"
    fix = "keep the one that is the reference; the image is left out"
    return Finding("error", "ambiguous_mask", "", "", found, "one mask per image", fix)


def _cases(root: Path, bundles: Sequence[Bundle]) -> list[tuple[Case, Bundle]]:
    """Name each case after what its files share: words of their names, else their folder."""
    named: dict[str, tuple[Case, Bundle]] = {}
    for bundle in sorted(bundles, key=lambda bundle: bundle.images[0].path):
        first = bundle.images[0]
        words = first.rest if all(image.rest == first.rest for image in bundle.images) else ()
        name = "-".join([*first.folder, *words]) or root.name
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", name).lstrip("._-")[:90] or "case"
        name = name if name not in named else f"{name}-{len(named) + 1}"
        sources = {
            modality: Source((entry.path,), format_of(entry.path))
            for modality, entry in sorted(
                zip(bundle.modalities, bundle.images, strict=True), key=lambda pair: stacking_order(pair[0])
            )
        }
        mask = bundle.masks[0].path if bundle.masks else None
        assert SAFE_NAME.fullmatch(name)
        patient = first.folder[0] if first.folder else name
        kind = "unknown"  # folders of unknown meaning do not say who the patient is
        reference = Source((mask,), format_of(mask)) if mask else None
        named[name] = (Case(name, patient, patient, kind, sources, reference), bundle)
    return list(named.values())


def _proposal(cases: Sequence[tuple[Case, Bundle]]) -> Finding:
    described = []
    for number, (case, bundle) in enumerate(cases[:LISTED], 1):
        sure = {entry.path: entry.guess.confidence if entry.guess else 0 for entry in bundle.images}
        parts = [f"{m} = {shown(s.file.name)} ({sure[s.file]:.0%} sure)" for m, s in case.sources.items()]
        parts += [f"mask = {shown(case.reference.file.name)}"] if case.reference else []
        described.append(f"case {number}: {', '.join(parts)}")
    more = f"; and {len(cases) - LISTED} more" if len(cases) > LISTED else ""
    found = f"a folder of no known layout; proposed are {len(cases)} case(s) ({'; '.join(described)}{more})"
    fix = "take the proposal with --layout proposed, or rename the files"
    return Finding("warning", "proposed_layout", "", "", found, "a layout that says what each file is", fix)


def _doubts(cases: Sequence[tuple[Case, Bundle]]) -> list[Finding]:
    findings = []
    images = [entry for _, bundle in cases for entry in bundle.images]
    expected, fix = "T1, T1c, T2, FLAIR or CT in each name", "check these; rename the files so that they say it"
    if unsure := [entry for entry in images if not entry.guess or entry.guess.asks]:
        found = f"{len(unsure)} image(s) whose sequence is not sure"
        findings.append(Finding("warning", "modality_unsure", "", "", found, expected, fix))
    if by_voxels := [entry for entry in images if entry.guess and entry.guess.why.startswith("judged by its voxels")]:
        found = f"{len(by_voxels)} image(s) whose sequence was judged by their voxels, their names not saying it"
        findings.append(Finding("warning", "modality_by_voxels", "", "", found, expected, fix))
    kinds = Counter(tuple(case.sources) for case, _ in cases)
    if len(kinds) > 1:
        listed = "; ".join(f"{', '.join(names)} ({count})" for names, count in kinds.most_common(LISTED))
        fix = "leave out what is of another kind, or import it by itself"
        findings.append(
            Finding("warning", "mixed_modalities", "", "", f"cases of {listed}", "the same sequences in each", fix)
        )
    return findings


def _only_masks(count: int) -> Finding:
    found, fix = f"{count} file(s) whose names say mask, prediction or reference", "add the images they belong to"
    return Finding("error", "no_image", "", "", found, "at least one image", fix)


def shown(name: str) -> str:
    """Return a file's name with every word replaced by … that could be somebody's: only roles and sequences stay."""
    stem = stem_of(Path(name))
    pieces = re.split(r"([_\-. +]+)", stem)
    kept = [piece if index % 2 or _harmless(piece) else "…" for index, piece in enumerate(pieces)]
    text = re.sub(r"…([_\-. +]+…)+", "…", "".join(kept))
    return text + name[len(stem) :]


def _harmless(word: str) -> bool:
    low = word.lower()
    if low.isdecimal():
        return len(low) <= LONGEST_NUMBER
    return len(low) <= 1 or low in MASK_WORDS | IMAGE_WORDS or tells_sequence(low)
