"""How far two sets of masks agree, neither of them being the truth: two readers, two programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from core.evaluation.case_mask import Made
from core.evaluation.contenders import MaskSet
from core.evaluation.mask_files import MaskRefusedError
from core.evaluation.scoring import CaseScores, RegionScores, Scoring, score_case
from core.evaluation.summary import summarise
from core.evaluation.workers import in_order
from core.metrics import METRICS
from core.volume import Geometry
from core.workspace import Cohort

# what is the same whichever of two masks comes first
SYMMETRIC = ("dice", "iou", "hd_mm", "hd_px", "hd95_mm", "hd95_px", "assd_mm", "assd_px", "nsd")
VOLUMES = ("volume_ml", "reference_volume_ml", "prediction_voxels", "reference_voxels")


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    case_id: str
    names: tuple[str, str]
    made: tuple[Made, Made]
    regions: tuple[str, ...]
    geometry: Geometry | None
    scoring: Scoring


@dataclass(frozen=True, slots=True)
class _Scored:
    """What came of a piece; `refused` is whose mask could not be read, and why."""

    case_id: str
    names: tuple[str, str]
    scores: CaseScores
    refused: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """What `agreement` found.

    Attributes:
        pairs: one JSON entry per pair of sets: models, cases and summary, as in an `evaluate` document.
        refused: (set, case) to why its mask could not be read.
    """

    pairs: list[dict[str, Any]]
    refused: dict[tuple[str, str], str]


def agreement(
    cohort: Cohort,
    sets: Sequence[MaskSet],
    cases: Sequence[str],
    scoring: Scoring,
    workers: int = 1,
) -> Agreement:
    """Hold every two sets of masks against each other, on the cases and in the regions that both have.

    Empty masks: where both are empty there is nothing to agree on and the policy for an empty reference applies; where
    one is empty the other counts as the reference, whichever it is, so that the answer is the same both ways.

    Args:
        cohort: whose cases; a case needs no reference.
        sets: at least two, or there is nothing to compare.
        cases: which cases.
        scoring: how; of its metrics those that are symmetric.
        workers: how many processes.
    """
    symmetric = replace(scoring, metrics=tuple(name for name in scoring.metrics if name in SYMMETRIC) or ("dice",))
    groups = {case_id: cohort.cases[case_id].case.group_id for case_id in cases}
    scores: dict[tuple[str, str], dict[str, CaseScores]] = {(a.name, b.name): {} for a, b in combinations(sets, 2)}
    refused: dict[tuple[str, str], str] = {}
    for found in in_order(_score, _pieces(cohort, sets, cases, symmetric), workers):
        if found.refused:
            refused[found.refused[0], found.case_id] = found.refused[1]
        else:
            scores[found.names][found.case_id] = found.scores
    pairs = []
    for names, of_cases in scores.items():
        document = summarise({" and ".join(names): of_cases}, groups, cohort.group_kind, policy=scoring.policy)
        (joint,) = document["models"].values()
        # the others speak of a model against the truth, and neither of these is it
        cells = {region: {m: c for m, c in each.items() if m in METRICS} for region, each in joint["summary"].items()}
        pairs.append({"models": list(names), "cases": joint["cases"], "summary": cells})
    return Agreement(pairs, refused)


def _pieces(cohort: Cohort, sets: Sequence[MaskSet], cases: Sequence[str], scoring: Scoring) -> Iterator[_Piece]:
    for one, other in combinations(sets, 2):
        regions = tuple(name for name in cohort.scheme.region_names if name in one.regions and name in other.regions)
        for case_id in cases:
            first, second = one.mask_of(cohort, case_id), other.mask_of(cohort, case_id)
            if regions and first and second:
                geometry = cohort.cases[case_id].geometry
                yield _Piece(case_id, (one.name, other.name), (first, second), regions, geometry, scoring)


def _score(piece: _Piece) -> _Scored:
    loaded = []
    for name, made in zip(piece.names, piece.made, strict=True):
        try:
            loaded.append(made.load().of(piece.regions))
        except MaskRefusedError as error:
            return _Scored(piece.case_id, piece.names, {}, (name, str(error)))
    first, second = loaded
    forward = score_case(first, second, piece.regions, piece.geometry, scoring=piece.scoring)
    if any(_one_sided(scores) for scores in forward.values()):
        back = score_case(second, first, piece.regions, piece.geometry, scoring=piece.scoring)
        forward = {name: _symmetric(forward[name], back[name]) for name in piece.regions}
    return _Scored(piece.case_id, piece.names, forward)


def _one_sided(scores: Mapping[str, Any]) -> bool:
    """Tell whether the second mask alone is empty."""
    return bool(scores["reference_voxels"] == 0 and scores["prediction_voxels"] > 0)


def _symmetric(forward: RegionScores, back: RegionScores) -> RegionScores:
    if not _one_sided(forward):
        return forward
    kept = {name: value for name, value in forward.items() if name.startswith(VOLUMES)}
    return {name: value for name, value in back.items() if not name.startswith(VOLUMES)} | kept
