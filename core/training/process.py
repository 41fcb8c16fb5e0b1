"""The process of one training: model, data and device put together, run to an end that is written down."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from core.checkpoints import Card, InferenceSpec, read_checkpoint
from core.data.augment import Augmenter, augment_settings
from core.data.leakage import audit_for_card
from core.data.licence import NOT_STATED
from core.data.load import load_case
from core.data.slice_split import SliceSplit
from core.data.slicing import Plane
from core.data.store import SlicedCase, add_plane, has_plane, open_case, slice_case
from core.errors import JobFailedError, RefusedError
from core.inference.device import Compute, choose_compute
from core.labels import scheme_to_json
from core.measuring.familiarity import fingerprint_of_training
from core.models import build_model, model_named, parameter_count
from core.pretrained import load_encoder_weights
from core.recipe import Recipe
from core.training.batches.sampling import SliceSampler
from core.training.engine.distributed import ALONE, World
from core.training.engine.trainer import Emit, Ingredients, Trainer
from core.training.engine.validation import spacings_of
from core.training.runs import disk
from core.training.runs.disk import writing_workspace
from core.training.runs.environment import environment, keep_environment, libraries
from core.training.runs.run_folder import RunFolder, Status
from core.training.start import TrainingRefusedError
from core.workspace import Cohort, Workspace

if TYPE_CHECKING:
    from torch import nn

ENDING_S = 2.0  # for how long a process may hold its run after it has said how it ended


def run_training(workspace: Workspace, run: RunFolder, device: str, emit: Emit, world: World = ALONE) -> str:
    """Train a run in this process, from its last checkpoint if it has one, to its end.

    SIGINT and SIGTERM checkpoint and pause at the next step; a full disk pauses at the last checkpoint. Whatever
    happens, the status file says how it ended. Of several processes the first claims and writes, the others follow.

    Returns:
        `done`, `stopped` or `paused`; a run that paused by itself has the reason in its status's message.

    Raises:
        TrainingRefusedError: another process trains this run, or there is nothing to learn from.
        NewerRunError, UnwritableError: the run's folder cannot be read or written by this process.
        TrainingFailedError, WeightsUnavailableError, DeviceError: with a sentence.
    """
    if not world.leads:
        return _follow(workspace, run, device, world)
    with writing_workspace(), run.claimed(ENDING_S) as mine:
        if not mine:
            raise TrainingRefusedError(f"{run.name} is being trained by another process; stop that one first")
        run.require_readable()
        try:
            return _run(workspace, run, device, emit, world)
        except BaseException as error:
            if disk.is_full(error):
                return _pause_on_full_disk(run)
            sentence = _sentence(workspace, run, error)
            with contextlib.suppress(OSError):
                status = run.status
                status.state, status.message = "failed", sentence
                run.write_status(status)
                run.log(f"failed: {sentence}")
            if isinstance(error, FileNotFoundError):
                raise JobFailedError(sentence) from error
            raise
        finally:
            disk.drop_reserve(run.folder)


def _run(workspace: Workspace, run: RunFolder, device: str, emit: Emit, world: World) -> str:
    status = run.take_over()
    run.log("resumed" if run.pointed("last") else "started")
    compute = _compute(status.compute, world.device(device), run.recipe)
    status.compute, status.device = compute.to_json(), compute.device
    parts = gather(workspace, run, compute)
    status.parameters = parts.card.parameters
    world.wait()  # what the others read is in place
    trainer = Trainer(run, parts, emit, _end_requests(run), world)
    trainer.resume()
    if keep_environment(run.folder, status.step, environment(compute, parts.recipe.train.seed)):
        run.log("the machine or a library is not what it was: from here on, numbers may differ in their last digits")
    ending = trainer.train(status)
    run.log(ending)
    return ending


def _follow(workspace: Workspace, run: RunFolder, device: str, world: World) -> str:
    """Train along with the process that holds the run: it alone writes, and is asked to end."""
    world.wait()
    asked = _end_requests(run)  # a first signal ends the one that writes, which ends this one
    compute = _compute({}, world.device(device), run.recipe)
    trainer = Trainer(run, gather(workspace, run, compute), lambda _event: None, asked, world)
    trainer.resume()
    return trainer.train(Status(run.name))


def _pause_on_full_disk(run: RunFolder) -> str:
    """Write down that the disk is full, in the room that was kept for it; where even that fails, a mark stays."""
    disk.use_reserve(run.folder)
    last = run.pointed("last")
    kept = f"the checkpoint of {last.name.replace('-', ' ')} is kept" if last else "there was no checkpoint yet"
    sentence = f"the disk is full; {kept}: make room and resume"
    with contextlib.suppress(OSError):
        status = run.status
        status.state, status.message, status.eta_s = "paused", sentence, None
        run.write_status(status)
        disk.forget_full(run.folder)
        run.log(f"paused: {sentence}")
        run.drop_torn_line()
        step = int(last.name.removeprefix("step-")) if last else 0
        run.append_metrics({"kind": "note", "step": step, "what": "disk-full", "sentence": sentence})
    return "paused"


def _compute(kept: dict[str, Any], device: str, recipe: Recipe) -> Compute:
    """Choose device and precision at a run's start; a run that resumes keeps them unless told otherwise."""
    if not kept or device not in ("auto", kept["device"]):
        return choose_compute(device, amp=recipe.train.amp)
    choose_compute(kept["device"])  # refuses a device that has gone since
    return Compute.from_json(kept)


