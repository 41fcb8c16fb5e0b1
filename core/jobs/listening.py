"""Whom to tell how far a segmentation is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.inference.cancelling import OnSlices, OnStep

if TYPE_CHECKING:
    from core.jobs.mask_files import Found
    from core.jobs.ready_case import RawStudy, ReadyCase


def quiet(*_told: Any) -> None:
    """Hear of something and say nothing."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Whom to tell how far the work is; the first two may ask to stop.

    Attributes:
        on_step: told each step as it happens.
        on_slices: told how many slices of how many are done.
        on_ready: given the case once it is on one grid, before it is segmented.
        on_found: given the case and each checkpoint's mask, before it is written.
        on_raw: given a study as the scanner left it, before it is brought onto one grid.
    """

    on_step: OnStep = quiet
    on_slices: OnSlices = quiet
    on_ready: Callable[[ReadyCase], None] = quiet
    on_found: Callable[[ReadyCase, Found], None] = quiet
    on_raw: Callable[[RawStudy], None] = quiet


NOBODY = Listener()
