"""Make the checkpoints that ship with the program, again and from nothing: `make checkpoints`.

Trains three narrow architectures on phantoms whose seeds the demo never uses, and writes them to `checkpoints/`
with their weights in half precision. With --fingerprints it trains nothing: the checkpoints that are there only get
the fingerprint of their training cases, and keep their ids.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from core.atomic import read_json, write_json
from core.checkpoints import (
    WEIGHTS,
    Card,
    Checkpoint,
    load_model,
    read_checkpoint,
    resolve_checkpoint,
    write_checkpoint,
)
from core.checkpoints.folder import CARD
from core.cli.output import progress
from core.data.licence import PHANTOMS
from core.data.phantom import TRAINING_SEEDS, cohort_traits, write_cohort
from core.importing import ImportChoices, import_folder
from core.measuring.familiarity import fingerprint_of_training
from core.recipe import load_recipe
from core.splitting import make_split
from core.training.process import open_cases, run_training
from core.training.start import create_run, plan_run
from core.workspace import SHIPPED_CHECKPOINTS, Workspace

RECIPES = ("phantom-unet", "phantom-attention-unet", "phantom-mobilenet")
COHORT = "phantoms-for-training"
PATIENTS = 20
LICENCE = "Apache-2.0"
LARGEST_BYTES = 3_000_000


def main() -> int:
    """Train, narrow and write every shipped checkpoint that is asked for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--workspace", type=Path, default=Path("workspace/shipped"))
    options.add_argument("--fingerprints", action="store_true", help="only add the training cases' fingerprint")
    options.add_argument("recipes", nargs="*", default=RECIPES)
    chosen = options.parse_args()
    workspace = Workspace(chosen.workspace.resolve())
    make_cohort(workspace)
    if chosen.fingerprints:
        for name in chosen.recipes:
            add_fingerprint(workspace, SHIPPED_CHECKPOINTS / name)
        return 0
    for name in chosen.recipes:
        recipe = load_recipe(name)
        run = create_run(workspace, recipe, plan_run(workspace, recipe, COHORT, "default", None))
        if run_training(workspace, run, "auto", _show) != "done":
            sys.exit(f"{run.name} was interrupted; nothing was shipped")
        ship(resolve_checkpoint(workspace, run.name), SHIPPED_CHECKPOINTS / name)
    return 0


def make_cohort(workspace: Workspace) -> None:
    """Write, import and split the phantoms that the shipped models learn from."""
    if COHORT in workspace.cohort_names():
        return
    folder = workspace.root / "demo" / COHORT
    every = cohort_traits(PATIENTS, first_seed=TRAINING_SEEDS.start)
    traits = [patient for patient in every if not (folder / patient.case_id).exists()]
    write_cohort(folder, traits, on_written=lambda n, _path: progress("phantoms", n + 1, len(traits)))
    import_folder(workspace, folder, COHORT, ImportChoices(public=True, licence=PHANTOMS), progress)
    make_split(workspace, COHORT, "default", None, "80/20/0", seed=0)


def ship(trained: Checkpoint, folder: Path) -> None:
    """Write a trained checkpoint with half-precision kernels; norms stay as they are, their variances are tiny."""
    state = load_model(trained).state_dict()
    narrowed = {name: tensor.half() if tensor.ndim > 1 else tensor for name, tensor in state.items()}
    changes = {"run": folder.name, "weights_licence": LICENCE}
    card = Card.model_validate(trained.card.model_dump(mode="json") | changes)
    write_checkpoint(folder, narrowed, card, {})
    size = (folder / WEIGHTS).stat().st_size
    if size > LARGEST_BYTES:
        sys.exit(f"{folder.name}: {size:,} bytes of weights; a shipped checkpoint has at most {LARGEST_BYTES:,}")


def add_fingerprint(workspace: Workspace, folder: Path) -> None:
    """Add what the training cases have in common to a checkpoint's card; its id must stay."""
    before = read_checkpoint(folder)
    cohort = workspace.cohort(COHORT)
    names = list(before.card.training_content)
    cases = open_cases(workspace, cohort, names, before.spec.plane)
    if [sorted(case.content.values()) for case in cases] != list(before.card.training_content.values()):
        sys.exit(f"{folder.name}: the phantoms are not those that it was trained on; train it again")
    places = [cohort.cases[name].geometry for name in names]
    found = fingerprint_of_training(cases, [place.spacing_mm if place else None for place in places], before.spec)
    write_json(folder / CARD, read_json(folder / CARD) | {"fingerprint": found})
    if read_checkpoint(folder).id != before.id:
        sys.exit(f"{folder.name}: its id has changed")
    print(f"{folder.name}  {before.id}  fingerprint of {len(cases)} cases, {len(json.dumps(found)):,} characters")


def _show(event: dict[str, object]) -> None:
    if event["event"] == "step":
        progress(f"{event['run']} loss {event['loss']:.3f}", int(str(event["step"])), int(str(event["of"])))


if __name__ == "__main__":
    sys.exit(main())
