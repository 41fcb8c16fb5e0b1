"""Masks that may overlap become one label map, or the refusal says where one label map cannot hold them.

A label map gives each voxel one label. Masks that lie within each other survive that: the inner is painted
over the outer, and a region of both labels is the outer one again. Masks that overlap in part lose voxels.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from core.data.formats.findings import refusal, warning
from core.data.refusal import Finding
from core.labels import listed
from core.volume import Array

Voxels = npt.NDArray[np.uint32]
Inside = Mapping[int, frozenset[int]]

WITHIN = 0.99  # a mask lies within another when this share of it does
MAX_LOST = 0.01  # of any one mask that another may cover


def paint(shape: tuple[int, int, int], masks: Mapping[int, Voxels], what: str) -> tuple[Array, tuple[Finding, ...]]:
    """Paint masks into one label map, inner ones over outer ones, else higher labels over lower ones.

    Args:
        shape: (I, J, K) of the label map, at most 2^32 voxels.
        masks: label to the sorted flat voxel indices of its mask, each once; a mask may be empty.
        what: what a mask is called in a sentence, such as `segment`.

    Returns:
        The label map (uint8, or uint16 for labels above 255), and warnings about masks that overlap.

    Raises:
        InputRefusedError: another mask covers more than 1 % of one, and neither lies within the other.
    """
    labels = np.zeros(int(np.prod(shape)), np.min_scalar_type(max(masks, default=0)))
    for label in sorted(masks):
        labels[masks[label]] = label
    if np.count_nonzero(labels) == sum(mask.size for mask in masks.values()):
        return labels.reshape(shape), ()
    inside = _inside(masks, labels.size)
    for label in _outer_first(inside):
        labels[masks[label]] = label
    return labels.reshape(shape), tuple(_findings(masks, labels, inside, what))


def _inside(masks: Mapping[int, Voxels], size: int) -> Inside:
    """Return for each mask the smaller masks that lie within it."""
    inside = {}
    marked = np.zeros(size, np.bool_)
    for outer, mask in masks.items():
        marked[mask] = True
        inside[outer] = frozenset(
            inner
            for inner, other in masks.items()
            if 0 < other.size < mask.size
            and mask[0] <= other[-1]
            and other[0] <= mask[-1]
            and np.count_nonzero(marked[other]) >= WITHIN * other.size
        )
        marked[mask] = False
    return inside


def _outer_first(inside: Inside) -> list[int]:
    """Order masks so that none comes before one it lies within, else by their labels."""
    left, order = sorted(inside), []
    while left:
        # a mask is smaller than those around it, so there is always one that lies in no other
        ready = next(label for label in left if not any(label in inside[other] for other in left))
        left.remove(ready)
        order.append(ready)
    return order


def _findings(masks: Mapping[int, Voxels], labels: Array, inside: Inside, what: str) -> list[Finding]:
    lost = {
        label: np.count_nonzero(np.isin(labels[mask], [label, *inside[label]], invert=True)) / mask.size
        for label, mask in masks.items()
        if mask.size
    }
    worst = max(lost, key=lambda label: lost[label])
    some = tuple(sorted(label for label, share in lost.items() if share > 0))
    covered = f"{what}s that overlap: others cover up to {lost[worst]:.2%} of one ({what} {listed(some)})"
    if lost[worst] > MAX_LOST:
        fix = f"export the mask again with only the {what}s to be learnt, or one file for each"
        raise refusal(
            "overlapping_masks", covered, "masks beside or within each other, as one label map holds them", fix
        )
    findings = []
    if some:
        fix = "the higher number, or the inner mask, was kept; look at the mask"
        findings.append(warning("overlapping_masks", covered, "masks beside or within each other", fix))
    if outer := tuple(sorted(label for label, within in inside.items() if within)):
        found = f"{what}s that hold others ({what} {listed(outer)})"
        fix = "label values of these are what is left around the others; join them again as a region of a scheme file"
        findings.append(warning("nested_masks", found, "masks beside each other", fix))
    return findings
