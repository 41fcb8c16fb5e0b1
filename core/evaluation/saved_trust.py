"""How far saved probabilities can be trusted, counted once per case and kept beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.checkpoints import Checkpoint
from core.evaluation.calibration import Calibration, Reliability
from core.evaluation.saved_files import (
    beside_mask,
    computed_once,
    has_mask,
    has_reference,
    reference_of,
    regions_of,
    saved_mask,
)
from core.evaluation.trust import CaseTrust, trust_of_case
from core.workspace import Cohort, Workspace

# goes up when the same probabilities would be counted otherwise: what was kept under another version is counted again
TRUST_VERSION = 1


def saved_trust(workspace: Workspace, cohort: Cohort, case_id: str, checkpoint: Checkpoint) -> CaseTrust | None:
    """Return what a saved prediction's probabilities say beside the reference, counting once.

    Returns:
        None where there is no prediction or no reference. Masks made elsewhere have no probabilities.
    """
    if not has_reference(cohort, case_id) or not has_mask(workspace, cohort, case_id, checkpoint):
        return None

    def count() -> dict[str, Any]:
        made = saved_mask(workspace, cohort, case_id, checkpoint)
        assert made is not None
        assert made.prediction is not None
        reference, _ = reference_of(cohort, case_id)
        names = cohort.scheme.region_names
        return _to_json(trust_of_case(made.prediction, reference, names, regions_of(cohort, made), made.bits))

    return _from_json(computed_once(_file(workspace, cohort, case_id, checkpoint), count))


def _to_json(trust: CaseTrust) -> dict[str, Any]:
    calibration = trust.calibration
    return {
        "confidence": trust.confidence,
        "near": {name: _counts(each) for name, each in calibration.near.items()},
        "box": {name: _counts(each) for name, each in calibration.box.items()},
    }


def _counts(each: Reliability) -> list[list[int]]:
    return [each.voxels.tolist(), each.positives.tolist()]


def _from_json(kept: Mapping[str, Any]) -> CaseTrust:
    near, box = ({name: _reliability(counts) for name, counts in kept[over].items()} for over in ("near", "box"))
    return CaseTrust(Calibration(near, box), dict(kept["confidence"]))


def _reliability(counts: list[list[int]]) -> Reliability:
    voxels, positives = (np.array(each, np.int64) for each in counts)
    return Reliability(voxels, positives)


def _file(workspace: Workspace, cohort: Cohort, case_id: str, checkpoint: Checkpoint) -> Path:
    return beside_mask(workspace, cohort, case_id, checkpoint, "trust", str(TRUST_VERSION))
