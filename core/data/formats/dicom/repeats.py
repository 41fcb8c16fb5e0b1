"""Several planes at one position: echoes, phases, b-values or time points, told apart, or refused."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from core.data.formats.dicom.frames import Frame
from core.data.formats.dicom.geometry import Directions, positions
from core.data.formats.findings import refusal, warning
from core.data.refusal import Finding

SAME_POSITION_MM = 0.01
MOST_VALUES = 6  # values of an attribute that a sentence lists

Stack = list[Frame]


def split_repeats(frames: Stack, turned: Directions, findings: list[Finding]) -> list[Stack]:
    """Sort planes along the normal into one stack, or one for each echo, b-value, time point ...

    Raises:
        InputRefusedError: positions are taken twice, and nothing tells the planes apart.
    """
    places = _by_place(frames, turned)
    counts = sorted({len(place) for place in places})
    if counts == [1]:
        return [[place[0] for place in places]]
    if len(places) == 1:
        found = f"{len(frames)} slices at one position"
        fix = "choose one of them, or another series: a film of one slice is no volume"
        raise refusal("one_position", found, "slices side by side", fix)
    if len(counts) > 1:
        doubled = sum(len(place) > 1 for place in places)
        found = f"{doubled} of {len(places)} positions taken by {counts[-1]} slices, others by {counts[0]}"
        fix = "remove the slices that are there twice, or export the series again"
        raise refusal("duplicate_positions", found, "as many slices at each position", fix)
    stacks, how = _told_apart(places) or _in_turn(places)
    found = f"{counts[0]} slices at each of {len(places)} positions, told apart by {how}"
    fix = f"they were split into {counts[0]} images, of which the first is taken unless another is chosen"
    findings.append(warning("several_images", found, "one slice at each position", fix))
    return stacks


def _by_place(frames: Stack, turned: Directions) -> list[Stack]:
    """Group planes by where along the normal they lie, in that order."""
    along = positions(frames) @ turned.normal
    order = np.argsort(along, kind="stable")
    new = np.diff(along[order], prepend=-np.inf) > SAME_POSITION_MM
    places: list[Stack] = []
    for index, begins in zip(order, new, strict=True):
        if begins:
            places.append([])
        places[-1].append(frames[int(index)])
    return places


def _told_apart(places: list[Stack]) -> tuple[list[Stack], str] | None:
    """Split by the attributes that take each of their values once at every position, or return None."""
    names = sorted({name for place in places for frame in place for name, _ in frame.told_apart})
    telling = [name for name in names if _tells(name, places)]
    if not telling:
        return None
    keys = [{_values(frame, telling): frame for frame in sorted(place, key=_instance)} for place in places]
    if any(len(key) < len(place) or set(key) != set(keys[0]) for key, place in zip(keys, places, strict=True)):
        return None
    order = sorted(keys[0], key=lambda key: _instance(keys[0][key]))
    said = "; ".join(f"{name} {_listed([key[at] for key in order])}" for at, name in enumerate(telling))
    return [[key[value] for key in keys] for value in order], said


def _tells(name: str, places: list[Stack]) -> bool:
    """Whether an attribute takes the same values, more than one, at every position."""
    taken = {tuple(sorted({_value(frame, name) for frame in place})) for place in places}
    return len(taken) == 1 and len(next(iter(taken))) > 1


def _value(frame: Frame, name: str) -> str:
    return next((value for said, value in frame.told_apart if said == name), "")


def _values(frame: Frame, names: list[str]) -> tuple[str, ...]:
    return tuple(_value(frame, name) for name in names)


def _listed(values: list[str]) -> str:
    unique = list(dict.fromkeys(values))
    # what a maker writes as a kind is not shown
    if not all(value.replace(".", "").replace("-", "").replace("e+", "").isdigit() for value in unique):
        return f"({len(unique)} kinds)"
    more = f" and {len(unique) - MOST_VALUES} more" if len(unique) > MOST_VALUES else ""
    return ", ".join(unique[:MOST_VALUES]) + more


def _in_turn(places: list[Stack]) -> tuple[list[Stack], str]:
    """Split by the scanner's numbering.

    Raises:
        InputRefusedError: slices at one position have the same number.
    """
    repeats: dict[int, Stack] = defaultdict(list)
    for place in places:
        if len({_instance(frame) for frame in place}) < len(place):
            found = f"{len(place)} slices at each of {len(places)} positions, and nothing that tells them apart"
            fix = "remove the slices that are there twice, or export the series again"
            raise refusal("duplicate_positions", found, "one slice at each position", fix)
        for turn, frame in enumerate(sorted(place, key=_instance)):
            repeats[turn].append(frame)
    return list(repeats.values()), "the scanner's numbering only"


def _instance(frame: Frame) -> int:
    return frame.instance
