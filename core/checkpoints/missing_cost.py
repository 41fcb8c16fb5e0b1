"""What doing without some sequences was measured to cost a checkpoint: a section of its card."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Dice = dict[str, float | None]  # region to a mean over the cases whose reference has it; None where none has


class MissingCost(BaseModel):
    """Mean Dice with every sequence and without some.

    Attributes:
        checkpoint: the id of the one that was measured; other thresholds or another temperature cost something else.
        part: of the split; never the test part.
        split_sha256: which split.
        cases: how many were segmented, each with every sequence and without each combination.
        groups: how many patients they are of.
        group_word: what a group is, such as `patient`.
        counted: region to how many of the cases have it in their reference.
        everything: with all sequences.
        without: the sequences left out, as `key_of` joins them, to what was left.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    checkpoint: str
    part: Literal["validation"] = "validation"
    split_sha256: str
    cases: int = Field(ge=1)
    groups: int = Field(ge=1)
    group_word: str
    counted: dict[str, int]
    everything: Dice
    without: dict[str, Dice]

    @property
    def whose(self) -> str:
        """What was segmented, for a sentence: `4 validation patients`."""
        groups = f"{self.group_word}{'s' * (self.groups != 1)}"
        if self.cases == self.groups:
            return f"{self.groups} validation {groups}"
        return f"{self.cases} validation cases of {self.groups} {groups}"


def key_of(modalities: Collection[str]) -> str:
    """Return what a card files a combination of sequences under: `t1c+t2f`."""
    return "+".join(sorted(modalities))
