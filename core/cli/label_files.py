"""The verb `metrics`: two label files, scored against each other."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.output import print_json
from core.errors import RefusedError

if TYPE_CHECKING:
    from core.labels import LabelScheme
    from core.volume import Grid


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    metrics = verbs.add_parser("metrics", help="every metric for two label files")
    metrics.add_argument("prediction", type=Path, metavar="PREDICTION")
    metrics.add_argument("reference", type=Path, metavar="REFERENCE")
    metrics.add_argument("--scheme", default="brats-2023", help="what the labels mean (default: %(default)s)")
    metrics.add_argument("--reference-scheme", help="what the reference's mean (default: the same)")
    metrics.add_argument(
        "--nsd-tolerance",
        type=float,
        default=1.0,
        metavar="MM",
        help="how far apart surfaces may be and still agree in NSD (default: %(default)s mm)",
    )
    metrics.add_argument(
        "--policy",
        default="leave-out",
        metavar="NAME",
        help="what empty masks mean: leave-out or brats (default: %(default)s)",
    )
    metrics.set_defaults(run=_metrics)


def _metrics(options: argparse.Namespace) -> int:
    from core.data.label_files import scheme_of_name_or_file
    from core.data.load import load_label_file, same_grid
    from core.evaluation.scoring import Scoring, score_case, score_whole_case, scoring_words
    from core.metrics import METRICS
    from core.metrics.empty_masks import policy_named

    scoring = Scoring(tuple(METRICS), policy_named(options.policy), options.nsd_tolerance)
    scheme = scheme_of_name_or_file(options.scheme)
    other = scheme_of_name_or_file(options.reference_scheme or options.scheme)
    if scheme.region_names != other.region_names:
        raise RefusedError(f"{scheme.name} and {other.name} have different regions; scores need the same ones")
    prediction, grid = load_label_file(options.prediction, scheme)
    _require_every_colour(options.prediction, scheme)
    reference, reference_grid = load_label_file(options.reference, other, grid)
    _require_every_colour(options.reference, other)
    if reference_grid.affine is None and grid.affine is not None:  # a picture: the prediction may tell of no place
        prediction, grid = load_label_file(options.prediction, scheme, reference_grid)
    if not same_grid(grid, reference_grid):
        raise RefusedError(f"the two masks lie on different grids ({_apart(grid, reference_grid)}")
    regions = score_case(prediction, reference, scheme.region_names, reference_grid.geometry(), scoring=scoring)
    document = {"regions": regions, "case": score_whole_case(regions), "policy": scoring_words(scoring)}
    if options.json:
        print_json(document)
    else:
        print(scores_table(document))
    return 0


def _require_every_colour(file: Path, scheme: LabelScheme) -> None:
    """Refuse a picture that lacks some of the scheme's labels: which colour is which label, its other files tell."""
    from core.data.formats import format_of
    from core.data.formats.picture import PICTURE
    from core.data.formats.picture_masks import colours_drawn

    drawn = colours_drawn(file) if format_of(file) == PICTURE.name else None
    if drawn and drawn < len(scheme.labels):
        raise RefusedError(
            f"{file.name}: found {drawn} colour(s) where {scheme.name} has {len(scheme.labels)} labels, so this file "
            "alone does not say which is which; import the whole set, whose cohort knows every colour, and use evaluate"
        )


def _apart(one: Grid, other: Grid) -> str:
    from core.data.load import corner_distance_mm

    if one.shape != other.shape:
        return f"shapes {one.shape} and {other.shape}); resample one onto the other first"
    if one.affine is None or other.affine is None:
        which = "prediction" if one.affine is None else "reference"
        return f"the {which} alone has no place in the patient); write both from the same images"
    return f"corners up to {corner_distance_mm(one, other):.2f} mm apart); resample one onto the other first"


def scores_table(document: Mapping[str, Any]) -> str:
    """Draw a `metrics` document: a line for each metric, a column for each region, then why numbers are missing."""
    regions = document["regions"]
    names = [name for name in document["policy"]["metrics"] if any(name in scores for scores in regions.values())]
    cells = [("", *regions), *((name, *(_cell(scores.get(name)) for scores in regions.values())) for name in names)]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in cells
    ]
    empty_masks, tolerance = document["policy"]["empty_masks"], document["policy"]["nsd_tolerance_mm"]
    notes = [
        f"mean IoU {_cell(document['case']['mean_iou'])}",
        *(f"{region}, {', '.join(which)}: {why}" for (region, why), which in _reasons(regions, names).items()),
        f"Empty masks ({empty_masks['name']}): {empty_masks['words']}. NSD tolerates {tolerance:g} mm.",
    ]
    return "\n".join([*(line.rstrip() for line in lines), *notes])


def _reasons(regions: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    reasons: dict[tuple[str, str], list[str]] = {}
    for region, scores in regions.items():
        for name in names:
            if why := scores.get(f"{name}_reason") or scores.get(f"{name}_flag"):
                reasons.setdefault((region, why), []).append(name)
    return reasons


def _cell(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"
