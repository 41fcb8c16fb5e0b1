"""How a prediction is made besides what the checkpoint says: once, or several times and averaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.data.slicing import PLANES, Plane
from core.errors import UsageError

MOST_PASSES = 100


@dataclass(frozen=True, slots=True)
class InferenceOptions:
    """What a prediction depends on besides checkpoint, voxels and precision.

    Attributes:
        tta: test-time augmentation: the mean over every flip, and over quarter turns of square slices.
        mc_dropout: passes with dropout switched on, whose mean is taken; 0 for none.
        seed: of those passes.
        planes: the mean over slices cut in these planes; () cuts in the plane of the training alone.
    """

    tta: bool = False
    mc_dropout: int = 0
    seed: int = 0
    planes: tuple[Plane, ...] = ()

    def __post_init__(self) -> None:
        if self.mc_dropout and not 2 <= self.mc_dropout <= MOST_PASSES:
            raise UsageError(f"found {self.mc_dropout} passes with dropout; expected 2 to {MOST_PASSES}, or 0 for none")
        if self.tta and self.mc_dropout:
            raise UsageError("test-time augmentation and dropout passes cannot be mixed; ask for one of the two")
        if not 0 <= self.seed < 2**31:
            raise UsageError(f"found seed {self.seed}; expected 0 to {2**31 - 1}")
        known = set(self.planes) <= set(PLANES)
        if not known or len(set(self.planes)) < len(self.planes):
            raise UsageError(f"found planes {', '.join(self.planes)}; expected some of {', '.join(PLANES)}, each once")

    @property
    def several(self) -> bool:
        """Whether one slice goes through the network more than once."""
        return self.tta or self.mc_dropout > 0

    def to_json(self) -> dict[str, Any]:
        """Return what differs from a plain prediction."""
        facts: dict[str, Any] = {"tta": True} if self.tta else {}
        if self.mc_dropout:
            facts |= {"mc_dropout": self.mc_dropout, "seed": self.seed}
        return facts | ({"planes": list(self.planes)} if self.planes else {})

    @property
    def suffix(self) -> str:
        """What the name of a prediction's folder gains; nothing for a plain prediction."""
        passes = f"-mc{self.mc_dropout}-seed{self.seed}" if self.mc_dropout else ""
        if self.tta:
            passes = "-tta"
        return passes + (f"-{'.'.join(self.planes)}" if self.planes else "")


PLAIN = InferenceOptions()
# option to the values that it takes, in the words of a sentence
EXPECTED = {
    "tta": "true or false",
    "mc_dropout": f"a whole number, 0 or 2 to {MOST_PASSES}",
    "seed": "a whole number, 0 to 2147483647",
    "planes": f"a list of {', '.join(PLANES)}, or some of them",
}
