"""The form's rows about the network: architecture, where it starts, what it predicts, and what it reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.data.augment import PRESETS
from core.losses import LOSSES
from core.models import MODELS, model_named
from core.pretrained.sources import DOWNLOADED, PACKAGED
from core.recipe import Recipe
from core.workspace import Cohort
from pages.parts import state, store
from pages.parts.training.recipe_facts import (
    architecture,
    changed_words,
    encoder_title,
    input_size_title,
    loss_title,
    plain_encoder,
    target_title,
    weights_offered,
)
from pages.parts.training.rows import Rows

ENCODERS = (
    *(f"timm-{name}" for name in PACKAGED),
    *DOWNLOADED,
    "resnet50",
    "mobilenet_v2",
    "timm-mobilenetv3_large_100",
)
SIZES: tuple[Any, ...] = ("native", 128, 192, 256, 320)
MOST_NEIGHBOURS = 5


def network_rows(rows: Rows, cohort: Cohort) -> None:
    """Draw the rows."""
    name, arguments = _architecture(rows)
    _pretraining(rows, name, arguments)
    kind = rows.choice("Target", "target.kind", ("regions", "classes"), lambda each: target_title(each, cohort.scheme))
    _loss(rows, kind)
    _slices(rows)
    _augmentation(rows)


def _architecture(rows: Rows) -> tuple[str, dict[str, Any]]:
    recipe = rows.recipe
    name = rows.choice(
        "Architecture",
        "model.name",
        list(MODELS),
        lambda each: architecture(recipe) if each == recipe.model.name else model_named(each).title,
    )
    arguments = dict(recipe.model.arguments) if name == recipe.model.name else {}
    if "encoder" in MODELS[name].arguments.model_fields:
        arguments = arguments | {"encoder": _encoder(rows, name, arguments)}
    rows.change("model.arguments", arguments)
    return name, arguments


def _encoder(rows: Rows, name: str, arguments: Mapping[str, Any]) -> str:
    spec = model_named(name)
    own = str(spec.encoder(arguments))
    known = {plain_encoder(own): own} | {
        plain_encoder(each): each for each in ENCODERS if plain_encoder(each) != plain_encoder(own)
    }
    about = spec.arguments.model_fields["encoder"].description or ""
    picked = rows.row("Encoder", help_text=about).selectbox(
        "Encoder",
        list(known.values()),
        format_func=encoder_title,
        accept_new_options=True,
        key=f"encoder {rows.key} {name}",
        label_visibility="collapsed",
        persist_state="session",
    )
    return str(picked or own)


def _pretraining(rows: Rows, name: str, arguments: dict[str, Any]) -> None:
    encoder = model_named(name).encoder(arguments)
    if encoder is None:
        rows.change("model.encoder_weights", "none")
        return
    same = encoder == rows.recipe.model.arguments.get("encoder")
    given = rows.recipe.model.encoder_weights if same else "none"
    offered = weights_offered(encoder, given) | _runs_with(encoder)
    rows.choice(
        "Pretraining",
        "model.encoder_weights",
        list(offered),
        lambda each: offered.get(each, each),
        given=given,
        more=encoder,
        free=True,
    )


@st.cache_data(ttl=30, show_spinner=False)
def _runs_with(encoder: str) -> dict[str, str]:
    """Return runs that have a checkpoint with this encoder, by the value that a recipe holds."""
    return {
        f"run:{name}": f"encoder of {name}"
        for name, each in store.checkpoints().items()
        if each.card.run == name and not each.onnx and each.spec.arguments.get("encoder") == encoder
    }


def _loss(rows: Rows, kind: str) -> None:
    own = rows.recipe.loss
    fitting = [name for name, spec in LOSSES.items() if kind in spec.targets]
    first = own.name if own.name in fitting else fitting[0]
    titles = {each: loss_title(LOSSES[each].title) for each in fitting}
    name = rows.choice("Loss", "loss.name", fitting, titles.__getitem__, given=first, more=kind)
    rows.change("loss.arguments", own.arguments if name == own.name else {})


def _slices(rows: Rows) -> None:
    own = rows.value("data.input_size")
    sizes = {json.dumps(each): each for each in ([own] if own is not None else []) + list(SIZES)}
    size, neighbours = rows.row("Slices", "data.input_size").columns([1.25, 1], gap="xxsmall")
    picked = size.selectbox(
        "Input size",
        list(sizes),
        0 if own is not None else list(sizes).index('"native"'),
        format_func=lambda text: input_size_title(sizes.get(text, text)),
        accept_new_options=True,
        key=f"data.input_size {rows.key}",
        label_visibility="collapsed",
        persist_state="session",
    )
    rows.change("data.input_size", sizes.get(picked, _written(picked)))
    rows.choice(
        "Neighbours",
        "data.neighbours",
        range(MOST_NEIGHBOURS + 1),
        lambda count: "1 slice" if count == 0 else f"{1 + 2 * count} (2.5D)",
        where=neighbours,
    )


def _written(text: str) -> Any:
    """Read a size that somebody wrote: 224, or 160 x 192."""
    parts = text.replace("×", "x").replace(",", "x").split("x")
    numbers = [int(part) for part in parts if part.strip().isdigit()]
    if len(numbers) != len(parts):
        return text
    return numbers[0] if len(numbers) == 1 else numbers


def _augmentation(rows: Rows) -> None:
    own: Recipe = rows.recipe
    changed = changed_words(own)
    where, look = rows.row("Augmentation", "augment.preset").columns([1.5, 1], gap="xxsmall")
    preset = rows.choice(
        "Augmentation",
        "augment.preset",
        list(PRESETS),
        lambda each: f"{each}{changed}" if each == own.augment.preset else each,
        where=where,
    )
    look.button("close" if state.looks() else "look", key="look", width="stretch", on_click=state.toggle_look)
    rows.change("augment.settings", own.augment.settings if preset == own.augment.preset else {})
