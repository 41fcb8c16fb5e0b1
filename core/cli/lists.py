"""Verbs that list what is plugged in, and doctor."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from core.cli.output import print_json

Rows = list[dict[str, Any]]
# what `models --cost` measures at: the four BraTS modalities in, its three regions out, the default recipe's canvas
COST_CHANNELS = (4, 3)
COST_SIZE = (192, 224)


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    for name, (words, rows) in LISTS.items():
        verb = verbs.add_parser(name, help=words)
        verb.set_defaults(run=_list, rows=rows)
    models = verbs.choices["models"]
    models.add_argument(
        "--cost", action="store_true", help="measure parameters and arithmetic of each; takes half a minute"
    )
    models.set_defaults(run=_list_models)
    doctor = verbs.add_parser("doctor", help="versions, devices, disk, and what is missing")
    doctor.set_defaults(run=_doctor)


def _models() -> Rows:
    from core.models import MODELS

    return [
        {
            "name": spec.name,
            "title": spec.title,
            "paper": spec.paper,
            "dims": spec.dims,
            "stride": spec.stride({}),
            "batch_norm": spec.has_batch_norm({}),
            "encoder": spec.encoder({}),
        }
        for spec in MODELS.values()
    ]


def _losses() -> Rows:
    from core.losses import LOSSES

    return [{"name": spec.name, "title": spec.title, "reference": spec.reference} for spec in LOSSES.values()]


def _metrics() -> Rows:
    from core.metrics import METRICS

    return [
        {
            "name": spec.name,
            "title": spec.title,
            "unit": spec.unit,
            "direction": f"{spec.direction} is better",
            "definition": spec.definition,
            "citation": spec.citation,
        }
        for spec in METRICS.values()
    ]


def _steps() -> Rows:
    from core.postprocess import POSTPROCESS

    return [
        {
            "name": spec.name,
            "title": spec.title,
            "arguments": ", ".join(spec.arguments.model_fields) or None,
            "definition": spec.definition,
            "citation": spec.citation,
        }
        for spec in POSTPROCESS.values()
    ]


def _formats() -> Rows:
    from core.data.formats import FORMATS
    from core.data.layouts import LAYOUTS

    formats = [{"kind": "format", "name": spec.name, "title": spec.title} for spec in FORMATS.values()]
    return formats + [{"kind": "layout", "name": spec.name, "title": spec.title} for spec in LAYOUTS.values()]


def _recipes() -> Rows:
    from core.recipe import load_recipe, recipe_names

    recipes = [load_recipe(name) for name in recipe_names()]
    return [{"name": recipe.name, "title": recipe.title, "description": recipe.description} for recipe in recipes]


LISTS: dict[str, tuple[str, Callable[[], Rows]]] = {
    "models": ("the architectures", _models),
    "losses": ("the losses", _losses),
    "metrics-list": ("the metrics and their definitions", _metrics),
    "steps": ("the steps that clean a mask up, for a recipe's post.steps", _steps),
    "formats": ("the file formats and folder layouts", _formats),
    "recipes": ("the recipes that ship with the program", _recipes),
}


def _list_models(options: argparse.Namespace) -> int:
    rows = _models()
    if options.cost:
        rows = [row | _cost(row["name"]) for row in rows]
    if options.json:
        print_json(rows)
        return 0
    for row in rows:
        facts = [f"{row['name']:16}  {row['title']}", f"pads to {row['stride']}"]
        if row["encoder"]:
            facts.append(f"encoder {row['encoder']}")
        if options.cost:
            height, width = COST_SIZE
            facts += [
                f"{row['parameters'] / 1e6:.1f} M parameters",
                f"{row['flops'] / 1e9:.1f} GFLOP at {height} x {width}",
            ]
        print(f"{', '.join(facts)}  {row['paper']}")
    return 0


def _cost(name: str) -> dict[str, int | list[int]]:
    from core.models.cost import cost

    found = cost(name, *COST_CHANNELS, COST_SIZE)
    return {"parameters": found.parameters, "flops": found.flops, "cost_size": list(COST_SIZE)}


def _list(options: argparse.Namespace) -> int:
    rows = options.rows()
    if options.json:
        print_json(rows)
        return 0
    for row in rows:
        print("  ".join(str(value) for value in row.values() if value))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from core.doctor import examine_machine

    report = examine_machine()
    if options.json:
        print_json(report)
        return 0
    for name, value in report.items():
        print(f"{name:16} {', '.join(value) if isinstance(value, list) else value}")
    return 0
