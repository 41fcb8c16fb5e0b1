"""What the leakage audit says of a split: which cases of two parts belong together, and what preparing looked at."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.data.leakage.evidence import NO_EVIDENCE, Evidence
from core.data.leakage.preparing import PreparingLeak
from core.data.splits import PARTS, Fold, Split

CHECKS = {
    "group": "no {word} stands in two parts of a fold",
    "content": "no channel's voxels stand in two parts",
    "study": "no DICOM study stands in two parts under two ids",
    "near-duplicate": "no slices of two parts look the same, whatever their noise, brightness, shifts and crops of a "
    "pixel or two (slices under 5 % foreground left out)",
    "preparing": "constants of preparing and boxes are those of the images alone, not of the reference masks",
}
_SAME = {"group": "the same patient", "content": "identical voxels", "study": "the same DICOM study"}
_FIXES = {
    "group": "make the split again: it keeps a patient's cases together",
    "content": "leave one of the two out, or import both as one patient, and make the split again",
    "study": "leave one of the two out, or import both as one patient, and make the split again",
    "near-duplicate": "look at both; leave one out or import both as one patient, and make the split again",
    "preparing": "import the cohort again",
}


@dataclass(frozen=True, slots=True)
class Leak:
    """One thing that stands in two parts of a fold, or one case whose preparing looked at its mask.

    Attributes:
        fold: which fold, or None where all of them leak.
        kind: a key of `CHECKS`.
        parts: the two parts; none for preparing.
        cases: one case of each part, or the one case.
        found: what was seen, where there is more to say than the kind does.
    """

    fold: int | None
    kind: str
    parts: tuple[str, ...]
    cases: tuple[str, ...]
    found: str = ""

    @property
    def sentence(self) -> str:
        """Say what was found, and what was expected."""
        if self.fold is None:
            return f"{self.cases[0]}: {self.found}; expected {self.expected}"
        first, second = (f"{case} ({part})" for case, part in zip(self.cases, self.parts, strict=True))
        return f"fold {self.fold}: {first} and {second} {self._what}; a split must keep them together"

    @property
    def expected(self) -> str:
        if self.kind == "preparing":
            return "what is measured over the head's box, wherever the mask is"
        return "different patients in different parts"

    @property
    def fix(self) -> str:
        """Say what to do."""
        return _FIXES[self.kind]

    @property
    def _what(self) -> str:
        return self.found or f"are {_SAME[self.kind]}"

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "fold": self.fold,
            "parts": list(self.parts),
            "cases": list(self.cases),
            "found": self.found if self.fold is None else self._what,
            "expected": self.expected,
            "fix": self.fix,
        }


@dataclass(frozen=True, slots=True)
class Audit:
    """What the audit looked at and found."""

    leaks: tuple[Leak, ...]
    cases: int
    groups: int
    group_kind: str
    split_sha256: str = ""
    evidence: Evidence = NO_EVIDENCE

    @property
    def clean(self) -> bool:
        return not self.leaks

    @property
    def checks(self) -> list[str]:
        """Say what was looked for, in sentences; what could not be looked at is left out."""
        word = "case" if self.group_kind == "unknown" else self.group_kind
        looked = [kind for kind in CHECKS if kind in ("group", "content") or kind in self.evidence.kinds]
        return [CHECKS[kind].format(word=word) for kind in looked]

    def of_fold(self, number: int) -> Audit:
        """Return what concerns one fold."""
        return replace(self, leaks=tuple(leak for leak in self.leaks if leak.fold in (number, None)))

    def to_json(self) -> dict[str, Any]:
        """Return the report; `sha256` is the hash of everything else in it."""
        report: dict[str, Any] = {
            "clean": self.clean,
            "cases": self.cases,
            "groups": self.groups,
            "group_kind": self.group_kind,
            "split_sha256": self.split_sha256,
            "checks": self.checks,
            "compared": self.evidence.compared,
            "leaks": [leak.sentence for leak in self.leaks],
            "findings": [leak.to_json() for leak in self.leaks],
        }
        report["sha256"] = hashlib.sha256(json.dumps(report, sort_keys=True).encode()).hexdigest()
        return report


def audit_for_card(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a checkpoint's card keeps of a report: its hash, what was looked for, and the leaks in sentences."""
    return {name: report[name] for name in ("sha256", "checks", "leaks")}


def audit_split(
    split: Split,
    groups: Mapping[str, str],
    content: Mapping[str, Mapping[str, str]],
    evidence: Evidence = NO_EVIDENCE,
) -> Audit:
    """Look for leaks in every fold of a split.

    Args:
        split: what to audit.
        groups: case id to group id.
        content: case id to its content hashes by channel.
        evidence: what is known of the cases' studies, looks and preparing.
    """
    used = {case for fold in split.folds for part in PARTS for case in fold.part(part)}
    leaks = [
        leak for number, fold in enumerate(split.folds) for leak in _leaks(number, fold, groups, content, evidence)
    ]
    leaks += [_of_preparing(leak) for leak in evidence.preparing if leak.case in used]
    digest = hashlib.sha256(json.dumps(split.to_json(), sort_keys=True).encode()).hexdigest()
    return Audit(tuple(leaks), len(groups), len(set(groups.values())), split.group_kind, digest, evidence)


def _leaks(
    number: int,
    fold: Fold,
    groups: Mapping[str, str],
    content: Mapping[str, Mapping[str, str]],
    evidence: Evidence,
) -> list[Leak]:
    keys: dict[str, Mapping[str, Iterable[str]]] = {
        "group": {case: [group] for case, group in groups.items()},
        "content": {case: list(hashes.values()) for case, hashes in content.items()},
        "study": evidence.studies,
    }
    found = []
    for parts in itertools.combinations(PARTS, 2):
        first, second = (fold.part(part) for part in parts)
        here: dict[tuple[str, str], Leak] = {}
        for kind, by_case in keys.items():
            for pair in _sharing(first, second, by_case):
                if kind != "study" or pair not in here:
                    here[pair] = Leak(number, kind, parts, pair)
                    found.append(here[pair])
        found += [
            Leak(number, "near-duplicate", parts, pair, alike.words(pair[0]))
            for alike in evidence.near_duplicates
            for pair in (alike.cases, alike.cases[::-1])
            if pair[0] in first and pair[1] in second and pair not in here
        ]
    return found


def _sharing(first: Iterable[str], second: Iterable[str], keys: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """Return each case of the second part that shares a key with one of the first, with the last of those."""
    seen = {key: case for case in first for key in keys.get(case, ())}
    matches = ((case, next((seen[key] for key in keys.get(case, ()) if key in seen), None)) for case in second)
    return [(match, case) for case, match in matches if match is not None]


def _of_preparing(leak: PreparingLeak) -> Leak:
    return Leak(None, "preparing", (), (leak.case,), leak.found)
