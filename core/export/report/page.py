"""A comparison becomes one HTML page that needs nothing else: style, figures and pictures are in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.export.report import provenance, svg
from core.export.report.agreement_table import agreement_table
from core.export.report.box_plots import box_plot
from core.export.report.case_slice import CaseSlice
from core.export.report.choose import CHOSEN_BY
from core.export.report.comparison import Comparison
from core.export.report.convention_tables import convention_definitions, convention_tables
from core.export.report.environment import STYLE, environment
from core.export.report.failure_table import failure_table
from core.export.report.formatting import listed, number, plural, sequence
from core.export.report.methods import methods
from core.export.report.pictures import PERCENTILES, Panel, columns_for, panels
from core.export.report.reliability import (
    calibration_table,
    reliability_curves,
    risk_coverage_curves,
    risk_coverage_table,
)
from core.export.report.scored import (
    Document,
    cell_of,
    leading_metrics,
    metric_title,
    metrics_of,
    regions_of,
)
from core.export.report.subgroup_tables import subgroup_tables
from core.export.report.summary_tables import columns_of, full_table, metric_table
from core.export.report.tests_in_words import sentences, tests_table


@dataclass(frozen=True, slots=True)
class _Figure:
    """A drawing made here, with its caption."""

    drawing: str
    caption: str


@dataclass(frozen=True, slots=True)
class _Pictured:
    """One case's panels, in rows, with its caption."""

    rows: list[list[Panel]]
    caption: str


def page(comparison: Comparison) -> str:
    """Return the report as HTML; the same comparison gives the same text.

    Everything that a user named is escaped. Parts that the document lacks are left out.
    """
    return environment().get_template("report.html").render(_content(comparison))


def _content(comparison: Comparison) -> dict[str, Any]:
    document = comparison.document
    leading = leading_metrics(document)
    plots = [
        _Figure(drawn, _plot_caption(document, metric)) for metric in leading if (drawn := box_plot(document, metric))
    ]
    return {
        "style": STYLE.read_text(encoding="utf-8"),
        "title": _title(document),
        "compared": _compared(comparison),
        "models": [(model, svg.colour_of(index)) for index, model in enumerate(document["models"])],
        "regions": _regions(comparison),
        "summary": [metric_table(document, metric) for metric in leading],
        "columns_said": _columns_said(document),
        "plots": plots,
        "tests": [(metric_title(document, metric), sentences(document, metric)) for metric in leading],
        "pictures": [_pictured(comparison, found) for found in comparison.pictures],
        "how_chosen": _how_chosen(comparison),
        "picture_licence": provenance.picture_licence(comparison),
        "no_pictures": comparison.no_pictures,
        "conventions": convention_tables(document),
        "convention_definitions": convention_definitions(document),
        "calibration": calibration_table(document),
        "reliability": reliability_curves(document),
        "risk_coverage": risk_coverage_table(document),
        "risk_coverage_curves": risk_coverage_curves(document),
        "agreement": agreement_table(document),
        "failures": failure_table(document),
        "subgroups": subgroup_tables(document),
        "methods": methods(comparison),
        "left_out": provenance.left_out(comparison),
        "audit": provenance.audit_sentences(comparison),
        "hashes": provenance.hash_table(comparison),
        "checkpoints": provenance.checkpoint_table(comparison),
        "licences": provenance.licences(comparison),
        "libraries": provenance.libraries(comparison),
        "full": full_table(document),
        "all_tests": tests_table(document),
        "definitions": _definitions(document),
    }


def _title(document: Document) -> str:
    names = list(document["models"])
    return (
        f"{listed(names)} on {document['cohort']}"
        if len(names) <= 3
        else f"{len(names)} models on {document['cohort']}"
    )


