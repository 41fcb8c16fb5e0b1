"""Every scoring convention over cases: what is kept of one case, and the means over a cohort."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.evaluation.case_mask import Bits, CaseMask, pick_regions
from core.evaluation.conventions import CONVENTIONS, Convention, score_conventions
from core.evaluation.mask_pair import MaskPair, Share
from core.workspace import Cohort

# convention to region to (numerator, denominator)
CaseConventions = dict[str, dict[str, list[float]]]
# model to case id to its conventions
Conventions = Mapping[str, Mapping[str, CaseConventions]]


def conventions_of_mask(
    cohort: Cohort, case_id: str, made: CaseMask, reference: Bits, regions: tuple[str, ...]
) -> CaseConventions:
    """Score a mask in every way.

    Args:
        cohort: where the case is; its scheme says what the reference's bits mean.
        case_id: which case.
        made: what a model made of it.
        reference: (X, Y, Z) uint8 region bits in the scheme's order.
        regions: which regions to score, present in both.
    """
    names = cohort.scheme.region_names
    pair = MaskPair(
        prediction=made.of(names),
        reference=reference,
        scheme=cohort.scheme,
        regions=regions,
        head_slices=cohort.cases[case_id].facts["slices"].get("axial", 0),
        plane=made.plane,
        input_size=made.input_size,
        before_clean_up=pick_regions(made.before_clean_up, made.regions, names) if made.is_cleaned else None,
    )
    return {
        convention: {region: [share.numerator, share.denominator] for region, share in shares.items()}
        for convention, shares in score_conventions(pair).items()
    }


def convention_value(case: CaseConventions, convention: str, region: str) -> float | None:
    """Return the Dice of one case, or None where the convention leaves it out."""
    return Share(*case[convention][region]).value


def convention_means(
    found: Conventions, conventions: Mapping[str, Convention] = CONVENTIONS
) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
    """Average over the cases that every model has, and in which each has a number.

    A model with no case left takes no part. Pooling conventions add all shared cases instead.

    Args:
        found: what was kept of each model and case.
        conventions: which rows there are.

    Returns:
        convention to model to region to `mean` (None without a case) and `n`, the number of cases.
    """
    models = {model: cases for model, cases in found.items() if cases}
    shared = sorted(set.intersection(*(set(cases) for cases in models.values()))) if models else []
    return {
        name: {
            model: {region: _mean(models, model, spec, region, shared) for region in _regions(cases)}
            for model, cases in found.items()
        }
        for name, spec in conventions.items()
    }


def convention_definitions(conventions: Mapping[str, Convention] = CONVENTIONS) -> dict[str, dict[str, str]]:
    """Say what each convention is, as JSON."""
    return {
        name: {"title": spec.title, "definition": spec.definition, "reference": spec.reference}
        for name, spec in conventions.items()
    }


def _regions(cases: Mapping[str, CaseConventions]) -> list[str]:
    return list(dict.fromkeys(region for case in sorted(cases) for region in next(iter(cases[case].values()))))


def _mean(models: Conventions, model: str, spec: Convention, region: str, shared: list[str]) -> dict[str, Any]:
    name = spec.name
    rivals = [cases for cases in models.values() if region in _regions(cases)]
    counted = [case for case in shared if all(region in cases[case][name] for cases in rivals)]
    if spec.pools:
        numerator, denominator = (sum(models[model][case][name][region][end] for case in counted) for end in (0, 1))
        mean = Share(numerator, denominator).value
        return {"mean": mean, "n": 0 if mean is None else len(counted)}
    counted = [c for c in counted if all(convention_value(cases[c], name, region) is not None for cases in rivals)]
    values = [convention_value(models[model][case], name, region) for case in counted]
    return {"mean": float(np.mean(np.array(values, np.float64))) if values else None, "n": len(values)}
