"""Try a clean-up: other thresholds and steps on the case in view, drawn and scored at once from its probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor
from pathlib import Path

import streamlit as st

from core.checkpoints import Checkpoint
from core.errors import RefusedError
from core.evaluation.case_mask import Bits
from core.evaluation.saved_files import SavedModel, has_reference, reference_of, saved_prediction
from core.evaluation.scoring import CaseScores
from core.evaluation.try_steps import try_steps
from core.evaluation.tuned_by_hand import tune_by_hand, why_not_by_hand
from core.inference.prediction import Prediction
from core.postprocess import Step, clean_up_words
from core.workspace import Cohort, Workspace
from pages.parts import store
from pages.parts.compare.grid import Cell, draw_grid
from pages.parts.compare.tried_mask import tried_mask
from pages.parts.guard import in_a_sentence
from pages.parts.viewer.spec import PALETTE

NOTHING = "–"
SMALLEST, LARGEST, HOLES = "smallest_component", "largest_component", "fill_holes"
SIZES = {"ml": (0.05, 10.0), "voxels": (10.0, 2000.0)}  # a step of the slider, and its end


def clean_up(cohort: Cohort, case_id: str, models: Mapping[str, SavedModel]) -> None:
    """Draw the panel for the models that have probabilities of the case."""
    place = store.workspace()
    offered = {
        name: model
        for name, model in models.items()
        if isinstance(model, Checkpoint) and saved_prediction(place, cohort, case_id, model) is not None
    }
    if offered and st.toggle("Try a clean-up on this case", key="try a clean-up"):
        _panel(cohort, case_id, offered)


@st.fragment
def _panel(cohort: Cohort, case_id: str, offered: Mapping[str, Checkpoint]) -> None:
    with in_a_sentence(), st.container(border=True, key="surface-clean-up", gap="small"):
        name = st.selectbox(
            "Model",
            list(offered),
            format_func=lambda each: store.model_title(each, offered[each]),
            key="clean up model",
        )
        checkpoint = offered[name]
        prediction, reference = _case(
            str(store.workspace().root), cohort.name, case_id, checkpoint.id, store.changed(cohort), cohort, checkpoint
        )
        geometry = cohort.cases[case_id].geometry
        spacing = geometry.spacing_mm if geometry else None
        thresholds, steps = _choices(checkpoint, "voxels" if spacing is None else "ml", f"{name} {case_id}")
        names, own = cohort.scheme.region_names, checkpoint.spec
        _, before = try_steps(prediction, reference, names, spacing, own.thresholds, own.post)
        bits, after = try_steps(prediction, reference, names, spacing, thresholds, steps)
        tried_mask(cohort, case_id, (name, checkpoint), (bits, thresholds, steps), (before, after))
        _table(before, after, has_sizes=spacing is not None)
        said = clean_up_words(own.post)
        st.caption(f"The model's own: {said}." if said else "The model itself has no clean-up.")
        _keep(cohort, case_id, checkpoint, name, thresholds, steps)


def _choices(checkpoint: Checkpoint, unit: str, key: str) -> tuple[tuple[int, ...], list[Step]]:
    """Draw the controls, as the model's own clean-up has them; return a threshold per region and the steps."""
    spec = checkpoint.spec
    thresholds, steps = list(spec.thresholds), []
    for number, (region, column) in enumerate(zip(spec.regions, st.columns(len(spec.regions)), strict=True)):
        own = {step.name: step for step in spec.post if region in (step.regions or (region,))}
        with column:
            if not spec.class_bits:
                present = round(spec.thresholds[number] / 255, 2)
                picked = st.slider(f"{region}: threshold", 0.01, 0.99, present, 0.01, key=f"threshold {region} {key}")
                if picked != present:
                    thresholds[number] = floor(255 * picked + 0.5)
            step, top = SIZES[unit]
            size = float(own[SMALLEST].arguments.get(unit, 0.0)) if SMALLEST in own else 0.0
            least = st.slider(
                f"Smallest component, {unit}", 0.0, max(top, size), size, step, key=f"least {region} {key}"
            )
            if least:
                arguments = {"ml": round(least, 2)} if unit == "ml" else {"voxels": max(2, int(least))}
                steps.append(Step(name=SMALLEST, regions=(region,), arguments=arguments))
            for name, title in ((LARGEST, "Largest component only"), (HOLES, "Fill holes")):
                if st.checkbox(title, name in own, key=f"{name} {region} {key}"):
                    steps.append(Step(name=name, regions=(region,)))
    return tuple(thresholds), [*steps, *(each for each in spec.post if each.name not in (SMALLEST, LARGEST, HOLES))]


def _table(before: CaseScores, after: CaseScores, *, has_sizes: bool) -> None:
    volume, unit, decimals = ("volume_ml", "ml", 1) if has_sizes else ("prediction_voxels", "voxels", 0)
    drawn = "reference_volume_ml" if has_sizes else "reference_voxels"
    rows = [
        (
            Cell(region, colour=PALETTE[number % len(PALETTE)]),
            _number(before[region]["dice"], 3),
            Cell(_number(tried["dice"], 3), bold=True),
            _number(before[region][volume], decimals),
            Cell(_number(tried[volume], decimals), bold=True),
            Cell(_number(tried[drawn], decimals), grey=True),
        )
        for number, (region, tried) in enumerate(after.items())
    ]
    draw_grid(("Region", "Dice", "tried", f"Volume, {unit}", "tried", "ground truth"), rows)


def _keep(
    cohort: Cohort, case_id: str, checkpoint: Checkpoint, name: str, thresholds: Sequence[int], steps: Sequence[Step]
) -> None:
    if why_not := why_not_by_hand(checkpoint, cohort, case_id):
        st.caption(f"This cannot be kept: {why_not}.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        called = st.text_input("Name", f"{name}-by-hand", key=f"clean up name {name}", width=260)
        if st.button("Save as a new checkpoint", key="save clean-up"):
            try:
                tune_by_hand(store.workspace(), checkpoint, called.strip(), cohort, case_id, thresholds, steps)
            except RefusedError as error:
                st.error(str(error))
                return
            st.rerun(scope="app")
    st.caption("One patient is little to choose by; `python -m core tune` looks at every validation patient.")


@st.cache_resource(max_entries=4, show_spinner=False)
def _case(
    root: str, cohort_name: str, case_id: str, checkpoint_id: str, changed: int, _of: Cohort, _checkpoint: Checkpoint
) -> tuple[Prediction, Bits | None]:
    del cohort_name, checkpoint_id, changed  # what the cache goes by
    prediction = saved_prediction(Workspace(Path(root)), _of, case_id, _checkpoint)
    assert prediction is not None
    return prediction, reference_of(_of, case_id)[0] if has_reference(_of, case_id) else None


def _number(value: float | str | None, decimals: int) -> str:
    return f"{value:,.{decimals}f}" if isinstance(value, int | float) else NOTHING
