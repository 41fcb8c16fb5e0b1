"""What a user may choose when data is brought in."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Harmonise:
    """How the files of a case are brought onto one grid; every step is asked for and logged.

    Attributes:
        register: move the sequences of a study onto one of them, rigidly.
        spacing_mm: resample to a grid of this many mm along each axis; None keeps the grid of the fixed sequence.
        strip: keep the brain alone.
    """

    register: bool = False
    spacing_mm: float | None = None
    strip: bool = False


@dataclass(frozen=True, slots=True)
class ImportChoices:
    """Everything about an import that is not in the data.

    Attributes:
        layout: how the folder is laid out; None recognises it.
        scheme: what the labels mean, by name or file; None takes what names imply.
        copy: keep the voxels in the workspace, so that the source may go away.
        keep_names: call cases as their files are called, also where that may be a person's name.
        harmonise: bring each case onto one grid; None refuses cases that are not.
        public: made here or published, so browsers may keep its volumes.
    """

    layout: str | None = None
    scheme: str | None = None
    copy: bool = False
    keep_names: bool = False
    harmonise: Harmonise | None = None
    public: bool = False


def parse_harmonise(text: str) -> Harmonise:
    """Read `register,resample=1,strip`: any of the three, in any order.

    Raises:
        UsageError: a step is unknown, or a spacing is not a number between 0.2 and 10 mm.
    """
    register = strip = resample = False
    spacing = None
    for step in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = step.partition("=")
        if name == "register":
            register = True
        elif name == "strip":
            strip = True
        elif name == "resample":
            resample, spacing = True, _spacing(value) if value else None
        else:
            raise UsageError(f"--harmonise {step!r}; known steps: register, resample, resample=MM, strip")
    if not (register or strip or resample):
        raise UsageError("--harmonise names no step; known: register, resample, resample=MM, strip")
    return Harmonise(register, spacing, strip)


def _spacing(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0.2 <= value <= 10:
        raise UsageError(f"--harmonise resample={text}; expected a spacing in mm between 0.2 and 10")
    return value
