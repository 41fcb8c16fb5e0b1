"""One step as a recipe or a card writes it: which, for which regions, with what arguments."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.arguments import Arguments
from core.errors import RefusedError
from core.labels import LabelScheme
from core.postprocess.registry import step_named
from core.postprocess.spec import StepSpec


class StepError(RefusedError):
    """A step is for regions that are not there, or not one inside the other."""


class Step(BaseModel):
    """One step of a clean-up; what is left out of its arguments is filled in, so that a card says all of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="One of `POSTPROCESS`.")
    regions: tuple[str, ...] = Field((), description="Which regions it is for, in this order; none listed means all.")
    arguments: dict[str, Any] = Field(default_factory=dict)

    @field_validator("regions")
    @classmethod
    def _each_once(cls, regions: tuple[str, ...]) -> tuple[str, ...]:
        if twice := [name for number, name in enumerate(regions) if name in regions[:number]]:
            raise ValueError(f"{twice[0]} is listed twice; name each region once")
        return regions

    @model_validator(mode="after")
    def _arguments_in_full(self) -> Self:
        # what is None has no say, so that an argument that a step gains later leaves ids alone
        whole = self.parsed.model_dump(mode="json", exclude_none=True)
        self.arguments.clear()
        self.arguments.update(whole)
        return self

    @property
    def spec(self) -> StepSpec:
        """What the registry knows of it."""
        return step_named(self.name)

    @property
    def parsed(self) -> Arguments:
        """Its arguments, validated."""
        return self.spec.parse(self.arguments)

    def chosen(self, regions: Sequence[str]) -> tuple[int, ...]:
        """Return the bits that it is for, in its own order; a region that is not among `regions` has none."""
        return tuple(regions.index(name) for name in self.regions or regions if name in regions)

    def __hash__(self) -> int:
        return hash((self.name, self.regions, tuple(sorted(self.arguments.items()))))


def check_steps(steps: Sequence[Step], regions: Sequence[str], scheme: LabelScheme | None = None) -> None:
    """Refuse steps that do not fit the regions of a model.

    Args:
        steps: in order.
        regions: what the model predicts.
        scheme: which labels are in each region, where that is known.

    Raises:
        StepError: a step names a region that the model has not, or takes regions for nested that are not.
    """
    for step in steps:
        if unknown := [name for name in step.regions if name not in regions]:
            raise StepError(
                f"step {step.name} is for region {', '.join(unknown)}; the model predicts {', '.join(regions)}"
            )
        if step.spec.nested:
            _require_nested(step, step.regions or tuple(regions), scheme)


def clean_up_words(steps: Sequence[Step]) -> str:
    """Return what the steps do, in order, as part of a sentence; nothing for no steps."""
    said = []
    for step in steps:
        where = f" ({', '.join(step.regions)})" if step.regions else ""
        said.append(f"{step.spec.words(step.parsed)}{where}")
    return ", ".join(said)


def _require_nested(step: Step, regions: Sequence[str], scheme: LabelScheme | None) -> None:
    if len(regions) < 2:
        raise StepError(f"step {step.name} is for {', '.join(regions)} alone; expected two regions or more")
    labels = {region.name: set(region.labels) for region in scheme.regions} if scheme else {}
    for outer, inner in pairwise(regions):
        if inner in labels and outer in labels and not labels[inner] <= labels[outer]:
            raise StepError(
                f"step {step.name}: {inner} does not lie inside {outer}; list regions that do, the outermost first, "
                "as in regions: [WT, TC, ET]"
            )
