"""The process of one training: model, data and device put together, run to an end that is written down."""

from __future__ import annotations

import hashlib
import json
import signal
from collections.abc import Callable, Iterable
from dataclasses import asdict
from importlib.metadata import version
from types import FrameType
from typing import TYPE_CHECKING, Any

from core.checkpoints import Card, InferenceSpec, read_checkpoint
from core.data.augment import Augmenter, augment_settings
from core.data.load import load_case
from core.data.slicing import Plane
from core.data.store import SlicedCase, add_plane, has_plane, open_case, slice_case
from core.errors import JobFailedError, RefusedError
from core.inference.device import Compute, choose_compute
from core.labels import scheme_to_json
from core.models import build_model, model_named, parameter_count
from core.pretrained import load_encoder_weights
from core.recipe import Recipe
from core.training.engine import Emit, Ingredients, Trainer
from core.training.run_folder import RunFolder, process_identity
from core.training.sampling import SliceSampler
from core.training.start import TrainingRefusedError
from core.workspace import Cohort, Workspace

if TYPE_CHECKING:
    from torch import nn

LIBRARIES = ("torch", "numpy", "segmentation-models-pytorch", "albumentations")


def run_training(workspace: Workspace, run: RunFolder, device: str, emit: Emit) -> str:
    """Train a run in this process, from its last checkpoint if it has one, to its end.

    SIGINT and SIGTERM checkpoint and pause at the next step. Whatever happens, the status file says how it ended.

    Returns:
        `done`, `stopped` or `paused`.

    Raises:
        TrainingRefusedError: another process trains this run, or there is nothing to learn from.
        TrainingFailedError, WeightsUnavailableError, DeviceError: with a sentence.
    """
    with run.claimed() as mine:
        if not mine:
            raise TrainingRefusedError(f"{run.name} is being trained by another process; stop that one first")
        return _run(workspace, run, device, emit)


def _run(workspace: Workspace, run: RunFolder, device: str, emit: Emit) -> str:
    status = run.status
    if status.state != "queued":  # what was asked of the process before is no wish of this one's
        run.take_request()
    status.state, status.message = "running", ""
    status.pid, status.pid_started = process_identity()
    run.write_status(status)
    run.log("started" if not run.pointed("last") else "resumed")
    try:
        compute = _compute(status.compute, device)
        parts = gather(workspace, run, compute)
        status.compute, status.parameters = compute.to_json(), parts.card.parameters
        trainer = Trainer(run, parts, emit, _end_requests(run))
        trainer.resume()
        ending = trainer.train(status)
    except BaseException as error:
        status.state, status.message = "failed", _sentence(error)
        run.write_status(status)
        run.log(f"failed: {status.message}")
        raise
    run.log(ending)
    return ending


def _compute(kept: dict[str, Any], device: str) -> Compute:
    """Choose device and precision at a run's start; a run that resumes keeps them unless told otherwise."""
    if not kept or device not in ("auto", kept["device"]):
        return choose_compute(device)
    choose_compute(kept["device"])  # refuses a device that has gone since
    return Compute(**kept)


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
    sampler = SliceSampler(train, recipe.data, len(regions), stride, augment, recipe.train.seed, class_bits)
    if sampler.tumour_slices == 0:
        raise TrainingRefusedError("no training slice has any tumour in its reference; there is nothing to learn")
    torch.manual_seed(recipe.train.seed)
    inference = _inference(recipe, cohort)
    model = build_model(recipe.model.name, inference.inputs, inference.outputs, recipe.model.arguments)
    encoder = _start_encoder(workspace, run, recipe, model)
    card = _card(run, recipe, cohort, split, model, (train, validation), encoder, inference)
    return Ingredients(recipe, model, card, compute, sampler, validation)


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
        libraries={name: version(name) for name in LIBRARIES},
    )


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


def _sentence(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, RefusedError | JobFailedError):
        return str(error)
    return f"{type(error).__name__}: {error}"  # nobody foresaw it: its kind says more than its text
