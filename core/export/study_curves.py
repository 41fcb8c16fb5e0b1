"""The curves of a study's trainings as one picture: a row for each model, its loss and its validation Dice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.export.drawing import GREY, INK, Drawing, Stroke, Words
from core.export.line_chart import Line, Points, line_chart

TRAINING, VALIDATION = "#2f7fb0", INK
REGIONS = ("#1f7fbf", "#c46a00", "#7d8a00", "#009e73", "#cc79a7", "#d55e00", "#5c6773", "#8a5fbf")
CHART = (500, 220)
HEAD, ROW_HEAD = 44, 24


@dataclass(frozen=True, slots=True, eq=False)
class TrainingCurves:
    """What one training measured.

    Attributes:
        name: the model's.
        total: steps it was to have.
        each_step: training loss of each step.
        training: the same, smoothed.
        validation: validation loss.
        dice: validation Dice by region, whole patients.
    """

    name: str
    total: int
    each_step: Points
    training: Points
    validation: Points
    dice: dict[str, Points]


def study_curves(title: str, trainings: Sequence[TrainingCurves]) -> Drawing:
    """Draw every training of a study, one below the other; what was not measured is left out.

    Args:
        title: the study's.
        trainings: in the order of its table.
    """
    marks: list[Stroke | Words] = [Words((16, 28), title, INK, 16)]
    for number, training in enumerate(trainings):
        top = HEAD + number * (ROW_HEAD + CHART[1])
        marks.append(Words((16, top + 16), training.name, INK, 13))
        marks.append(Words((2 * CHART[0] - 14, top + 16), f"{training.total:,} steps", GREY, 10, "right"))
        below = top + ROW_HEAD
        marks += line_chart("Loss", _measured(_losses(training)), training.total, (0, below), CHART, is_share=False)
        dice = [
            Line(region, colour, points, dots=True)
            for (region, points), colour in zip(training.dice.items(), REGIONS, strict=False)
        ]
        marks += line_chart(
            "Validation Dice, whole patients", _measured(dice), training.total, (CHART[0], below), CHART, is_share=True
        )
    return Drawing(title, 2 * CHART[0], HEAD + len(trainings) * (ROW_HEAD + CHART[1]) + 8, marks)


def _losses(training: TrainingCurves) -> list[Line]:
    return [
        Line("each step", TRAINING, training.each_step, opacity=0.3, width=1),
        Line("training", TRAINING, training.training),
        Line("validation", VALIDATION, training.validation, dots=True),
    ]


def _measured(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if len(line.points[0])]
