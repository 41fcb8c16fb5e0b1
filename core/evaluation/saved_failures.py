"""What went wrong in saved masks, looked for once per case and kept beside them."""

from __future__ import annotations

from pathlib import Path

from core.evaluation.failures import CaseFailures, find_failures
from core.evaluation.saved_files import (
    SavedModel,
    beside_mask,
    computed_once,
    has_mask,
    has_reference,
    reference_of,
    regions_of,
    saved_mask,
)
from core.workspace import Cohort, Workspace

# goes up when the same masks would give other failures: those kept under another version are looked for again
FAILURES_VERSION = 1


def saved_failures(workspace: Workspace, cohort: Cohort, case_id: str, model: SavedModel) -> CaseFailures | None:
    """Return what is wrong in a saved mask, looking once.

    Returns:
        As `find_failures`, of the regions that model and cohort share; None where there is no mask or no reference.
    """
    if not has_reference(cohort, case_id) or not has_mask(workspace, cohort, case_id, model):
        return None

    def look() -> CaseFailures:
        made = saved_mask(workspace, cohort, case_id, model)
        assert made is not None
        regions, (reference, geometry) = cohort.scheme.region_names, reference_of(cohort, case_id)
        found = find_failures(made.of(regions), reference, regions, geometry)
        return {region: found[region] for region in regions_of(cohort, made)}

    kept: CaseFailures = computed_once(_file(workspace, cohort, case_id, model), look)
    return kept


def _file(workspace: Workspace, cohort: Cohort, case_id: str, model: SavedModel) -> Path:
    return beside_mask(workspace, cohort, case_id, model, "failures", str(FAILURES_VERSION))
