"""Trust: whether a probability of 0.8 is right eight times in ten, and whether a model knows its bad masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.evaluation.kept_masks import KeptMasks
from core.evaluation.saved_files import SavedModel
from core.workspace import Cohort
from pages.parts.compare.contenders import Compared, compared, fair, say_what_is_compared
from pages.parts.compare.document import TRUST, found_of, go_on
from pages.parts.compare.grid import Cell, Row, draw_grid
from pages.parts.compare.metric_words import NOTHING
from pages.parts.compare.missing import nothing_to_compare, offer_rest
from pages.parts.compare.trust_plots import reliability_rows, reliability_spec, risk_rows, risk_spec
from pages.parts.training.charts import heading
from pages.parts.viewer.spec import PALETTE

HEAD = ("Region", "Model", "ECE", "Brier", "Voxels", "Risk left", "Best order", "Any order", "n")
IN_A_ROW = 4
RELIABILITY = (
    "**Reliability**: voxels are put into bins by their probability; on the dashed line as many of a bin are in the "
    "ground truth as it says. Below the line a model is too sure, above it too hesitant. The size of a dot is the "
    "number of voxels."
)
RISK = (
    "**Risk against coverage**: patients are set aside from the least sure on, and what is left of 1 − Dice is drawn. "
    "A line that falls to the left means that the model knows which of its masks are bad."
)
ONE_PATIENT = (
    "**Uncertainty of one patient**: in Look the menu of the last panel draws the uncertainty of a model (its entropy: "
    "bright where the probability is near one half; of an ensemble also how far its members are apart) and the "
    "disagreement of all; the threshold slider shows how much of a mask hangs on it."
)


def trust(cohort: Cohort, models: dict[str, SavedModel]) -> None:
    """Draw the view."""
    contenders = compared(fair(models))
    found = found_of(cohort, contenders, (TRUST,))
    offer_rest(cohort, found.missing, found.wanted)
    go_on(cohort, found, (TRUST,))
    calibration, risk = found.document["calibration"], found.document["risk_coverage"]
    drawn = [each for each in contenders if each.name in calibration]
    if drawn:
        titles = {each.name: each.title for each in drawn}
        heading("Calibration", after="over the patients that every model has and none has seen")
        rows, starts = trust_rows(calibration, risk, titles)
        draw_grid(HEAD, rows, reads=2, new_group=starts)
        _charts(drawn, calibration, "Reliability", "share that is right, by probability", _reliability)
        _charts(drawn, risk, "Risk against coverage", "1 − Dice left, by share of patients kept", _risk)
    masks_only = [each.title for each in contenders if _is_masks(each)]
    if masks_only:
        st.caption(f"{', '.join(masks_only)}: only masks were brought in, no probabilities: nothing to calibrate.")
    if not drawn and not masks_only:
        nothing_to_compare(models, found.missing, is_waiting=bool(found.waiting))
        return
    st.caption("  \n".join((RELIABILITY, RISK, ONE_PATIENT)))
    if drawn:
        _definitions(found.document["calibration_definitions"])
    say_what_is_compared(models, contenders)


def trust_rows(
    calibration: Mapping[str, Any], risk: Mapping[str, Any], titles: Mapping[str, str]
) -> tuple[list[Row], list[int]]:
    """Return a row per region and model, the lowest error of a region bold, and where regions begin."""
    rows: list[Row] = []
    starts = []
    for at, region in enumerate(_regions(calibration)):
        found = {name: calibration[name][region] for name in titles if region in calibration[name]}
        errors = [each["ece"] for each in found.values() if each["ece"] is not None]
        least = min(errors) if len(errors) > 1 else None
        starts.append(len(rows))
        for place, (name, each) in enumerate(found.items()):
            curve = risk.get(name, {}).get(region) or {"aurc": None, "optimal": None, "risk": None, "n": 0}
            first = Cell(region, colour=PALETTE[at % len(PALETTE)]) if place == 0 else Cell("")
            bold = least is not None and each["ece"] == least
            numbers = [_number(curve[key]) for key in ("aurc", "optimal", "risk")]
            rows.append(
                (
                    first,
                    Cell(titles[name], bold=bold),
                    Cell(_number(each["ece"]), bold=bold),
                    _number(each["brier"]),
                    Cell(f"{each['n_voxels']:,}", grey=True),
                    *numbers,
                    Cell(str(curve["n"]), grey=True),
                )
            )
    return rows, starts


def _charts(drawn: Sequence[Compared], by_model: Mapping[str, Any], title: str, after: str, draw: Any) -> None:
    regions = _regions(by_model)
    words = [(region, PALETTE[at % len(PALETTE)]) for at, region in enumerate(regions)]
    heading(title, words, after)
    for first in range(0, len(drawn), IN_A_ROW):
        columns = st.columns(max(2, min(IN_A_ROW, len(drawn))), gap="small")
        for column, each in zip(columns, drawn[first : first + IN_A_ROW], strict=False):
            with column, st.container(border=True, key=f"surface-{draw.__name__}-{each.name}", gap="xxsmall"):
                heading(each.title)
                draw(each, by_model[each.name], regions)


def _reliability(each: Compared, curves: Mapping[str, Any], regions: Sequence[str]) -> None:
    st.vega_lite_chart(
        pd.DataFrame(reliability_rows(curves)), reliability_spec(regions), width="stretch", theme=None,
        key=f"reliability {each.name}", alt=f"Reliability of {each.title}: share that is right, by probability",
    )  # fmt: skip


def _risk(each: Compared, curves: Mapping[str, Any], regions: Sequence[str]) -> None:
    st.vega_lite_chart(
        pd.DataFrame(risk_rows(curves)), risk_spec(regions), width="stretch", theme=None,
        key=f"risk {each.name}", alt=f"Risk of {each.title} against the share of patients kept",
    )  # fmt: skip


def _regions(by_model: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(region for curves in by_model.values() for region in curves))


def _is_masks(each: Compared) -> bool:
    return any(isinstance(model, KeptMasks) for model in each.members.values())


def _definitions(words: Mapping[str, str]) -> None:
    lines = [f"**ECE**: {words['ece']}.", f"**Brier**: {words['brier']}.", f"**Voxels**: {words[words['over']]}."]
    lines.append(
        "**Risk left**: the mean of 1 − Dice over all coverages (AURC), between that of the best order of patients and "
        f"that of any order. :gray[{words['citation']}]"
    )
    st.caption("  \n".join(lines))


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"
