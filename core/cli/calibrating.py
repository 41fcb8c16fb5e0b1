"""Verbs that make a checkpoint from others: calibrate, tune, missing, ensemble."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from core.cli.output import print_json, progress

FEW = 5  # validation patients; tables give no interval under so many either


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    calibrate = verbs.add_parser("calibrate", help="fit a temperature on a run's validation part, in a new checkpoint")
    calibrate.add_argument("checkpoint", metavar="RUN", help="a run, or any checkpoint with a validation part")
    calibrate.add_argument("--name", help="of the new checkpoint (default: RUN-calibrated)")
    calibrate.add_argument("--device", default="auto")
    calibrate.set_defaults(run=_calibrate)

    tune = verbs.add_parser(
        "tune", help="choose thresholds and smallest components on a run's validation part, in a new checkpoint"
    )
    tune.add_argument("checkpoint", metavar="RUN", help="a run, or any checkpoint with a validation part")
    tune.add_argument("--name", help="of the new checkpoint (default: RUN-tuned)")
    tune.add_argument("--device", default="auto")
    tune.set_defaults(run=_tune)

    missing = verbs.add_parser(
        "missing", help="measure on a run's validation part what doing without a sequence costs, in a new checkpoint"
    )
    missing.add_argument("checkpoint", metavar="RUN", help="a run, or any checkpoint trained with modality dropout")
    missing.add_argument("--name", help="of the new checkpoint (default: RUN-measured)")
    missing.add_argument(
        "--at-once", type=int, choices=(1, 2, 3), default=2, metavar="N",
        help="leave out up to so many sequences together (default: %(default)s)",
    )  # fmt: skip
    missing.add_argument("--device", default="auto")
    missing.set_defaults(run=_missing)

    ensemble = verbs.add_parser("ensemble", help="make one checkpoint of several: the mean of their probabilities")
    ensemble.add_argument("name", metavar="NAME", help="of the new checkpoint")
    ensemble.add_argument("members", nargs="+", metavar="REF", help="a folder, a run, or a checkpoint's name")
    ensemble.set_defaults(run=_ensemble)


def _calibrate(options: argparse.Namespace) -> int:
    from core.checkpoints import resolve_checkpoint
    from core.evaluation.calibrated import calibrate_checkpoint
    from core.inference.device import choose_compute
    from core.training.runs.disk import writing_workspace
    from core.workspace import Workspace

    workspace = Workspace.default()
    checkpoint = resolve_checkpoint(workspace, options.checkpoint)
    name = options.name or f"{Path(options.checkpoint).name.partition('@')[0]}-calibrated"
    compute = choose_compute(options.device, fast=False)
    with writing_workspace():
        made = calibrate_checkpoint(
            workspace, checkpoint, name, compute, lambda done, total: progress(checkpoint.card.run, done, total)
        )
    if options.json:
        print_json(made.to_json())
        return 0
    fitted = made.fitted
    print(f"{made.name}: temperature {made.checkpoint.spec.temperature:g}, fitted on {made.cases} validation cases")
    for region, before in fitted.ece_before.items():
        print(f"  {region}: expected calibration error {before:.4f} before, {fitted.ece_after[region]:.4f} after")
    return 0


def _tune(options: argparse.Namespace) -> int:
    from core.checkpoints import resolve_checkpoint
    from core.evaluation.tuning import tune_checkpoint
    from core.inference.device import choose_compute
    from core.inference.segment import Segmenter
    from core.training.runs.disk import writing_workspace
    from core.workspace import Workspace

    workspace = Workspace.default()
    checkpoint = resolve_checkpoint(workspace, options.checkpoint)
    name = options.name or f"{Path(options.checkpoint).name.partition('@')[0]}-tuned"
    segmenter = Segmenter(workspace, choose_compute(options.device, fast=False))
    with writing_workspace():
        made = tune_checkpoint(
            workspace, segmenter, checkpoint, name, lambda done, total: progress(checkpoint.card.run, done, total)
        )
    if options.json:
        print_json(made.to_json())
        return 0
    print(f"{made.name}: tuned on {made.cases} validation case{'s' * (made.cases > 1)}")
    for region, candidate in made.chosen.items():
        before, after = made.dice_before[region], made.dice_after[region]
        dice = "in no reference" if before is None else f"Dice {before:.4f} before, {after:.4f} after"
        print(f"  {region}: {candidate}; {dice}")
    if made.cases < FEW:
        print(f"  under {FEW} patients are little to choose by: hold it against the test part with evaluate")
    return 0


def _missing(options: argparse.Namespace) -> int:
    from core.checkpoints import resolve_checkpoint
    from core.evaluation.missing_cost import measure_missing
    from core.inference.device import choose_compute
    from core.inference.missing import cost_sentence
    from core.inference.segment import Segmenter
    from core.training.runs.disk import writing_workspace
    from core.workspace import Workspace

    workspace = Workspace.default()
    checkpoint = resolve_checkpoint(workspace, options.checkpoint)
    name = options.name or f"{Path(options.checkpoint).name.partition('@')[0]}-measured"
    segmenter = Segmenter(workspace, choose_compute(options.device, fast=False))
    told = partial(progress, checkpoint.card.run)
    with writing_workspace():
        made = measure_missing(workspace, segmenter, checkpoint, name, options.at_once, told)
    if options.json:
        print_json(made.to_json())
        return 0
    print(f"{made.name}: measured on {made.cost.whose}")
    for without in made.cost.without:
        print(f"  {cost_sentence(made.checkpoint, without.split('+'))}")
    if made.cost.cases < FEW:
        print(f"  under {FEW} patients say little: take the numbers for their size, not for their digits")
    return 0


def _ensemble(options: argparse.Namespace) -> int:
    from core.checkpoints import new_name, read_checkpoint, resolve_checkpoint, write_ensemble
    from core.training.runs.disk import writing_workspace
    from core.workspace import Workspace

    workspace = Workspace.default()
    folder = new_name(workspace, options.name)
    members = [resolve_checkpoint(workspace, reference) for reference in options.members]
    with writing_workspace():
        write_ensemble(folder, options.name, members)
    made = read_checkpoint(folder)
    if options.json:
        ids = [member.id for member in made.members]
        print_json({"name": options.name, "checkpoint_id": made.id, "members": ids})
    else:
        print(f"{options.name}: {made.card.title} ({made.id[:16]})")
    return 0