def gather(workspace: Workspace, run: RunFolder, compute: Compute) -> Ingredients:
    """Open the data, build the model and load its encoder's weights.

    Raises:
        TrainingRefusedError: a case is gone, or there is no tumour to learn from.
        WeightsUnavailableError: the encoder's weights cannot be had.
    """
    import torch

    recipe, split = run.recipe, run.split
    cohort = workspace.cohort(split["cohort"])
    train = open_cases(workspace, cohort, split["train"], recipe.data.plane)
    validation = open_cases(workspace, cohort, split["validation"], recipe.data.plane)
    regions = cohort.scheme.region_names
    spec = model_named(recipe.model.name)
    augment = Augmenter(augment_settings(recipe.augment.preset, recipe.augment.settings), recipe.data.plane)
    stride = spec.stride(recipe.model.arguments)
    class_bits = cohort.scheme.class_bits if recipe.target.kind == "classes" else ()
    by_slices = _slice_split(split)
    chosen = [by_slices.trains(case.content, len(case.slice_index)) for case in train] if by_slices else None
    sampler = SliceSampler(train, recipe.data, len(regions), stride, augment, recipe.train.seed, class_bits, chosen)
    if sampler.tumour_slices == 0:
        raise TrainingRefusedError("no training slice has any tumour in its reference; there is nothing to learn")
    torch.manual_seed(recipe.train.seed)
    inference = _inference(recipe, cohort)
    model = build_model(recipe.model.name, inference.inputs, inference.outputs, recipe.model.arguments)
    encoder = _start_encoder(workspace, run, recipe, model)
    card = _card(run, recipe, cohort, split, model, (train, validation), encoder, inference)
    return Ingredients(recipe, model, card, compute, sampler, validation, spacings_of(cohort, validation))


def open_cases(workspace: Workspace, cohort: Cohort, case_ids: Iterable[str], plane: Plane) -> list[SlicedCase]:
    """Open cases of the slice store, cutting the plane first where it has not been cut.

    Raises:
        TrainingRefusedError: a case has left the store.
    """
    opened = []
    for case_id in case_ids:
        folder = workspace.store_folder(cohort.name, case_id)
        if not (folder / "prepared.json").exists():
            raise TrainingRefusedError(f"{case_id} is not in the slice store any more; import {cohort.name} again")
        if not has_plane(folder, plane):
            loaded = load_case(cohort.cases[case_id].case, cohort.scheme)
            add_plane(folder, slice_case(case_id, loaded.volume, loaded.reference, plane))
        opened.append(open_case(folder, plane))
    return opened


def _start_encoder(workspace: Workspace, run: RunFolder, recipe: Recipe, model: nn.Module) -> dict[str, Any]:
    """Load the encoder's weights at a run's first start; a resumed run has them in its checkpoint."""
    if last := run.pointed("last"):
        facts = read_checkpoint(last).card.encoder_weights
        return facts or {}
    chosen = recipe.model
    cache = workspace.root / "cache" / "weights"
    return asdict(load_encoder_weights(model, chosen.name, chosen.arguments, chosen.encoder_weights, cache, workspace))


