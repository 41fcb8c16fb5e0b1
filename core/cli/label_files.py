"""The verb `metrics`: two label files, scored against each other."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.cli.output import print_json
from core.errors import RefusedError


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    metrics = verbs.add_parser("metrics", help="every metric for two label files")
    metrics.add_argument("prediction", type=Path, metavar="PREDICTION")
    metrics.add_argument("reference", type=Path, metavar="REFERENCE")
    metrics.add_argument("--scheme", default="brats-2023", help="what the labels mean (default: %(default)s)")
    metrics.add_argument("--reference-scheme", help="what the reference's mean (default: the same)")
    metrics.set_defaults(run=_metrics)


def _metrics(options: argparse.Namespace) -> int:
    from core.data.label_files import scheme_of_name_or_file
    from core.data.load import corner_distance_mm, load_label_file, same_grid
    from core.evaluation.scoring import Scoring, score_case, scoring_words
    from core.metrics import METRICS

    scheme = scheme_of_name_or_file(options.scheme)
    other = scheme_of_name_or_file(options.reference_scheme or options.scheme)
    if scheme.region_names != other.region_names:
        raise RefusedError(f"{scheme.name} and {other.name} have different regions; scores need the same ones")
    prediction, grid = load_label_file(options.prediction, scheme)
    reference, reference_grid = load_label_file(options.reference, other)
    if not same_grid(grid, reference_grid):
        apart = (
            f"shapes {grid.shape} and {reference_grid.shape}"
            if grid.shape != reference_grid.shape
            else f"corners up to {corner_distance_mm(grid, reference_grid):.2f} mm apart"
        )
        raise RefusedError(f"the two masks lie on different grids ({apart}); resample one onto the other first")
    scoring = Scoring(tuple(METRICS))
    regions = score_case(prediction, reference, scheme.region_names, reference_grid.geometry(), scoring=scoring)
    document = {"regions": regions, "policy": scoring_words(scoring)}
    if options.json:
        print_json(document)
        return 0
    for region, scores in regions.items():
        print(region, "  ".join(_score_text(name, scores) for name in METRICS if name in scores))
    return 0


def _score_text(name: str, scores: dict[str, Any]) -> str:
    value = scores[name]
    return f"{name} {value:.4f}" if value is not None else f"{name} none ({scores.get(f'{name}_reason')})"
