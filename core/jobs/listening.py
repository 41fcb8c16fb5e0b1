"""Whom to tell how far a segmentation is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.inference.cancelling import OnSlices, OnStep


def quiet(*_told: Any) -> None:
    """Hear of something and say nothing."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Whom to tell how far the work is; both may ask to stop.

    Attributes:
        on_step: told each step as it happens.
        on_slices: told how many slices of how many are done.
    """

    on_step: OnStep = quiet
    on_slices: OnSlices = quiet


NOBODY = Listener()
