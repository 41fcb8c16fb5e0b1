"""What a training will need, before it starts: memory, disk and time, against what the machine has.

The network itself is measured once (`core.training.foresight.probe`), in a process that may load torch; everything
here is arithmetic over that measurement, so that another batch or length is answered at once.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from core.atomic import read_json
from core.data.slicing import PLANES, Plane, fit_slice
from core.data.splits import Fold
from core.models import model_named
from core.recipe import Recipe
from core.training.foresight.duration import size, span
from core.workspace import Cohort, Workspace

FLOAT_BYTES = 4
MOMENTS = {"adamw": 2, "adam": 2, "sgd": 1}  # numbers an optimiser keeps for each weight
VALIDATION_BATCH = 8
STEP_BYTES = 400  # a line of metrics.jsonl and of the events
TIGHT = 0.9  # of what is free: more is a warning


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What preflight must know of a fold's data.

    Attributes:
        train_slices: head slices of the training part.
        validation_slices: of the validation part.
        shape: height and width of the largest slice, in voxels.
        uncut_bytes: size of the slices that the training will have to cut first, because it is the first of its plane.
    """

    train_slices: int
    validation_slices: int
    shape: tuple[int, int]
    uncut_bytes: int


@dataclass(frozen=True, slots=True)
class Subject:
    """All that a measurement of a network depends on; neither batch nor length is among it."""

    architecture: str
    arguments: dict[str, Any]
    inputs: int
    outputs: int
    canvas: tuple[int, int]
    loss: str
    loss_arguments: dict[str, Any]
    target: str
    optimizer: str
    amp: str
    device: str

    @property
    def key(self) -> str:
        """Name the subject in a cache, as lower-case hex."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one or two real steps of a network took.

    Attributes:
        parameters: numbers that training may change.
        weight_bytes: of parameters and buffers, as a checkpoint holds them.
        base_bytes: memory of the process before a step, without weights; 0 on an accelerator.
        slice_bytes: memory per slice of the batch at the peak of a step.
        forward_bytes: memory per slice without gradients.
        step_s: seconds per slice of a training step.
        forward_s: seconds per slice of a prediction.
        problem: why it could not be measured, or an empty text.
    """

    parameters: int = 0
    weight_bytes: int = 0
    base_bytes: int = 0
    slice_bytes: int = 0
    forward_bytes: int = 0
    step_s: float = 0.0
    forward_s: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """What the machine has.

    Attributes:
        memory_bytes: of the device; None where nobody can tell.
        free_memory_bytes: of it, now.
        free_disk_bytes: where the workspace is.
        slices_per_s: how fast an earlier run of the same network was here, or None.
    """

    memory_bytes: int | None
    free_memory_bytes: int | None
    free_disk_bytes: int
    slices_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a training will need.

    Attributes:
        parameters: numbers that training may change.
        memory_bytes: at the peak of a step.
        disk_bytes: when it is done.
        seconds: from start to end.
        sentences: what to tell, each with `fine`, `warning` or `refusal`.
    """

    parameters: int
    memory_bytes: int
    disk_bytes: int
    seconds: float
    sentences: tuple[tuple[str, str], ...]

    @property
    def refused(self) -> bool:
        """Whether the training cannot fit."""
        return any(kind == "refusal" for kind, _ in self.sentences)


def data_facts(workspace: Workspace, cohort: Cohort, fold: Fold, plane: Plane) -> DataFacts:
    """Return what preflight must know of a fold's data, from the slice store's small files.

    Raises:
        FileNotFoundError: a case is not in the slice store.
    """
    axis = PLANES[plane]
    counts, shape, uncut = [0, 0], (0, 0), 0
    for part, cases in enumerate((fold.train, fold.validation)):
        for case_id in cases:
            folder = workspace.store_folder(cohort.name, case_id)
            facts = read_json(folder / "prepared.json")
            start, stop = facts["box"]["start"], facts["box"]["stop"]
            sides = [high - low for low, high in zip(start, stop, strict=True)]
            here = facts["slice_index"]
            counts[part] += len(here[plane]) if plane in here else sides[axis]
            if plane not in here:
                uncut += max((path.stat().st_size for path in folder.glob("*.npy") if path.stem in here), default=0)
            del sides[axis]
            shape = (max(shape[0], sides[0]), max(shape[1], sides[1]))
    return DataFacts(counts[0], counts[1], shape, uncut)


def subject_of(recipe: Recipe, cohort: Cohort, facts: DataFacts, device: str) -> Subject:
    """Return what has to be measured for a recipe on a cohort."""
    model = model_named(recipe.model.name)
    stride = model.stride(recipe.model.arguments)
    size_wanted = recipe.data.input_size
    # a slice that is resized first has this canvas, whatever it was
    shape = (1, 1) if isinstance(size_wanted, int) else facts.shape
    classes = recipe.target.kind == "classes"
    return Subject(
        architecture=model.name,
        arguments=model.parse(recipe.model.arguments).model_dump(mode="json"),
        inputs=len(recipe.data.modalities) * (1 + 2 * recipe.data.neighbours),
        outputs=len(cohort.scheme.class_bits) if classes else len(cohort.scheme.regions),
        canvas=fit_slice(shape, size_wanted, stride).canvas,
        loss=recipe.loss.name,
        loss_arguments=recipe.loss.arguments,
        target=recipe.target.kind,
        optimizer=recipe.optim.name,
        amp=recipe.train.amp,
        device=device,
    )


def forecast(recipe: Recipe, facts: DataFacts, measured: Measured, room: Room) -> Forecast:
    """Work out what a training will need, and say it.

    Memory is weights, gradients, the optimiser's moments and the average of the weights where there is one, what a
    step keeps for each slice of the batch, and the process itself. Disk is the weights of the best and the last
    checkpoint, what the last one resumes from, pictures, metrics, and slices of a plane that has not been cut;
    one checkpoint more while it is written.
    """
    train = recipe.train
    at_once = train.batch_size * train.accumulate
    epoch_steps = max(1, ceil(facts.train_slices / at_once))
    steps = min(train.epochs * epoch_steps, train.max_steps or train.epochs * epoch_steps)
    validations = ceil(steps / (train.validate_every_steps or epoch_steps)) if facts.validation_slices else 0

    copies = 2 + MOMENTS[recipe.optim.name] + (train.ema_decay is not None)
    step_bytes = max(train.batch_size * measured.slice_bytes, VALIDATION_BATCH * measured.forward_bytes)
    memory = measured.base_bytes + copies * measured.parameters * FLOAT_BYTES + step_bytes

    resume = measured.weight_bytes + (copies - 2) * measured.parameters * FLOAT_BYTES
    pictures = validations * 2 * facts.shape[0] * facts.shape[1]
    kept = 2 * measured.weight_bytes + resume + pictures + steps * STEP_BYTES + facts.uncut_bytes
    needed = kept + measured.weight_bytes + resume

    step_s = 1 / room.slices_per_s if room.slices_per_s else measured.step_s
    seconds = steps * at_once * step_s + validations * facts.validation_slices * measured.forward_s
    sentences = [_memory_words(recipe, measured, memory, room)]
    fits = needed <= room.free_disk_bytes
    free = f"of {size(room.free_disk_bytes)} free"
    long = f"about {span(seconds)}, {size(kept)} on disk"
    sentences.append(("fine", long) if fits else ("refusal", f"{long}; needs {size(needed)} {free}: make room first"))
    return Forecast(measured.parameters, memory, kept, seconds, tuple(sentences))


def _memory_words(recipe: Recipe, measured: Measured, memory: int, room: Room) -> tuple[str, str]:
    said = f"{measured.parameters / 1e6:.1f} M parameters, {size(memory)}"
    if room.memory_bytes is None:
        return "fine", f"{said} of memory"
    said += f" of {size(room.memory_bytes)} memory"
    if memory > room.memory_bytes:
        fixed = memory - recipe.train.batch_size * measured.slice_bytes
        most = int((room.memory_bytes - fixed) // max(1, measured.slice_bytes))
        advice = f"a batch of {most} fits" if most >= 1 else "take a smaller network or smaller slices"
        return "refusal", f"{said}: it cannot fit; {advice}"
    free = room.free_memory_bytes
    if free is not None and memory > TIGHT * free:
        return "warning", f"{said}, of which {size(free)} are free now: it may run out"
    return "fine", said


def same_network(one: Recipe, other: Recipe) -> bool:
    """Tell whether two recipes compute the same for a slice, so that one's speed is the other's."""
    return _what_a_slice_costs(one) == _what_a_slice_costs(other)


def _what_a_slice_costs(recipe: Recipe) -> tuple[Any, ...]:
    train = recipe.train
    more = (train.batch_size, train.amp, train.compile, train.workers, train.ema_decay is None)
    model = model_named(recipe.model.name).parse(recipe.model.arguments)
    return (recipe.data, recipe.model.name, model, recipe.target, recipe.loss, recipe.augment, recipe.optim.name, *more)
