"""Where what is computed from a saved mask is kept: beside it, under a name that changes when the answer would."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.atomic import read_json, write_json
from core.checkpoints import Checkpoint
from core.data.load import load_regions
from core.evaluation.case_mask import Bits, CaseMask, Predicted, pick_regions
from core.evaluation.kept_masks import KeptMasks
from core.evaluation.scoring import Scoring, scoring_words
from core.inference.prediction import Prediction, region_bits
from core.inference.segment import prediction_folder
from core.volume import Geometry
from core.workspace import Cohort, Workspace

# what a page lists as a model: a checkpoint, or masks made elsewhere
SavedModel = Checkpoint | KeptMasks


def saved_prediction(workspace: Workspace, cohort: Cohort, case_id: str, checkpoint: Checkpoint) -> Prediction | None:
    """Return what a checkpoint made of a case, if it has been computed."""
    folder = prediction_folder(workspace, checkpoint, cohort.cases[case_id].content)
    return Prediction.load(folder) if (folder / "prediction.json").exists() else None


def saved_mask(workspace: Workspace, cohort: Cohort, case_id: str, model: SavedModel) -> CaseMask | None:
    """Return the mask that a model has of a case, with its probabilities where it has any; None where there is none."""
    if isinstance(model, KeptMasks):
        kept = model.mask_of(cohort, case_id)
        return None if kept is None else kept.load()
    prediction = saved_prediction(workspace, cohort, case_id, model)
    if prediction is None:
        return None
    return Predicted((prediction,), model.spec, cohort.cases[case_id].geometry).load()


def saved_slice(workspace: Workspace, cohort: Cohort, case_id: str, model: SavedModel, index: int) -> Bits | None:
    """Return one axial slice of a saved mask; of a prediction that nothing cleans up no other slice is read.

    Returns:
        (X, Y) uint8 region bits in the order of the cohort's regions; None where there is no mask.
    """
    wanted = cohort.scheme.region_names
    if isinstance(model, KeptMasks) or model.spec.post:  # cleaning up sees the whole mask
        made = saved_mask(workspace, cohort, case_id, model)
        return None if made is None else made.of(wanted)[:, :, index]
    prediction = saved_prediction(workspace, cohort, case_id, model)
    if prediction is None:
        return None
    bits = np.zeros(prediction.shape[:2], np.uint8)
    (x, y, first), (x_end, y_end, end) = prediction.box.start, prediction.box.stop
    if first <= index < end:
        there = np.asarray(prediction.probabilities[..., index - first])
        bits[x:x_end, y:y_end] = region_bits(there, prediction.thresholds, prediction.class_bits)
    return pick_regions(bits, prediction.regions, wanted)


def has_mask(workspace: Workspace, cohort: Cohort, case_id: str, model: SavedModel) -> bool:
    """Tell whether a model has a mask of a case; no voxel is read."""
    if isinstance(model, KeptMasks):
        return model.mask_of(cohort, case_id) is not None
    return (prediction_folder(workspace, model, cohort.cases[case_id].content) / "prediction.json").exists()


def has_reference(cohort: Cohort, case_id: str) -> bool:
    """Tell whether a case has a reference whose file is still there."""
    reference = cohort.cases[case_id].case.reference
    return reference is not None and reference.file.exists()


def beside_mask(workspace: Workspace, cohort: Cohort, case_id: str, model: SavedModel, what: str, version: str) -> Path:
    """Return where something computed from a mask and its case's reference is kept.

    Args:
        workspace: where masks are.
        cohort: of the case; its scheme says what the reference's labels mean.
        case_id: a case that has a reference.
        model: whose mask.
        what: a word for it.
        version: changes when the same mask and reference would give another answer.
    """
    entry = cohort.cases[case_id]
    assert entry.case.reference is not None
    folder = (
        model.case_folder(case_id)
        if isinstance(model, KeptMasks)
        else prediction_folder(workspace, model, entry.content)
    )
    stat = entry.case.reference.file.stat()
    goes_by = f"{stat.st_size} {stat.st_mtime_ns} {cohort.scheme.name}"
    return folder / f"{what}-{version}-{hashlib.sha256(goes_by.encode()).hexdigest()[:12]}.json"


def computed_once(path: Path, compute: Callable[[], Any]) -> Any:
    """Return what a file holds, or what `compute` gives, which is then written there."""
    if path.exists():
        return read_json(path)
    document = compute()
    write_json(path, document)
    return document


def reference_of(cohort: Cohort, case_id: str) -> tuple[Bits, Geometry | None]:
    """Read a case's reference: (X, Y, Z) uint8 bits in the scheme's order, and where its voxels are.

    Raises:
        InputRefusedError: the file is gone or damaged.
    """
    entry = cohort.cases[case_id]
    assert entry.case.reference is not None
    bits, grid = load_regions(entry.case.reference, cohort.scheme, entry.grid)
    return bits, grid.geometry()


def regions_of(cohort: Cohort, made: CaseMask) -> tuple[str, ...]:
    """Return the cohort's regions that a mask has."""
    return tuple(region for region in cohort.scheme.region_names if region in made.regions)


@lru_cache(maxsize=64)
def scoring_key(scoring: Scoring, version: int) -> str:
    """Return what stands for a way of scoring in a file's name: its metrics, their definitions, its policy."""
    words = json.dumps(scoring_words(scoring), sort_keys=True)
    return hashlib.sha256(f"{version} {words}".encode()).hexdigest()[:12]
