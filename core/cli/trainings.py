"""Verbs that train: train, runs."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from core.cli.output import print_json, progress
from core.errors import JobFailedError, UsageError

if TYPE_CHECKING:
    from core.training.engine.distributed import World
    from core.training.runs.run_folder import RunFolder
    from core.workspace import Workspace


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    train = verbs.add_parser("train", help="train a recipe, or go on with a run")
    train.add_argument("recipe", nargs="?", metavar="RECIPE", help="a path, or the name of a shipped recipe")
    train.add_argument("--resume", metavar="RUN", help="go on with this run from its last checkpoint")
    train.add_argument("--clone", metavar="RUN", help="a new run of this run's recipe on the same cases; see --set")
    train.add_argument("--cohort", help="what to train on (default: the only cohort)")
    train.add_argument("--split", default="default")
    train.add_argument("--fold", type=int, metavar="K", help="which fold, from 0")
    train.add_argument("--device", default="auto", help="auto, cuda, cuda:1, mps or cpu")
    train.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", dest="overrides")
    train.add_argument("--detach", action="store_true", help="queue it for the background; the run's name is printed")
    how = train.add_mutually_exclusive_group()
    how.add_argument(
        "--allow-leaks", action="store_true", help="train on a split that leaks; every table will say that it does"
    )
    how.add_argument(
        "--slice-split", action="store_true", help="part by slices, not by patients, to show what that leak is worth"
    )
    train.add_argument("--preflight", action="store_true", help="say what it will need, and start nothing")
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
    """Train in this process, now, or queue it.

    What is trained here does not wait: whoever types the command sees it begin, even on a device that is at work. The
    queue does wait for it, as it does for any training on that device, and is moved on when it ends.
    """
    from core.training.engine.distributed import joined
    from core.workspace import Workspace

    if options.preflight:
        from core.cli.preflight import say_preflight

        return say_preflight(Workspace.default(), options)
    with joined() as world:
        return _train_in(world, Workspace.default(), options)


def _train_in(world: World, workspace: Workspace, options: argparse.Namespace) -> int:
    from core.jobs.queue import advance, enqueue
    from core.training.runs.run_folder import RunFolder

    run = RunFolder(workspace.runs / world.told_text(lambda: _wanted_run(workspace, options).name))
    if options.detach:
        enqueue(workspace, run.name, options.device)
        print_json({"run": run.name}) if options.json else print(run.name)
        return 0
    from core.training.process import run_training

    try:
        ending = run_training(workspace, run, options.device, _print_event, world)
    finally:
        if world.leads:
            advance(workspace)
    if ending == "done" or not world.leads:
        return 0
    reason = run.status.message
    print(f"{reason or f'{run.name} is {ending}'}; go on with: train --resume {run.name}", file=sys.stderr)
    return JobFailedError.exit_code if reason else 0


def _wanted_run(workspace: Workspace, options: argparse.Namespace) -> RunFolder:
    from core.training.runs.run_folder import RunFolder

    if [options.recipe, options.resume, options.clone].count(None) != 2:
        raise UsageError("train takes a RECIPE, --resume RUN or --clone RUN, one of the three")
    if (options.resume or options.clone) and (options.allow_leaks or options.slice_split):
        raise UsageError("what a run trains on is decided when it is made: leave --allow-leaks and --slice-split out")
    if options.resume and (options.overrides or options.cohort or options.fold is not None):
        raise UsageError("a run that resumes keeps its recipe, cohort and fold: leave --set, --cohort and --fold out")
    if options.clone and (options.cohort or options.fold is not None):
        raise UsageError("a clone keeps its run's cohort and fold: leave --cohort and --fold out")
    if options.resume:
        return RunFolder(workspace.run_folder(options.resume))
    if options.clone:
        from core.jobs.trainings import clone_run

        return clone_run(workspace, options.clone, options.overrides)
    from core.recipe import load_recipe
    from core.training.start import create_run, plan_run

    recipe = load_recipe(options.recipe, options.overrides)
    plan = plan_run(
        workspace,
        recipe,
        options.cohort,
        options.split,
        options.fold,
        allow_leaks=options.allow_leaks,
        slice_split=options.slice_split,
    )
    if plan.leaks:
        print(f"this run leaks, and every table will say so: {plan.audit.leaks[0].sentence}", file=sys.stderr)
    return create_run(workspace, recipe, plan)


def _print_event(event: dict[str, Any]) -> None:
    """Print one flushed JSON line per event on stdout, and move the bar on stderr."""
    print(json.dumps(event, allow_nan=False), flush=True)
    if event["event"] == "step":
        progress(f"loss {event['loss']:.4f}", event["step"], event["of"])


def _runs(options: argparse.Namespace) -> int:
    from core.jobs.queue import advance, pause, stop
    from core.jobs.trainings import delete_run, list_runs
    from core.workspace import Workspace

    workspace = Workspace.default()
    if options.action and not options.name:
        raise UsageError(f"--{options.action} needs the name of a run")
    if options.action:
        {"delete": delete_run, "pause": pause, "stop": stop}[options.action](workspace, options.name)
    advance(workspace)
    rows = [row for row in list_runs(workspace) if options.name in (None, row["run"])]
    if options.name and options.action != "delete":
        workspace.run_folder(options.name)  # says which runs there are when the name is wrong
    if options.json:
        print_json(rows)
        return 0
    for row in rows:
        best = f"  best {row['best']:.3f}" if row["best"] is not None else ""
        leaks = "  leaks" if row["leaks"] else ""
        state = f"{row['state']} {row['position']}" if row["position"] else row["state"]
        print(
            f"{row['run']:32} {state:9} {row['device']:7} step {row['step']}/{row['total_steps']}{best}{leaks}  "
            f"{row['message']}".rstrip()
        )
    return 0
