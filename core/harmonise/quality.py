"""Whether a study was harmonised well enough to be segmented; every doubt is a sentence, every error refuses.

The bars are set where the failures they stand for begin: see each constant. On the clinical study that comes with
the benchmarks every measure is far on the good side of its bar.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.data.refusal import Finding, Severity
from core.harmonise.head import Mask
from core.harmonise.register import DISPLACED_MM, Alignment

# from the smallest brains of adults and children of two years up to the largest measured, with room for masks that
# hold the sulci's fluid; Allen et al., "Normal neuroanatomical variation in the human brain", AJPA 118 (2002)
BRAIN_ML = (800.0, 2200.0)
MOST_CUT = 0.25  # area on one face of the field of view / largest section along that axis; a brain stem is below 0.1
LEAST_AGREEMENT = 0.9  # Dice of the brains found in two series; well-aligned series agree to 0.97 and more
LEAST_IN_ONE_PIECE = 0.95
MOST_TURNED_DEGREES = 45.0  # no head coil lets a head turn further
LEAST_HEAD_OVERLAP = 0.85  # Dice; two series of one head, aligned, reach 0.95
MOST_BY_CHANCE = 0.9  # mutual information 15 mm off / aligned: a peak stands out, chance does not
MISSING_WARNED, MISSING_REFUSED = 0.02, 0.15  # share of the brain that a series does not reach
MOST_REFERENCE_CHANGE = 0.1  # share of the reference's volume

EXTRACT_ELSEWHERE = "extract the brain with another tool and import the result without strip"
ALIGN_ELSEWHERE = "check that the series are of one patient, or align them with another tool and import the result"


def check_alignment(series: str, fixed: str, alignment: Alignment) -> list[Finding]:
    """Judge how one series was laid on the fixed one."""
    findings = []
    if alignment.turned_degrees > MOST_TURNED_DEGREES:
        found = f"{series} turned by {alignment.turned_degrees:.0f} degrees to fit {fixed}"
        expected = f"at most {MOST_TURNED_DEGREES:.0f} degrees between two series of one visit"
        findings.append(_finding("registration_turned", found, expected, ALIGN_ELSEWHERE))
    if alignment.head_overlap < LEAST_HEAD_OVERLAP:
        found = f"the heads in {series} and {fixed} overlapping at Dice {alignment.head_overlap:.2f} once aligned"
        findings.append(
            _finding("registration_heads", found, f"at least {LEAST_HEAD_OVERLAP} for one head", ALIGN_ELSEWHERE)
        )
    by_chance = alignment.information_displaced / alignment.information if alignment.information > 0 else 1.0
    if by_chance > MOST_BY_CHANCE:
        found = f"{series} fitting {fixed} hardly better ({alignment.information:.2f} nats of mutual information) "
        found += f"than {DISPLACED_MM:.0f} mm away ({alignment.information_displaced:.2f})"
        findings.append(_finding("registration_weak", found, "a clear best position", ALIGN_ELSEWHERE))
    return findings


def check_brain(brain: Mask, in_one_piece: float, voxel_ml: float) -> list[Finding]:
    """Judge the brain that was found.

    Args:
        brain: (X, Y, Z) bool; an empty one is refused for its volume.
        in_one_piece: share of the likely voxels that it holds.
        voxel_ml: volume of one voxel.
    """
    findings = []
    volume_ml, (least, most) = float(brain.sum()) * voxel_ml, BRAIN_ML
    if not least <= volume_ml <= most:
        found, expected = f"a brain of {volume_ml:,.0f} ml", f"{least:,.0f} to {most:,.0f} ml"
        findings.append(_finding("brain_volume", found, expected, EXTRACT_ELSEWHERE))
    if 0 < in_one_piece < LEAST_IN_ONE_PIECE:
        found = f"a brain in pieces, the largest of them {in_one_piece:.0%} of the whole"
        findings.append(_finding("brain_pieces", found, "one piece", EXTRACT_ELSEWHERE))
    cut, face = largest_cut(brain)
    if cut > MOST_CUT:
        found = f"a brain cut off by the {face} end of the field of view ({cut:.0%} of its largest section lies there)"
        fix = "choose a fixed series that covers the whole brain"
        findings.append(_finding("brain_cut", found, f"at most {MOST_CUT:.0%}, as for a brain stem", fix))
    return findings


def check_agreement(brains: Mapping[str, Mask]) -> list[Finding]:
    """Judge the brains found in the fixed series and in a second one, each (X, Y, Z) bool on the common grid."""
    (one, first), (other, second) = brains.items()
    agreement = dice(first, second)
    if agreement >= LEAST_AGREEMENT:
        return []
    found = f"the brains found in {one} and {other} agreeing at Dice {agreement:.2f} only"
    fix = f"register the series if they are not aligned, or {EXTRACT_ELSEWHERE}"
    return [_finding("brain_disagrees", found, f"at least {LEAST_AGREEMENT}", fix)]


def check_reach(series: str, missing: float, what: str) -> list[Finding]:
    """Judge how much of the brain, or of the fixed series, a series does not reach."""
    if missing <= MISSING_WARNED:
        return []
    severity: Severity = "error" if missing > MISSING_REFUSED else "warning"
    found, expected = f"{missing:.0%} of {what} outside {series}", "series that cover the whole brain"
    fix = "choose another fixed series, or leave this one out"
    return [_finding("series_short", found, expected, fix, severity)]


def check_reference(before_ml: float, after_ml: float) -> list[Finding]:
    """Judge whether the reference survived; an empty one does."""
    change = abs(after_ml - before_ml) / before_ml if before_ml else 0.0
    if change <= MOST_REFERENCE_CHANGE:
        return []
    found = f"a reference of {before_ml:.1f} ml that became {after_ml:.1f} ml on the common grid"
    fix = "choose a finer spacing, or the series it was drawn on as the fixed one"
    return [_finding("reference_changed", found, f"a change of at most {MOST_REFERENCE_CHANGE:.0%}", fix)]


def already_stripped(fixed: str) -> Finding:
    """Say that there was no skull to remove."""
    fix = "nothing to do: its brain was kept as it is"
    return _finding(
        "already_stripped", f"a brain and nothing else in {fixed}", "a head to find the brain in", fix, "note"
    )


def reference_off_grid() -> Finding:
    """Say that nobody knows which series a reference was drawn on."""
    found, expected = "a reference on a grid that none of the series has", "the grid of the series it was drawn on"
    fix = "bring it onto that series's grid first, or resample by the headers without register"
    return _finding("reference_off_grid", found, expected, fix)


def dice(a: Mask, b: Mask) -> float:
    """Return 2 |A and B| / (|A| + |B|); two empty masks agree fully.

    Reference: Dice, "Measures of the amount of ecologic association between species", Ecology 26 (1945).
    """
    total = int(np.count_nonzero(a)) + int(np.count_nonzero(b))
    return 2 * int(np.count_nonzero(a & b)) / total if total else 1.0


def largest_cut(brain: Mask) -> tuple[float, str]:
    """Return the largest area on a face of the grid / largest section along that axis, and that face's name.

    An empty mask is not cut: 0.
    """
    faces = (("left", "right"), ("back", "front"), ("lower", "upper"))
    cuts = []
    for axis, names in enumerate(faces):
        areas = brain.sum(axis=tuple(other for other in range(3) if other != axis))
        most = max(int(areas.max()), 1)
        cuts += [(int(areas[end]) / most, name) for end, name in zip((0, -1), names, strict=True)]
    return max(cuts, key=lambda cut: cut[0])


def _finding(code: str, found: str, expected: str, fix: str, severity: Severity = "error") -> Finding:
    return Finding(severity, code, "", "", found, expected, fix)
