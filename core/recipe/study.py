"""A study: recipes times changes, trained on the same patients and put into one table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.case import SAFE_NAME
from core.recipe.loading import RecipeError, load_recipe, problems_of, read_document
from core.recipe.schema import Recipe
from core.workspace import RECIPES

STUDIES = RECIPES / "studies"
Changes = dict[str, Any]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Change(_Section):
    """One way in which a recipe is changed."""

    title: str = Field("as it is", min_length=1)
    set: Changes = Field(default_factory=dict, description="Recipe fields, dotted, to their values.")


class Study(_Section):
    """Several trainings and the one question that they answer."""

    schema_version: Literal[1] = 1
    name: str
    title: str = ""
    question: str = ""
    recipes: Annotated[tuple[str, ...], Field(min_length=1)]
    changes: Annotated[tuple[Change, ...], Field(min_length=1)] = (Change(),)
    common: Changes = Field(default_factory=dict, description="Recipe fields that every run changes.")
    seeds: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**32)], ...], Field(min_length=1)] = (0,)
    folds: Literal["all"] | tuple[Annotated[int, Field(ge=0)], ...] = Field(
        "all", description="Which folds of the split are trained; several are scored out of fold."
    )

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not SAFE_NAME.fullmatch(name):
            raise ValueError("a name holds letters, digits, '.', '_' and '-' only")
        return name

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        titles = [change.title for change in self.changes]
        if len(set(titles)) < len(titles) or len(set(self.recipes)) < len(self.recipes):
            raise ValueError("two changes or two recipes are called the same; the table could not tell them apart")
        return self

    def variants(self) -> Iterator[Variant]:
        """Yield every combination of recipe, change and seed.

        Raises:
            RecipeError: a recipe is missing, or a change does not fit it.
        """
        for reference, change, seed in product(self.recipes, self.changes, self.seeds):
            settings = {**self.common, **change.set, "train.seed": seed}
            recipe = load_recipe(reference, [f"{field}={json.dumps(value)}" for field, value in settings.items()])
            yield Variant(self._title(recipe, change, seed), recipe)

    def _title(self, recipe: Recipe, change: Change, seed: int) -> str:
        parts = [recipe.title or recipe.name] if len(self.recipes) > 1 or len(self.changes) == 1 else []
        parts += [change.title] if len(self.changes) > 1 else []
        parts += [f"seed {seed}"] if len(self.seeds) > 1 else []
        return ", ".join(parts)

    def resolved(self) -> dict[str, Any]:
        """Return every field with its value, as plain JSON types."""
        return self.model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of a study's table: what it is called, and what is trained, once per fold."""

    title: str
    recipe: Recipe


def study_names() -> list[str]:
    """Return the names of the studies that ship with the program."""
    return sorted(path.stem for path in STUDIES.glob("*.yaml"))


def load_study(reference: str) -> Study:
    """Read a study and check that every one of its recipes can be had as it changes them.

    Args:
        reference: a path, or the name of a study that ships with the program.

    Raises:
        RecipeError: no such study, not YAML, or a field, recipe or change that is not one.
    """
    document, name = read_document(reference, STUDIES, "study", "name, recipes and changes")
    try:
        study = Study.model_validate(document)
    except ValidationError as error:
        raise RecipeError(f"{name}: {problems_of(error, 'study')}") from None
    for _ in study.variants():
        pass
    return study
