"""What `train RECIPE --preflight` says."""

from __future__ import annotations

import argparse

from core.cli.output import print_json
from core.errors import RefusedError, UsageError
from core.workspace import Workspace


def say_preflight(workspace: Workspace, options: argparse.Namespace) -> int:
    """Print what a training will need; nothing is started, and no run is made.

    Raises:
        UsageError: no recipe was named.
        RefusedError: the training cannot fit, or what it needs cannot be said.
    """
    from core.jobs.preflights import foresee_here
    from core.recipe import load_recipe
    from core.training.start import plan_run

    if options.recipe is None:
        raise UsageError("--preflight takes a RECIPE")
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
    found = foresee_here(workspace, recipe, plan, options.device)
    if isinstance(found, str):
        raise RefusedError(found)
    if options.json:
        print_json(
            {
                "parameters": found.parameters,
                "memory_bytes": found.memory_bytes,
                "disk_bytes": found.disk_bytes,
                "seconds": round(found.seconds, 1),
                "fits": not found.refused,
                "sentences": [{"kind": kind, "sentence": sentence} for kind, sentence in found.sentences],
            }
        )
    else:
        for _, sentence in found.sentences:
            print(sentence)
    return RefusedError.exit_code if found.refused else 0
