"""The leakage audit: does anything of one part of a split stand in another?"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.data.splits import PARTS, Fold, Split


@dataclass(frozen=True, slots=True)
class Leak:
    """One thing that stands in two parts of a fold."""

    fold: int
    kind: str  # "group" or "content"
    parts: tuple[str, str]
    cases: tuple[str, str]

    @property
    def sentence(self) -> str:
        what = "the same patient" if self.kind == "group" else "identical voxels"
        return (
            f"fold {self.fold}: {self.cases[0]} ({self.parts[0]}) and {self.cases[1]} ({self.parts[1]}) are {what}; "
            "a split must keep them together"
        )


@dataclass(frozen=True, slots=True)
class Audit:
    """What the audit looked at and found."""

    leaks: tuple[Leak, ...]
    cases: int
    groups: int
    group_kind: str

    @property
    def clean(self) -> bool:
        return not self.leaks

    def to_json(self) -> dict[str, Any]:
        """Return the report; `sha256` is the hash of everything else in it."""
        report: dict[str, Any] = {
            "clean": self.clean,
            "cases": self.cases,
            "groups": self.groups,
            "group_kind": self.group_kind,
            "checks": ["groups are disjoint between parts", "no channel's voxels stand in two parts"],
            "leaks": [leak.sentence for leak in self.leaks],
        }
        report["sha256"] = hashlib.sha256(json.dumps(report, sort_keys=True).encode()).hexdigest()
        return report


def audit_split(split: Split, groups: Mapping[str, str], content: Mapping[str, Mapping[str, str]]) -> Audit:
    """Look for leaks in every fold of a split.

    Args:
        split: what to audit.
        groups: case id to group id.
        content: case id to its content hashes by channel.
    """
    leaks = [leak for number, fold in enumerate(split.folds) for leak in _leaks(number, fold, groups, content)]
    return Audit(tuple(leaks), len(groups), len(set(groups.values())), split.group_kind)


def _leaks(number: int, fold: Fold, groups: Mapping[str, str], content: Mapping[str, Mapping[str, str]]) -> list[Leak]:
    found = []
    for first, second in itertools.combinations(PARTS, 2):
        for kind, keys in (("group", _group_keys(groups)), ("content", _content_keys(content))):
            seen = {key: case for case in fold.part(first) for key in keys.get(case, ())}
            for case in fold.part(second):
                match = next((seen[key] for key in keys.get(case, ()) if key in seen), None)
                if match is not None:
                    found.append(Leak(number, kind, (first, second), (match, case)))
    return found


def _group_keys(groups: Mapping[str, str]) -> dict[str, list[str]]:
    return {case: [group] for case, group in groups.items()}


def _content_keys(content: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    return {case: list(hashes.values()) for case, hashes in content.items()}
