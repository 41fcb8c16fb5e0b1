"""What was asked of a study, and what was done to it: the words, the log and the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from core.data.image import StoredImage
from core.data.refusal import Finding, InputRefusedError
from core.errors import UsageError
from core.harmonise.brain import LICENCE, NETS, PACKAGE, SHA256
from core.harmonise.head import Mask
from core.harmonise.resample import Affine
from core.volume import Volume

# what is being done, how many steps are done, and of how many
OnStep = Callable[[str, int, int], None]

FINEST_MM, COARSEST_MM = 0.3, 5.0
WORDS = "register, resample or resample=MM, strip, fixed=MODALITY, nets=1 to 5, mirror"
# whose field of view and position the others are brought to: what is reported on comes first
FIXED_FIRST = ("t1c", "t1n")


@dataclass(frozen=True, slots=True)
class Harmonising:
    """What is to be done to a study whose series do not lie on one grid, or still have their skull.

    With everything left as it is, series on other grids are resampled to the fixed one by their headers, no more.

    Attributes:
        register: align every series to the fixed one by a rigid transform; otherwise their headers are believed.
        spacing_mm: edge length of the cubic voxels that everything is resampled to; None keeps the fixed series's own.
        strip: find the brain and set everything else to 0.
        fixed: the series that stays where it is; None takes t1c, else t1n, else the one with the smallest voxels.
        nets: how many of the five brain networks are averaged.
        mirror: let each of them see the eight mirror images.
    """

    register: bool = False
    spacing_mm: float | None = None
    strip: bool = False
    fixed: str | None = None
    nets: int = 1
    mirror: bool = False

    def __post_init__(self) -> None:
        if self.spacing_mm is not None and not FINEST_MM <= self.spacing_mm <= COARSEST_MM:
            raise UsageError(
                f"found a spacing of {self.spacing_mm:g} mm, expected {FINEST_MM:g} to {COARSEST_MM:g} mm; "
                "1 mm is what most models of the brain are trained at"
            )
        if not 1 <= self.nets <= NETS:
            raise UsageError(f"found nets={self.nets}, expected 1 to {NETS}: that many networks come with {PACKAGE}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read words such as `register,resample=1,strip`.

        Raises:
            UsageError: a word is not known, or its number is out of range.
        """
        given: dict[str, Any] = {}
        for word in text.split(","):
            name, _, value = word.strip().partition("=")
            given |= _word(name, value, word.strip())
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done.

    Attributes:
        name: `grid`, `register`, `resample`, `strip` or `reference`.
        series: which series it was done to, or "" for all.
        sentence: what was done, for people.
        numbers: the same as numbers, units in their names.
    """

    name: str
    series: str
    sentence: str
    numbers: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "series": self.series, "sentence": self.sentence, "numbers": dict(self.numbers)}


@dataclass(frozen=True, slots=True, eq=False)
class Harmonised:
    """A study on one grid.

    Attributes:
        asked: what was asked.
        fixed: which series stayed where it was.
        volume: every series in RAS+ on one grid, which is its `native` too.
        reference: the reference's labels on that grid, or None.
        brain: (X, Y, Z) bool, or None where the brain was not asked for.
        steps: what was done, in order.
        findings: what is odd about the outcome; errors say why it must not be used.
        transforms: series to (4, 4) float64, RAS+ mm on the common grid to RAS+ mm in the series's file.
    """

    asked: Harmonising
    fixed: str
    volume: Volume
    reference: StoredImage | None
    brain: Mask | None
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    transforms: Mapping[str, Affine]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def require_good(self) -> None:
        """Refuse a result that is not good enough to be segmented.

        Raises:
            InputRefusedError: with every reason.
        """
        if self.errors:
            raise InputRefusedError(*self.errors)

    def to_json(self) -> dict[str, Any]:
        """Return what belongs into a case's facts: everything but voxels, and no time, host or user."""
        nets = {"package": PACKAGE, "licence": LICENCE, "sha256": list(SHA256[: self.asked.nets])}
        return {
            "asked": self.asked.to_json(),
            "fixed": self.fixed,
            "steps": [step.to_json() for step in self.steps],
            "transforms": {name: transform.tolist() for name, transform in self.transforms.items()},
            "brain_networks": nets if self.asked.strip else None,
        }


def _word(name: str, value: str, word: str) -> dict[str, Any]:
    if name in {"register", "strip", "mirror"} and not value:
        return {name: True}
    if name == "resample" and not value:
        return {}
    if name == "fixed" and value:
        return {"fixed": value}
    if name in {"resample", "nets"}:
        try:
            return {"spacing_mm": float(value)} if name == "resample" else {"nets": int(value)}
        except ValueError:
            pass
    raise UsageError(f"found {word!r} in what to harmonise, expected {WORDS}, joined by commas")