def _inference(recipe: Recipe, cohort: Cohort) -> InferenceSpec:
    """Return what a prediction will depend on besides the weights."""
    return InferenceSpec(
        architecture=recipe.model.name,
        arguments=recipe.model.arguments,
        target=recipe.target.kind,
        regions=cohort.scheme.region_names,
        class_bits=cohort.scheme.class_bits if recipe.target.kind == "classes" else (),
        modalities=recipe.data.modalities,
        scheme=scheme_to_json(cohort.scheme),
        plane=recipe.data.plane,
        preparing=recipe.data.preparing,
        window=recipe.data.window,
        neighbours=recipe.data.neighbours,
        input_size=recipe.data.input_size,
        thresholds=(recipe.post.threshold,) * len(cohort.scheme.regions),
        post=recipe.post.steps,
    )


def _card(
    run: RunFolder,
    recipe: Recipe,
    cohort: Cohort,
    split: dict[str, Any],
    model: nn.Module,
    cases: tuple[list[SlicedCase], list[SlicedCase]],
    encoder: dict[str, Any],
    inference: InferenceSpec,
) -> Card:
    resolved = recipe.resolved()
    resolved["model"]["encoder_weights"] = encoder.get("source", "none")  # never a path of this machine
    training, validation = ({case.case_id: sorted(case.content.values()) for case in part} for part in cases)
    for case_id, hashes in encoder.get("seen", {}).items():  # what shaped another run's encoder was seen by this one
        training[case_id] = sorted({*hashes, *training.get(case_id, [])})
    named = {key: split[key] for key in ("train", "validation", "test")}
    return Card(
        title=recipe.title or recipe.name,
        run=run.name,
        steps=0,
        parameters=parameter_count(model),
        inference=inference,
        recipe=resolved,
        encoder_weights=encoder,
        cohort=cohort.name,
        split_sha256=hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest(),
        fold=split["fold"],
        training_content=training,
        validation_content=validation,
        data_licence=cohort.licence or NOT_STATED,
        libraries=libraries(),
        leaks=split.get("leaks", False),
        audit=audit_for_card(split["audit"]) if "audit" in split else None,
        slice_split=_held_out(split, cases[0]),
        fingerprint=_fingerprint(run, cohort, cases[0], inference),
    )


def _fingerprint(
    run: RunFolder, cohort: Cohort, train: list[SlicedCase], inference: InferenceSpec
) -> dict[str, Any] | None:
    """Look at the training cases at a run's first start; a resumed run has it in its checkpoint."""
    if last := run.pointed("last"):
        return read_checkpoint(last).card.fingerprint
    places = [cohort.cases[case.case_id].geometry for case in train]
    return fingerprint_of_training(train, [place.spacing_mm if place else None for place in places], inference)


def _slice_split(split: dict[str, Any]) -> SliceSplit | None:
    return SliceSplit.from_json(split["slice_split"]) if "slice_split" in split else None


def _held_out(split: dict[str, Any], train: list[SlicedCase]) -> dict[str, Any] | None:
    """Say which slices a run that was split by slices has not trained on, by case."""
    if (by_slices := _slice_split(split)) is None:
        return None
    held_out = {case.case_id: by_slices.held_out(case.content, case.slice_index) for case in train}
    return by_slices.to_json() | {"held_out": held_out}


def _end_requests(run: RunFolder) -> Callable[[], str | None]:
    """Return a function that says whether the run was asked to end, by a file or by a signal."""
    pending: list[str] = []

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if pending:  # asked twice: end at once
            raise KeyboardInterrupt
        pending.append("pause")

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return lambda: run.take_request() or (pending[0] if pending else None)


def _sentence(workspace: Workspace, run: RunFolder, error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, RefusedError | JobFailedError):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return _lost_file(workspace, run.split["cohort"], error)
    return f"{type(error).__name__}: {error}"  # nobody foresaw it: its kind says more than its text


def _lost_file(workspace: Workspace, cohort: str, error: OSError) -> str:
    """Name the case whose file is gone, or else the file, without the folders that it is in."""
    path = Path(os.fsdecode(error.filename))
    store = workspace.stored_cohort(cohort)
    if path.is_relative_to(store) and path != store:
        case_id = path.relative_to(store).parts[0]
        return f"{case_id} has left the slice store ({path.name}: {error.strerror}); import {cohort} again and resume"
    return f"{path.name}: {error.strerror}"
