"""Rows of the training form: one per setting, labelled, explained by the recipe's schema, its faults said under it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from streamlit.delta_generator import DeltaGenerator

from core.recipe import Recipe

WIDTHS = [1.2, 1.75]
# a fault of RecipeError begins with the field it is about
FAULT = re.compile(r"(?:^|; )([a-z_]+(?:\.\w+)*): ")
NOTHING = "none"


class Rows:
    """Draws settings of a recipe and collects what they change.

    Attributes:
        recipe: whose values stand in the rows at first.
        key: what tells its widgets from another recipe's.
        folded: whether the rows that are drawn now are folded away at first.
        changes: `field=value`, as `load_recipe` takes them.
    """

    def __init__(self, recipe: Recipe, key: str) -> None:
        self.recipe = recipe
        self.changes: list[str] = []
        self.key = key
        self._values = recipe.resolved()
        self._labels: dict[str, str] = {}
        self._slots: dict[str, DeltaGenerator] = {}
        self._folded: set[str] = set()
        self.folded = False

    def value(self, path: str) -> Any:
        """Return what the recipe says."""
        found: Any = self._values
        for name in path.split("."):
            found = found[name]
        return found

    def choice(
        self,
        label: str,
        path: str,
        options: Sequence[Any],
        titles: Callable[[Any], str] = str,
        *,
        where: DeltaGenerator | None = None,
        given: Any = None,
        more: str = "",
        free: bool = False,
    ) -> Any:
        """Draw a list to choose from, and return the choice.

        Args:
            label: of the row.
            path: the field.
            options: its values.
            titles: what a value is called.
            where: a column of a row that is there already.
            given: what is chosen at first, where that is not the recipe's value.
            more: what else the choice depends on; another one starts anew.
            free: whether what is not listed may be written.
        """
        first = self.value(path) if given is None else given
        place = where or self.row(label, path)
        picked = place.selectbox(
            label,
            list(options),
            list(options).index(first) if first in options else 0,
            format_func=titles,
            accept_new_options=free,
            key=f"{path} {self.key} {more}".strip(),
            label_visibility="collapsed",
            persist_state="session",
        )
        self.change(path, picked)
        return picked

    def number(self, label: str, path: str, least: int, *, where: DeltaGenerator | None = None) -> int:
        """Draw a whole number and return it."""
        place = where or self.row(label, path)
        count = int(
            place.number_input(
                label,
                least,
                10_000_000,
                int(self.value(path)),
                key=f"{path} {self.key}",
                label_visibility="collapsed",
                persist_state="session",
            )
        )
        self.change(path, count)
        return count

    def text(self, label: str, path: str) -> None:
        """Draw a field for a number or nothing, or for arguments by name; what cannot be read is said under it."""
        value = self.value(path)
        shown = ", ".join(f"{k}: {json.dumps(v)}" for k, v in value.items()) if isinstance(value, dict) else value
        written = self.row(label, path).text_input(
            label,
            "" if value is None else str(shown),
            key=f"{path} {self.key}",
            placeholder=NOTHING,
            label_visibility="collapsed",
            persist_state="session",
        )
        text = (written or "").strip()
        if isinstance(value, dict):
            text = f"{{{text}}}"
        self.changes.append(f"{path}={text or 'null'}")

    def switch(self, label: str, path: str) -> None:
        """Draw what is on or off."""
        on = self.row(label, path).toggle(
            label,
            bool(self.value(path)),
            key=f"{path} {self.key}",
            label_visibility="collapsed",
            persist_state="session",
        )
        self.change(path, on)

    def change(self, path: str, value: Any) -> None:
        """Set a field."""
        self.changes.append(f"{path}={json.dumps(value)}")

    def row(self, label: str, path: str = "", help_text: str = "") -> DeltaGenerator:
        """Draw a row's label and return where its value goes."""
        place = field(label, help_text or (described(path) if path else ""))
        if path:
            self._labels[path] = label
            self._slots[path] = st.empty()
            if self.folded:
                self._folded.add(path)
        return place

    def say(self, problem: str) -> list[str]:
        """Write each fault of a recipe under its field, and return those that cannot be seen there."""
        left = []
        for path, words in faults(problem):
            owner = max((known for known in self._slots if path.startswith(known)), key=len, default=None)
            if owner is None:
                left.append(words if path in ("", "recipe") else f"{path}: {words}")
                continue
            said = f"{self._labels[owner]}: {words}"
            self._slots[owner].markdown(f":small[:red[{said}]]")
            if owner in self._folded:
                left.append(said)
        return left


def field(label: str, help_text: str = "") -> DeltaGenerator:
    """Draw a row's label and return where its value goes."""
    name, value = st.columns(WIDTHS, gap="xsmall", vertical_alignment="center")
    name.markdown(f":gray[{label}]", help=help_text or None)
    return value


def faults(problem: str) -> list[tuple[str, str]]:
    """Take a recipe's refusal apart: field and words of each fault, the field empty where none is named."""
    marks = list(FAULT.finditer(problem.partition(": ")[2]))
    text = problem.partition(": ")[2]
    if not marks or marks[0].start() != 0:
        return [("", problem)]
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return [(mark[1], text[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)]


def described(path: str) -> str:
    """Return what the recipe's schema says of a field, or an empty text."""
    section: Mapping[str, FieldInfo] = Recipe.model_fields
    for name in path.split(".")[:-1]:
        inner = section[name].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return ""
        section = inner.model_fields
    found = section.get(path.rpartition(".")[2])
    return (found.description or "") if found else ""
