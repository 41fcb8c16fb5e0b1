"""A study's result as a page: the question, one table, the paired tests, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

METRICS = {"dice": ("Dice", 3), "iou": ("IoU", 3), "hd95_mm": ("HD95, mm", 1)}
TESTED = "dice"


def study_page(study: Mapping[str, Any], cohort: str, split: str, document: Mapping[str, Any]) -> str:
    """Write a study's result.

    Args:
        study: the study, every field with its value.
        cohort: which cohort was trained on.
        split: which split of it.
        document: what `evaluate` returned for its variants, with `runs` per variant.

    Returns:
        Markdown with a final line break. Where a metric has no number, a dash; intervals are those of `evaluate`.
    """
    blocks = [
        f"# {study['title'] or study['name']}",
        study["question"],
        _how(study, cohort, split, document),
        _results(document),
        _tests(document["tests"]),
        _runs(document["runs"]),
        _dropped(document["dropped"]),
        f"Intervals: {document['policy']['interval']}.",
        (
            f"Made by `python -m core study {study['name']} --cohort {cohort} --split {split}`. For research, not for "
            "diagnosis."
        ),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _how(study: Mapping[str, Any], cohort: str, split: str, document: Mapping[str, Any]) -> str:
    part = {"out-of-fold": "each patient scored by the fold that never saw it", "test": "on the test part"}
    kind, scored = document["group_kind"], next(iter(document["models"].values()))["cases"]
    folds = len({run["fold"] for runs in document["runs"].values() for run in runs})
    scored_how = part.get(document["part"], document["part"])
    said = [
        f"{len(document['models'])} models on cohort {cohort}, split {split}, {folds} fold{'s' if folds != 1 else ''}.",
        f"{len(scored)} cases, {scored_how}, in 3D on the native grid, grouped by {kind}.",
    ]
    if study["common"]:
        fields = ", ".join(f"`{field}: {value}`" for field, value in study["common"].items())
        said.append(f"Every run changes its recipe by {fields}.")
    return " ".join(said)


def _results(document: Mapping[str, Any]) -> str:
    rows = []
    for region in dict.fromkeys(r for entry in document["models"].values() for r in entry["summary"]):
        for name, entry in document["models"].items():
            cells = entry["summary"].get(region, {})
            numbers = [_mean(cells.get(metric), digits) for metric, (_, digits) in METRICS.items()]
            rows.append((region, name, *numbers, str(cells.get(TESTED, {}).get("n", 0))))
    return _table(("region", "model", *(title for title, _ in METRICS.values()), "n"), rows)


def _mean(cell: Mapping[str, Any] | None, digits: int) -> str:
    if cell is None or cell["mean"] is None:
        return "–"
    interval = cell["ci95"]
    span = f" ({interval[0]:.{digits}f} – {interval[1]:.{digits}f})" if interval else ""
    return f"{cell['mean']:.{digits}f}{span}"


def _tests(tests: Sequence[Mapping[str, Any]]) -> str:
    tests = [test for test in tests if test["metric"] == TESTED]
    reasons = {test["reason"] for test in tests}
    if len(reasons) == 1 and (reason := reasons.pop()) is not None:
        return f"No paired tests: {reason}."
    rows = [
        (
            test["region"],
            " − ".join(test["models"]),
            "–" if test["mean_difference"] is None else f"{test['mean_difference']:+.3f}",
            "–" if test["p_holm"] is None else f"{test['p_holm']:.3f}",
            test["verdict"] if test["reason"] is None else f"{test['verdict']}: {test['reason']}",
        )
        for test in tests
    ]
    if not rows:
        return ""
    return "Paired differences in Dice:\n\n" + _table(("region", "models", "difference", "p (Holm)", "verdict"), rows)


def _runs(runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    rows = [
        (
            name,
            run["run"],
            str(run["fold"]),
            f"{run['parameters'] / 1e6:.1f} M",
            f"{run['steps']:,}",
            f"{run['best_step']:,}",
            f"{run['elapsed_s'] / 60:.1f} min on {run['device']}",
        )
        for name, part in runs.items()
        for run in part
    ]
    return _table(("model", "run", "fold", "parameters", "steps", "best at step", "training"), rows)


def _dropped(dropped: Sequence[Mapping[str, Any]]) -> str:
    if not dropped:
        return ""
    named = "; ".join(f"{entry['case']} by {entry['model']} ({entry['matches_part']})" for entry in dropped)
    return f"Not scored, for the model had seen the patient: {named}."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])
