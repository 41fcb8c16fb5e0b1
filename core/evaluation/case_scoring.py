"""One model on one case: everything that is asked of it, in one go, in whichever process has time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.data.load import load_regions
from core.evaluation.case_mask import Made, pick_regions
from core.evaluation.convention_table import CaseConventions, conventions_of_mask
from core.evaluation.failures import CaseFailures, find_failures
from core.evaluation.mask_files import MaskRefusedError
from core.evaluation.scoring import DEFAULT_SCORING, CaseScores, Scoring, score_case
from core.evaluation.trust import CaseTrust, trust_of_case
from core.workspace import Cohort


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of every case.

    Attributes:
        scoring: how it is scored.
        conventions: score the mask in every way of `CONVENTIONS` too.
        failures: look for what is wrong.
        calibration: hold the probabilities against the reference, where there are any.
    """

    scoring: Scoring = DEFAULT_SCORING
    conventions: bool = False
    failures: bool = False
    calibration: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One piece of work; small, for it travels to another process.

    Attributes:
        model: who made the mask.
        case_id: of which case, which has a reference.
        cohort: this case's cohort without its other cases.
        made: what the model made of it.
        regions: what is scored, in the model and in the cohort.
        asked: what is wanted.
    """

    model: str
    case_id: str
    cohort: Cohort
    made: Made
    regions: tuple[str, ...]
    asked: Asked


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of a piece.

    Attributes:
        model: who made the mask.
        case_id: of which case.
        scores: by region.
        conventions: convention to region to numerator and denominator, where they were asked for.
        failures: what is wrong, where that was asked for.
        trust: what the probabilities say, where that was asked for and there are any.
        refused: why a mask made elsewhere could not be read, or None.
    """

    model: str
    case_id: str
    scores: CaseScores
    conventions: CaseConventions | None = None
    failures: CaseFailures | None = None
    trust: CaseTrust | None = None
    refused: str | None = None


def cohort_of_one(cohort: Cohort, case_id: str) -> Cohort:
    """Return a cohort of one of its cases alone."""
    return replace(cohort, cases={case_id: cohort.cases[case_id]}, refused=(), findings=())


def score_piece(piece: Piece) -> CaseResult:
    """Read a mask and its reference and score them.

    Raises:
        InputRefusedError: the reference cannot be read.
    """
    cohort, case_id, regions, asked = piece.cohort, piece.case_id, piece.regions, piece.asked
    try:
        made = piece.made.load()
    except MaskRefusedError as error:
        return CaseResult(piece.model, case_id, {}, refused=str(error))
    entry = cohort.cases[case_id]
    assert entry.case.reference is not None
    reference, grid = load_regions(entry.case.reference, cohort.scheme, entry.grid)
    geometry = grid.geometry()
    ours, truth = made.of(regions), pick_regions(reference, cohort.scheme.region_names, regions)
    return CaseResult(
        model=piece.model,
        case_id=case_id,
        scores=score_case(ours, truth, regions, geometry, scoring=asked.scoring),
        conventions=conventions_of_mask(cohort, case_id, made, reference, regions) if asked.conventions else None,
        failures=find_failures(ours, truth, regions, geometry) if asked.failures else None,
        trust=trust_of_case(made.prediction, reference, cohort.scheme.region_names, regions, made.bits)
        if asked.calibration and made.prediction
        else None,
    )
