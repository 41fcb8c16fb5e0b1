"""Verbs that train: train, runs."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from core.cli.output import print_json, progress
from core.errors import RefusedError, UsageError


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    train = verbs.add_parser("train", help="train a recipe, or go on with a run")
    train.add_argument("recipe", nargs="?", metavar="RECIPE", help="a path, or the name of a shipped recipe")
    train.add_argument("--resume", metavar="RUN", help="go on with this run from its last checkpoint")
    train.add_argument("--cohort", help="what to train on (default: the only cohort)")
    train.add_argument("--split", default="default")
    train.add_argument("--fold", type=int, metavar="K", help="which fold, from 0")
    train.add_argument("--device", default="auto", help="auto, cuda, cuda:1, mps or cpu")
    train.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", dest="overrides")
    train.add_argument("--detach", action="store_true", help="train in the background; the run's name is printed")
    train.set_defaults(run=_train)

    runs = verbs.add_parser("runs", help="list runs, or stop, pause or delete one")
    runs.add_argument("name", nargs="?", metavar="RUN")
    action = runs.add_mutually_exclusive_group()
    for name, words in (
        ("stop", "checkpoint and end"),
        ("pause", "checkpoint and wait"),
        ("delete", "remove all of it"),
    ):
        action.add_argument(f"--{name}", action="store_const", const=name, dest="action", help=words)
    runs.set_defaults(run=_runs)


def _train(options: argparse.Namespace) -> int:
    from core.training.run_folder import RunFolder
    from core.workspace import Workspace

    workspace = Workspace.default()
    if (options.recipe is None) == (options.resume is None):
        raise UsageError("train takes a RECIPE or --resume RUN, one of the two")
    if options.resume and (options.overrides or options.cohort or options.fold is not None):
        raise UsageError("a run that resumes keeps its recipe, cohort and fold: leave --set, --cohort and --fold out")
    if options.resume:
        run = RunFolder(workspace.run_folder(options.resume))
    else:
        from core.recipe import load_recipe
        from core.training.start import create_run, plan_run

        recipe = load_recipe(options.recipe, options.overrides)
        run = create_run(workspace, recipe, plan_run(workspace, recipe, options.cohort, options.split, options.fold))
    if options.detach:
        from core.jobs.trainings import start_detached

        start_detached(workspace, run.name, options.device)
        print_json({"run": run.name}) if options.json else print(run.name)
        return 0
    from core.training.process import run_training

    ending = run_training(workspace, run, options.device, _print_event)
    if ending != "done":
        print(f"{run.name} is {ending}; go on with: train --resume {run.name}", file=sys.stderr)
    return 0


def _print_event(event: dict[str, Any]) -> None:
    """Print one flushed JSON line per event on stdout, and move the bar on stderr."""
    print(json.dumps(event, allow_nan=False), flush=True)
    if event["event"] == "step":
        progress(f"loss {event['loss']:.4f}", event["step"], event["of"])


def _runs(options: argparse.Namespace) -> int:
    from core.jobs.trainings import delete_run, list_runs
    from core.training.run_folder import RunFolder
    from core.workspace import Workspace

    workspace = Workspace.default()
    if options.action and not options.name:
        raise UsageError(f"--{options.action} needs the name of a run")
    if options.action == "delete":
        delete_run(workspace, options.name)
    elif options.action:
        run = RunFolder(workspace.run_folder(options.name))
        if not run.is_alive:
            raise RefusedError(f"{run.name} is {run.status.state}; there is nothing to {options.action}")
        run.request(options.action)
    rows = [row for row in list_runs(workspace) if options.name in (None, row["run"])]
    if options.name and options.action != "delete":
        workspace.run_folder(options.name)  # says which runs there are when the name is wrong
    if options.json:
        print_json(rows)
        return 0
    for row in rows:
        best = f"  best {row['best']:.3f}" if row["best"] is not None else ""
        print(f"{row['run']:32} {row['state']:8} step {row['step']}/{row['total_steps']}{best}  {row['message']}")
    return 0
