"""The form's settings that are seldom changed, behind one fold."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st

from core.data.slicing import PLANES
from core.recipe import OptimSection, StoppingSection, TrainSection
from core.workspace import Cohort
from pages.parts.training.clean_up_rows import clean_up_rows
from pages.parts.training.rows import Rows, described
from pages.parts.volumes import TITLES

# label, field; drawn by the kind of value that the schema holds
OPTIMISER = (
    ("Optimiser", "optim.name"),
    ("Learning rate", "optim.lr"),
    ("Schedule", "optim.schedule"),
    ("Warm-up steps", "optim.warmup_steps"),
    ("Weight decay", "optim.weight_decay"),
    ("Clip gradient at", "optim.clip_norm"),
    ("Accumulate", "train.accumulate"),
    ("Average (EMA)", "train.ema_decay"),
)
ENDING = (
    ("Best by", "train.stopping.monitor"),
    ("Patience", "train.stopping.patience"),
    ("Least gain", "train.stopping.min_delta"),
    ("Validate every", "train.validate_every_steps"),
    ("Save every", "train.checkpoint_every_steps"),
)
DATA = (
    ("Plane", "data.plane"),
    ("Tumour share", "data.tumour_share"),
    ("Tumour-free", "data.tumour_free_share"),
    ("Balance", "data.class_balance"),
)
MACHINE = (
    ("Precision", "train.amp"),
    ("Compile", "train.compile"),
    ("Deterministic", "train.deterministic"),
    ("Loaders", "train.workers"),
    ("Seed", "train.seed"),
)
CHOICES: dict[str, tuple[Any, ...]] = {
    "optim.name": get_args(OptimSection.model_fields["name"].annotation),
    "optim.schedule": get_args(OptimSection.model_fields["schedule"].annotation),
    "train.stopping.monitor": get_args(StoppingSection.model_fields["monitor"].annotation),
    "train.amp": get_args(TrainSection.model_fields["amp"].annotation),
    "data.plane": tuple(PLANES),
}


def more_rows(rows: Rows, cohort: Cohort) -> None:
    """Draw the settings, folded away."""
    with st.expander("More settings"), st.container(gap="xxsmall"):
        rows.folded = True
        _sequences(rows, cohort)
        for title, settings in (("", DATA), ("Optimiser", OPTIMISER), ("Ending", ENDING), ("Machine", MACHINE)):
            if title:
                st.markdown(f"**{title}**")
            for label, path in settings:
                _setting(rows, label, path)
        st.markdown("**Clean-up of the mask**")
        clean_up_rows(rows, cohort)


def _setting(rows: Rows, label: str, path: str) -> None:
    if path in CHOICES:
        rows.choice(label, path, CHOICES[path])
    elif isinstance(rows.value(path), bool):
        rows.switch(label, path)
    else:
        rows.text(label, path)


def _sequences(rows: Rows, cohort: Cohort) -> None:
    own = rows.recipe.data.modalities
    known = [*own, *(name for name in cohort.modalities if name not in own)]
    picked = rows.row("Sequences", help_text=described("data.modalities")).multiselect(
        "Sequences",
        known,
        list(own),
        format_func=lambda name: TITLES.get(name, name),
        key=f"data.modalities {rows.key} {' '.join(known)}",
        label_visibility="collapsed",
        persist_state="session",
    )
    rows.change("data.modalities", picked)
