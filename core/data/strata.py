"""What a split can be balanced by: groups of cases carry labels, and every part gets its share of each.

Labels are spread one by one, the rarest first, so that a handful of patients can be balanced by several things at
once, where strata of every combination would hold one patient each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from core.data.subgroup_axes import TOLD, axes_of
from core.errors import RefusedError

Labels = frozenset[tuple[str, str]]

TUMOUR_VOLUME = "tumour_volume"
CLASSES = "classes"
_HAS = "has_"
_SHOWN = 3  # cases that a sentence names
_DECIMALS = 9  # shares that are equal on paper must tie


class MissingFactError(RefusedError):
    """A cohort does not know what its cases shall be grouped by; the message says what to do."""


def strata_names(regions: Sequence[str]) -> tuple[str, ...]:
    """Return what a cohort with these regions can be stratified by."""
    return (*TOLD, TUMOUR_VOLUME, *(f"{_HAS}{region}" for region in regions), CLASSES)


def labels_of(
    facts: Mapping[str, Mapping[str, Any]], names: Sequence[str], regions: Sequence[str]
) -> dict[str, Labels]:
    """Return the labels of each case.

    Args:
        facts: case id to what the import kept of it.
        names: out of `strata_names`.
        regions: of the cohort's scheme; the first one's volume is the tumour's.

    Raises:
        MissingFactError: a name is none of them, or is not known of every case.
    """
    known = strata_names(regions)
    if wrong := [name for name in names if name not in known]:
        raise MissingFactError(f"cannot stratify by {', '.join(wrong)}; this cohort can by {', '.join(known)}")
    axes = axes_of(facts, regions[0])
    found: dict[str, set[tuple[str, str]]] = {case: set() for case in facts}
    for name in names:
        values = {case: _values(name, each, axes[case], regions) for case, each in facts.items()}
        require_known({case: None if value is None else "known" for case, value in values.items()}, name)
        for case, of_case in values.items():
            found[case] |= {(name, value) for value in of_case or ()}
    return {case: frozenset(labels) for case, labels in found.items()}


def require_known(values: Mapping[str, str | None], name: str) -> dict[str, str]:
    """Return `values` if every case has one.

    Raises:
        MissingFactError: a case has none; the message says which, and where facts come from.
    """
    if missing := [case for case, value in values.items() if value is None]:
        shown = ", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
        told = name in TOLD
        fix = (
            f"tell it in a file with the columns case,{name}: facts COHORT FILE.csv"
            if told
            else "it is measured on the reference mask of each case, in ml: import references, or leave it out"
        )
        raise MissingFactError(f"{name} is not known of {len(missing)} of {len(values)} cases ({shown}); {fix}")
    return {case: value for case, value in values.items() if value is not None}


def allot(order: Sequence[str], sizes: Sequence[int], labels: Mapping[str, Labels]) -> list[list[str]]:
    """Spread names over parts of given sizes so that each part gets its share of every label.

    Args:
        order: the names; those that come first are placed first.
        sizes: how many each part takes; they sum to all.
        labels: of each name.

    Returns:
        The names of each part.

    Reference:
        K. Sechidis, G. Tsoumakas and I. Vlahavas, On the stratification of multi-label data, ECML PKDD 2011
        (iterative stratification; here the parts' sizes are kept exactly).
    """
    parts: list[list[str]] = [[] for _ in sizes]
    count = Counter(label for name in order for label in labels[name])
    wanted = [{label: count[label] * size / len(order) for label in count} for size in sizes]
    waiting = list(order)
    while waiting:
        left = Counter(label for name in waiting for label in labels[name])
        rarest = min(left, key=lambda label: (left[label], label)) if left else None
        for name in [name for name in waiting if rarest is None or rarest in labels[name]]:
            part = _neediest(rarest, wanted, [size - len(part) for size, part in zip(sizes, parts, strict=True)])
            parts[part].append(name)
            waiting.remove(name)
            for label in labels[name]:
                wanted[part][label] -= 1
    return parts


def _neediest(
    label: tuple[str, str] | None, wanted: Sequence[Mapping[tuple[str, str], float]], room: Sequence[int]
) -> int:
    """Return the part with room that lacks most of a label, among equals the one with most room, then the first."""
    needs = [0.0 if label is None else round(each[label], _DECIMALS) for each in wanted]
    return max((part for part in range(len(room)) if room[part]), key=lambda part: (needs[part], room[part], -part))


def _values(
    name: str, facts: Mapping[str, Any], axes: Mapping[str, str | None], regions: Sequence[str]
) -> list[str] | None:
    """Return what a case is by one name, None where that is not known."""
    if name in TOLD:
        value = axes[name]
        return None if value is None else [value]
    if name == TUMOUR_VOLUME:
        size = axes["tumour_size"]
        return None if size is None else [size]
    voxels = facts.get("reference_voxels") or facts.get("volumes_ml")  # cohorts of earlier versions hold ml alone
    if voxels is None:
        return None
    if name == CLASSES:
        return [region for region in regions if voxels.get(region)]
    return ["yes" if voxels.get(name.removeprefix(_HAS)) else "no"]
