"""Masks stored as real numbers: whole, nearly whole, probabilities, or no labels at all."""

from __future__ import annotations

import numpy as np

from core.data.refusal import Finding, InputRefusedError
from core.volume import Array

LABEL_TOLERANCE = 1e-3  # labels may be off by rounding, such as 0.9999, not by more
LARGEST = 2**31  # beyond it are no labels, and no integers that a cast could be trusted with
NO_NEIGHBOURS = "export the mask again, or resample it with nearest neighbour"


def whole_labels(values: Array) -> tuple[Array, tuple[Finding, ...]]:
    """Return a mask's numbers as whole ones, with a warning where they had to be rounded.

    Args:
        values: any real dtype, any shape.

    Returns:
        `values` itself where its dtype is an integer's, else the nearest whole numbers; and the findings.

    Raises:
        InputRefusedError: the numbers are not finite, are probabilities, or are no labels otherwise.
    """
    if np.issubdtype(values.dtype, np.integer):
        return values, ()
    unknown = 1.0 - float(np.isfinite(values).mean()) if values.size else 0.0
    if unknown:
        raise _refused("not_finite", f"a mask of which {unknown:.2%} is NaN or infinite", "export the mask again")
    whole = np.rint(values)
    off = np.abs(values - whole)
    worst = float(off.max(initial=0))
    if worst > LABEL_TOLERANCE or float(np.abs(whole).max(initial=0)) > LARGEST:
        raise _not_whole(values, float((off > LABEL_TOLERANCE).mean()))
    if not worst:
        return whole, ()
    found = f"labels stored as real numbers, off by up to {worst:.1g}, in {np.count_nonzero(off) / off.size:.2%} of it"
    fix = "they are rounded to the nearest; store masks as integers"
    return whole, (Finding("warning", "labels_rounded", "", "", found, "whole numbers", fix),)


def _not_whole(values: Array, share: float) -> InputRefusedError:
    low, high = float(values.min()), float(values.max())
    span = f"values from {low:.4g} to {high:.4g}, of which {share:.2%} are not whole"
    if low >= -LABEL_TOLERANCE and high <= 1 + LABEL_TOLERANCE:
        return _refused("probability_map", f"{span}: probabilities, or an interpolated mask", "threshold it at 0.5")
    return _refused("not_labels", span, NO_NEIGHBOURS)


def _refused(code: str, found: str, fix: str) -> InputRefusedError:
    return InputRefusedError(Finding("error", code, "", "", found, "a mask of labels, as whole numbers", fix))
