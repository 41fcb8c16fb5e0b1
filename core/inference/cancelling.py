"""Progress that is told, and a wish to stop that comes back with it."""

from __future__ import annotations

from collections.abc import Callable

from core.errors import Cancelled

# slices done, of how many; True asks to stop, and so may raising `Cancelled`
OnSlices = Callable[[int, int], bool | None]
# what is being done, how many steps are done, and of how many; answers as `OnSlices`
OnStep = Callable[[str, int, int], bool | None]


def tell(on_slices: OnSlices, done: int, total: int) -> None:
    """Tell how far a prediction is.

    Raises:
        Cancelled: the listener asks to stop.
    """
    if on_slices(done, total):
        raise Cancelled(f"cancelled after {done} of {total} slices")


def tell_step(on_step: OnStep, what: str, done: int, total: int) -> None:
    """Tell what is done next.

    Raises:
        Cancelled: the listener asks to stop.
    """
    if on_step(what, done, total):
        raise Cancelled(f"cancelled before: {what}")
