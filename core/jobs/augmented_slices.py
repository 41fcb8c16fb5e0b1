"""What a recipe's augmentation makes of a real slice: drawn in a child, so that the server loads no torch, and kept."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.atomic import read_json, replacing, write_json
from core.data.splits import Fold
from core.errors import RefusedError
from core.jobs.bounded import bound_this_process
from core.jobs.processes import born_at, start_process
from core.recipe import Recipe, parse_recipe
from core.training.runs.run_folder import process_lives
from core.workspace import Cohort, Workspace

SHOWN = 5  # variations beside the original
DRAWS = 6  # made at once: starting the child takes longer than drawing
VERSION = 1  # of what is kept; a new one forgets the old
PROBLEM_KEPT_S = 600
KEPT = 200  # files; the oldest go
SHOWN_FIRST = ("t1c", "t2f", "ct")
ENDS = (0.5, 99.5)  # percentiles of the original's head that become black and white
MEMORY_BYTES = 16 << 30  # of address space, most of which torch reserves and never touches
CPU_S = 120

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Varied:
    """One slice and what became of it.

    Attributes:
        images: (1 + SHOWN, H, W) uint8, the original first, on the scale of the original; background is 0.
        masks: (1 + SHOWN, H, W) uint8 region bits.
        case_id: whose slice.
        slice_number: on the full grid.
        modality: which channel is shown.
    """

    images: Pixels
    masks: Pixels
    case_id: str
    slice_number: int
    modality: str


def varied_slices(
    workspace: Workspace, recipe: Recipe, cohort: Cohort, fold: Fold, which: int = 0, draw: int = 0
) -> Varied | str | None:
    """Return a training slice and variations of it, why there are none, or None while they are being drawn.

    Args:
        workspace: where they are kept.
        recipe: its data and augment sections are what counts.
        cohort: whose slices.
        fold: whose training part.
        which: the number of a slice; any.
        draw: the number of a draw; any.
    """
    if not fold.train:
        return "the split has no training part"
    resolved = recipe.resolved()
    network = {name: resolved["model"][name] for name in ("name", "arguments")}  # its stride shapes the canvas
    case_id = fold.train[int(np.random.default_rng([which, 0]).integers(len(fold.train)))]
    asked = {
        "version": VERSION,
        "recipe": {"name": "look", "data": resolved["data"], "augment": resolved["augment"], "model": network},
        "cohort": cohort.name,
        "case": case_id,
        "changed": _changed(workspace, cohort.name, case_id),
        "which": which,
        "block": draw // DRAWS,
    }
    key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]
    folder = workspace.root / "cache" / "augmentation"
    with contextlib.suppress(FileNotFoundError):
        return _read(folder / f"{key}.npz", draw % DRAWS)
    try:
        return _problem_or_start(workspace, folder, key, asked)
    except OSError as error:
        return f"the variations cannot be kept: {error.strerror or error}"


def _problem_or_start(workspace: Workspace, folder: Path, key: str, asked: dict[str, Any]) -> str | None:
    problem, running = folder / f"{key}.problem", folder / f"{key}.running"
    with contextlib.suppress(FileNotFoundError):
        if time.time() - problem.stat().st_mtime < PROBLEM_KEPT_S:
            return problem.read_text(encoding="utf-8")
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        process = read_json(running)
        if process_lives(process["pid"], process["started"]):
            return None
        running.unlink(missing_ok=True)
        if not (folder / f"{key}.npz").exists():
            problem.write_text("the variations could not be drawn here", encoding="utf-8")
            return None  # the next look reads it, or finds them
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{key}.json", asked)
    pid = start_process(workspace, "core.jobs.augmented_slices", [key], folder / "output.txt")
    write_json(running, {"pid": pid, "started": born_at(pid)})
    return None


def _read(path: Path, draw: int) -> Varied:
    with np.load(path) as kept:
        chosen = [0, *range(1 + draw * SHOWN, 1 + (draw + 1) * SHOWN)]
        images, masks = kept["images"][chosen], kept["masks"][chosen]
        return Varied(images, masks, str(kept["case_id"]), int(kept["slice_number"]), str(kept["modality"]))


def _changed(workspace: Workspace, cohort: str, case_id: str) -> int:
    path = workspace.store_folder(cohort, case_id) / "prepared.json"
    return path.stat().st_mtime_ns if path.exists() else 0


def draw_variations(workspace: Workspace, asked: dict[str, Any]) -> dict[str, Any]:
    """Vary one slice as the training does: the arrays and names that are kept.

    Raises:
        RefusedError: the case has left the store.
    """
    from core.data.augment import Augmenter, augment_settings
    from core.models import model_named
    from core.training.batches.sampling import SliceSampler
    from core.training.process import open_cases

    recipe = parse_recipe(asked["recipe"], asked["recipe"]["name"])
    data, cohort = recipe.data, workspace.cohort(asked["cohort"])
    (case,) = open_cases(workspace, cohort, [asked["case"]], data.plane)
    augment = Augmenter(augment_settings(recipe.augment.preset, recipe.augment.settings), data.plane)
    stride = model_named(recipe.model.name).stride(recipe.model.arguments)
    sampler = SliceSampler([case], data, len(cohort.scheme.regions), stride, augment, 0)
    rng = np.random.default_rng([asked["which"], 1])
    _, position = sampler.tumour_slice(rng) or (0, len(case.slices) // 2)
    image, mask = sampler.read(0, position)
    seeds = np.random.SeedSequence([asked["which"], asked["block"], 2]).generate_state(DRAWS * SHOWN)
    varied = [(image, mask), *(sampler.vary(image, mask, int(seed)) for seed in seeds)]
    modality = next((name for name in SHOWN_FIRST if name in data.modalities), data.modalities[0])
    channel = data.neighbours * len(data.modalities) + data.modalities.index(modality)
    return {
        "images": _grey(np.stack([each[channel] for each, _ in varied])),
        "masks": np.stack([each for _, each in varied]),
        "case_id": np.array(case.case_id),
        "slice_number": np.array(case.slice_index[position]),
        "modality": np.array(modality),
    }


def _grey(images: npt.NDArray[np.float32]) -> Pixels:
    head = images[0][images[0] != 0]
    low, high = np.percentile(head, ENDS) if head.size else (0.0, 1.0)
    grey = np.clip((images - low) / max(high - low, 1e-6), 0, 1) * 255
    grey[images == 0] = 0  # background, whatever 0 is among the head's values
    return np.asarray(np.rint(grey), np.uint8)


def main(workspace: Workspace, key: str) -> None:
    """Draw what `<key>.json` asks for, within bounds, and keep it beside it."""
    bound_this_process(MEMORY_BYTES, CPU_S)
    folder = workspace.root / "cache" / "augmentation"
    request = folder / f"{key}.json"
    try:
        found = draw_variations(workspace, read_json(request))
        with replacing(folder / f"{key}.npz") as stream:
            np.savez_compressed(stream, **found)
    except RefusedError as error:
        (folder / f"{key}.problem").write_text(str(error), encoding="utf-8")
    finally:
        request.unlink(missing_ok=True)
        oldest_first = sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime)
        for old in oldest_first[:-KEPT]:
            old.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Workspace.default(), sys.argv[1])
