"""What becomes of a step that fails: numbers that are none, and memory that runs out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from core.errors import JobFailedError

SKIPS = 3  # in a row, until the run goes back to its last checkpoint
ROLLBACKS = 3  # in a run, until it gives up
BACKOFF = 0.5  # what going back multiplies the rate by


class TrainingFailedError(JobFailedError):
    """A training cannot go on; the message says why and what to do."""


@dataclass(slots=True)
class Setbacks:
    """How often a run has met numbers that are none.

    Attributes:
        skipped: steps in a row that changed nothing.
        rollbacks: how often the run has gone back to a checkpoint.
    """

    skipped: int = 0
    rollbacks: int = 0

    @property
    def rate_factor(self) -> float:
        """What the learning rate is multiplied by."""
        return float(BACKOFF**self.rollbacks)

    @property
    def too_many(self) -> bool:
        """Whether it is time to go back to a checkpoint."""
        return self.skipped >= SKIPS

    def roll_back(self, why: str, checkpoint: int) -> str:
        """Count one more rollback to the step of a checkpoint and say so.

        Raises:
            TrainingFailedError: there have been too many.
        """
        if self.rollbacks == ROLLBACKS:
            raise TrainingFailedError(
                f"{why}, after {ROLLBACKS} rollbacks to a checkpoint with half the rate each time; "
                f"the checkpoint of step {checkpoint} is kept: "
                "lower optim.lr, or look for broken images, and start again"
            )
        self.rollbacks += 1
        self.skipped = 0
        return f"{why}: back to the checkpoint of step {checkpoint}, with {self.rate_factor:g} x the rate"

    def to_json(self) -> dict[str, int]:
        return asdict(self)

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Setbacks:
        return cls(**facts)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that a device or this machine has no memory left."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    words = str(error)
    return isinstance(error, RuntimeError) and ("out of memory" in words or "DefaultCPUAllocator" in words)


def split_evenly(count: int, pieces: int) -> list[slice]:
    """Cut `count` samples into `pieces` stretches whose lengths differ by one at most, the longer ones first."""
    length, longer = divmod(count, pieces)
    ends = [0]
    for piece in range(pieces):
        ends.append(ends[-1] + length + (piece < longer))
    return [slice(first, last) for first, last in pairwise(ends)]
