"""What follows the thresholds: steps that clean a mask up. A new one is one file here and a line in `POSTPROCESS`."""

from core.postprocess.clean import clean
from core.postprocess.registry import POSTPROCESS, UnknownStepError, step_named
from core.postprocess.spec import Bits, Spacing, StepSpec
from core.postprocess.step import Step, StepError, check_steps, clean_up_words

__all__ = [
    "POSTPROCESS",
    "Bits",
    "Spacing",
    "Step",
    "StepError",
    "StepSpec",
    "UnknownStepError",
    "check_steps",
    "clean",
    "clean_up_words",
    "step_named",
]
