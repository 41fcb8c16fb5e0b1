"""Read recipes: files, overrides, and sentences about what does not fit."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.errors import RefusedError
from core.recipe.schema import Recipe
from core.workspace import RECIPES


class RecipeError(RefusedError):
    """A recipe cannot be used; the message names the field, what was found and what is expected."""


def recipe_names() -> list[str]:
    """Return the names of the recipes that ship with the program."""
    return sorted(path.stem for path in RECIPES.glob("*.yaml"))


def load_recipe(reference: str, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe.

    Args:
        reference: a path, or the name of a recipe that ships with the program.
        overrides: `field=value` pairs such as `optim.lr=3e-4`; `epochs` and `max_steps` are short for theirs.

    Raises:
        RecipeError: no such recipe, not YAML, or a field that is unknown or out of range.
    """
    import yaml

    document, name = read_document(reference, RECIPES, "recipe", "sections such as data, model, train")
    try:
        changes = [_override(text) for text in overrides]
    except yaml.YAMLError as error:
        raise RecipeError(f"--set is not YAML: {error}") from None
    for keys, value in changes:
        _set(document, keys, value)
    return parse_recipe(document, name)


def read_document(reference: str, shipped: Path, kind: str, expected: str) -> tuple[dict[str, Any], str]:
    """Read a YAML file of fields.

    Args:
        reference: a path, or the name of a file in `shipped`.
        shipped: the folder of those that come with the program.
        kind: what the file is, for the message.
        expected: what stands in such a file, for the message.

    Returns:
        The fields, and the file's name.

    Raises:
        RecipeError: no such file, or not YAML of fields.
    """
    import yaml

    path = Path(reference)
    if not path.suffix and "/" not in reference:
        path = shipped / f"{reference}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(path.stem for path in shipped.glob("*.yaml")))
        raise RecipeError(f"no {kind} at {reference!r}; give a path, or one of: {known}")
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path.name} is not YAML: {error}") from None
    if not isinstance(document, dict):
        raise RecipeError(f"{path.name} holds {type(document).__name__}; expected {expected}")
    return document, path.name


def changed_recipe(recipe: Recipe, overrides: Sequence[str]) -> Recipe:
    """Return a recipe with some fields changed.

    Args:
        recipe: what to start from.
        overrides: as `load_recipe` takes them.

    Raises:
        RecipeError: a field is unknown or out of range, or does not fit the others.
    """
    import yaml

    document = recipe.resolved()
    try:
        changes = [_override(text) for text in overrides]
    except yaml.YAMLError as error:
        raise RecipeError(f"--set is not YAML: {error}") from None
    for keys, value in changes:
        _set(document, keys, value)
    return parse_recipe(document, recipe.name)


def parse_recipe(document: dict[str, Any], source: str) -> Recipe:
    """Validate a recipe that is already a plain dict.

    Raises:
        RecipeError: a field is unknown or out of range; every one is named.
    """
    try:
        return Recipe.model_validate(document)
    except ValidationError as error:
        raise RecipeError(f"{source}: {problems_of(error, 'recipe')}") from None


def problems_of(error: ValidationError, whole: str) -> str:
    """Name every field that is wrong; what fits no single field is said of the `whole`."""
    return "; ".join(
        f"{'.'.join(map(str, item['loc'])) or whole}: {item['msg'].removeprefix('Value error, ')}"
        for item in error.errors()
    )


def _override(text: str) -> tuple[list[str], Any]:
    import yaml

    key, separator, value = text.partition("=")
    if not separator or not key:
        raise RecipeError(f"--set {text!r}; expected field=value, such as optim.lr=3e-4")
    keys = ["train", key] if key in ("epochs", "max_steps") else key.split(".")
    parsed = yaml.safe_load(value)
    if isinstance(parsed, str):  # YAML reads 3e-4 as text
        with contextlib.suppress(ValueError):
            parsed = float(parsed)
    return keys, parsed


def _set(document: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        document = document.setdefault(key, {})
        if not isinstance(document, dict):
            raise RecipeError(f"--set {'.'.join(keys)}: {key} has no fields")
    document[keys[-1]] = value