def _compared(comparison: Comparison) -> str:
    document, cohort = comparison.document, comparison.cohort
    kind = "group" if cohort.group_kind == "unknown" else cohort.group_kind
    counted = [cell["n_groups"] for model in document["models"] for region in regions_of(document)
               for metric in metrics_of(document) if (cell := cell_of(document, model, region, metric))]  # fmt: skip
    scored = {case for entry in document["models"].values() for case in entry["cases"]}
    most = f", at most {plural(max(counted), kind)} in a mean" if counted and max(counted) != len(scored) else ""
    part = {"out-of-fold": "scored out of fold", "all": "all of the cohort"}.get(
        document["part"], f"the {document['part']} part"
    )
    return (
        f"{plural(len(document['models']), 'model')} compared on cohort {cohort.name}: "
        f"{plural(len(scored), 'case')}, {part}{most}."
    )


def _regions(comparison: Comparison) -> list[tuple[str, str, str]]:
    names = comparison.pictures[0].regions if comparison.pictures else tuple(regions_of(comparison.document))
    titles = comparison.cohort.region_titles
    return [(name, titles.get(name, name), svg.colour_of(index, svg.ON_GREY)) for index, name in enumerate(names)]


def _columns_said(document: Document) -> str:
    kind = document["group_kind"]
    counted = "groups" if kind == "unknown" else f"{kind}s"
    columns = columns_of(document)
    said = f"Mean with its 95 % confidence interval, drawn over {counted}; median"
    said += ", quartiles (IQR)" if "iqr" in columns else ""
    said += "; n, the cases that every model has a number for."
    said += " Empty: cases whose reference lacks the region." if "n_empty" in columns else ""
    return said + (" Set: values that the empty-mask policy set." if "n_flagged" in columns else "")


def _plot_caption(document: Document, metric: str) -> str:
    return (
        f"{metric_title(document, metric)} of every case. Box: quartiles and median; whiskers: farthest value within "
        "1.5 interquartile ranges; dots: cases, hollow where the policy set the value, the same case joined by a thin "
        "line; diamond and bar: mean and its 95 % confidence interval."
    )


def _pictured(comparison: Comparison, found: CaseSlice) -> _Pictured:
    drawn = panels(found)
    columns = columns_for(len(drawn))
    rows = [drawn[start : start + columns] for start in range(0, len(drawn), columns)]
    where = f"{found.plane} slice" if found.plane else "slice"
    each = []
    for model, entry in comparison.document["models"].items():
        score = entry["cases"].get(found.case, {}).get(found.regions[0], {}).get(CHOSEN_BY)
        if score is not None:
            each.append(f"{model} {number(score)}")
    caption = (
        f"{found.why.capitalize()} case, {found.case}: Dice of {found.regions[0]} {number(found.value)} on average "
        f"({', '.join(each)}). {where.capitalize()} {found.slice_index + 1} of {found.slices}, "
        f"{sequence(found.modality)}."
    )
    return _Pictured(rows, caption)


def _how_chosen(comparison: Comparison) -> str:
    if not comparison.pictures:
        return ""
    first = comparison.pictures[0]
    region = first.regions[0]
    said = (
        f"The best, the median and the worst case by the Dice of {region}, averaged over the models; of each the slice "
        f"on which the reference of {region} has its largest area. Coloured: outlines of the regions; white: the "
        f"reference's {region} once more, beside each model. Display window: percentiles {PERCENTILES[0]} and "
        f"{PERCENTILES[1]} of the slice's voxels that are not zero. "
    )
    if any(found.letters for found in comparison.pictures):
        said += "Radiological convention: the patient's right is on the left. "
    if any(found.spacing_mm for found in comparison.pictures):
        said += "Voxels keep their true shape."
    else:
        said += "The files hold no voxel sizes, so that there is no scale, and the images stand as they are stored."
    return said.strip()


def _definitions(document: Document) -> list[tuple[str, str, str]]:
    facts = document["policy"]["metrics"]
    return [
        (metric_title(document, metric), facts[metric]["definition"].rstrip("."), facts[metric].get("citation", ""))
        for metric in _known(metrics_of(document), facts)
    ]


def _known(metrics: Sequence[str], facts: Any) -> list[str]:
    return [metric for metric in metrics if metric in facts]
