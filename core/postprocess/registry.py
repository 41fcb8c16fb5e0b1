"""The plug-in list of steps."""

from __future__ import annotations

from core.errors import RefusedError
from core.postprocess.closing import CLOSING
from core.postprocess.fill_holes import FILL_HOLES
from core.postprocess.largest_component import LARGEST_COMPONENT
from core.postprocess.opening import OPENING
from core.postprocess.region_consistency import REGION_CONSISTENCY
from core.postprocess.smallest_component import SMALLEST_COMPONENT
from core.postprocess.spec import StepSpec
from core.registry import look_up

POSTPROCESS: dict[str, StepSpec] = {
    "smallest_component": SMALLEST_COMPONENT,
    "largest_component": LARGEST_COMPONENT,
    "fill_holes": FILL_HOLES,
    "opening": OPENING,
    "closing": CLOSING,
    "region_consistency": REGION_CONSISTENCY,
}


class UnknownStepError(RefusedError):
    """A step name that is not one of `POSTPROCESS`."""


def step_named(name: str) -> StepSpec:
    """Return the step called `name`.

    Raises:
        UnknownStepError: no such step; the message lists the known ones.
    """
    return look_up(POSTPROCESS, name, "post-processing step", UnknownStepError)
