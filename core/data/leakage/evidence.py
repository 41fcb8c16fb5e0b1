"""What the audit knows of a cohort besides its groups and hashes; the costly part is kept, so that asking is cheap."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.atomic import read_json, write_json
from core.case import Case
from core.data.leakage.fingerprints import fingerprint, stamp
from core.data.leakage.near_duplicates import NearDuplicate, near_duplicates
from core.data.leakage.preparing import PreparingLeak, preparing_leak

STUDY_KEYS = ("StudyInstanceUID", "SeriesInstanceUID")
VERSION = 1  # goes up when what is kept changes its meaning

OnCase = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of cases, whichever split they are in.

    Attributes:
        kinds: which of the audit's checks this is for.
        near_duplicates: cases of different groups with slices that look the same.
        preparing: cases whose preparing looked at the mask.
        studies: case id to hashes of the DICOM studies and series it came from; never the identifiers themselves.
        compared: `slices` and `cases` that were compared, and the cases `not_compared`.
    """

    kinds: tuple[str, ...] = ()
    near_duplicates: tuple[NearDuplicate, ...] = ()
    preparing: tuple[PreparingLeak, ...] = ()
    studies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    compared: Mapping[str, Any] = field(default_factory=dict)


NO_EVIDENCE = Evidence()


def gather_evidence(
    cases: Iterable[Case],
    store: Callable[[str], Path],
    private: Callable[[str], Path],
    kept: Path,
    on_case: OnCase = lambda _case, _done, _total: None,
) -> Evidence:
    """Return what is known of a cohort's cases, looking only at what has changed since it was asked before.

    Args:
        cases: of the cohort.
        store: where the slice store keeps a case.
        private: where the identifiers of a case's DICOM source are.
        kept: the file where pairs of near-duplicates are kept from one audit to the next.
        on_case: told which case is looked at, how many are done, and of how many.
    """
    listed = {case.case_id: case for case in cases}
    stamps = {case: made for case in listed if (made := stamp(store(case))) is not None}
    known = _read(kept)
    found = _alike(known, stamps, {case: listed[case].group_id for case in stamps}, store, on_case)
    found["preparing"] = {case: _prepared(known, store(case), listed[case], stamps[case]) for case in stamps}
    if found != known:
        with contextlib.suppress(OSError):  # a workspace that cannot be written is audited all the same
            write_json(kept, found)
    return Evidence(
        kinds=("study", "near-duplicate", "preparing"),
        near_duplicates=tuple(_pair(pair) for pair in found["pairs"]),
        preparing=tuple(PreparingLeak(case, says) for case, (_, says) in found["preparing"].items() if says),
        studies={case: hashes for case in listed if (hashes := _studies(private(case)))},
        compared={
            "slices": found["slices"],
            "cases": len(stamps),
            "not_compared": [case for case in listed if case not in stamps],
        },
    )


def _read(kept: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = read_json(kept)
    except (OSError, ValueError):
        return {}
    return found if found.get("version") == VERSION else {}


def _alike(
    known: Mapping[str, Any],
    stamps: Mapping[str, str],
    groups: Mapping[str, str],
    store: Callable[[str], Path],
    on_case: OnCase,
) -> dict[str, Any]:
    """Return the pairs of near-duplicates, found again where a case or its group is not what it was."""
    told = json.dumps([[case, groups[case], stamps[case]] for case in sorted(stamps)])
    key = hashlib.sha256(told.encode()).hexdigest()
    if known.get("key") == key:
        return {name: known[name] for name in ("version", "key", "slices", "pairs")}
    prints = {}
    for number, case in enumerate(stamps, 1):
        prints[case] = fingerprint(store(case))
        on_case(case, number, len(stamps))
    return {
        "version": VERSION,
        "key": key,
        "slices": sum(len(each.positions) for each in prints.values()),
        "pairs": [_pair_json(pair) for pair in near_duplicates(prints, groups)],
    }


def _prepared(known: Mapping[str, Any], folder: Path, case: Case, made: str) -> list[str | None]:
    """Return what was looked at, and what preparing looked at besides the image, or None."""
    stat = (folder / "prepared.json").stat()
    looked_at = f"{made}; prepared.json {stat.st_size} {stat.st_mtime_ns}"
    before: list[str | None] = known.get("preparing", {}).get(case.case_id, [None, None])
    if before[0] == looked_at:
        return before
    leak = preparing_leak(folder, case, fingerprint(folder))
    return [looked_at, leak.found if leak else None]


def _studies(path: Path) -> tuple[str, ...]:
    """Return hashes of the studies and series that a case's sequences came from."""
    try:
        by_sequence: dict[str, dict[str, list[str]]] = read_json(path)
    except (OSError, ValueError):
        return ()
    uids = {uid for said in by_sequence.values() for key in STUDY_KEYS for uid in said.get(key, ())}
    return tuple(sorted(hashlib.sha256(uid.encode()).hexdigest() for uid in uids))


def _pair_json(pair: NearDuplicate) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(pair).items()}


def _pair(data: Mapping[str, Any]) -> NearDuplicate:
    (one, other), (first, second) = data["cases"], data["example"]
    return NearDuplicate((one, other), data["slices"], (first, second), data["correlation"], tuple(data["channels"]))
