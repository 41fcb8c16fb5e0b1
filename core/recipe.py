"""The schema of a recipe: one validated training configuration.

Recipes do not inherit. What a file leaves out takes the default written here, and the resolved
recipe is kept with the run and in the card.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.case import BRATS_MODALITIES, SAFE_NAME
from core.data.prepare import Preparing
from core.data.slicing import Plane
from core.errors import RefusedError
from core.workspace import RECIPES

Steps = Annotated[int, Field(ge=1, le=10_000_000)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class RecipeError(RefusedError):
    """A recipe cannot be used; the message names the field, what was found and what is expected."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSection(_Section):
    """What a network sees."""

    modalities: tuple[str, ...] = Field(BRATS_MODALITIES, min_length=1, description="Channels, in this order.")
    plane: Plane = Field("axial", description="How volumes are cut into slices.")
    input_size: tuple[int, int] | None = Field(
        (192, 224), description="Least canvas (H, W) a slice is padded to; null pads to the model's stride only."
    )
    preparing: Preparing = Field("zscore", description="How intensities are scaled, over voxels other than 0.")
    tumour_share: Share = Field(
        0.5, description="Share of each batch drawn from slices with tumour; the rest comes from all head slices."
    )


class ModelSection(_Section):
    """Which architecture, with which starting weights."""

    name: str = "unet"
    arguments: dict[str, Any] = Field(default_factory=dict)
    encoder_weights: str = Field("none", description="`none`, `imagenet`, or the path of a weights file.")


class TargetSection(_Section):
    """What is predicted."""

    kind: Literal["regions"] = Field("regions", description="Overlapping regions of the cohort's scheme, sigmoid.")


class LossSection(_Section):
    """What training minimises."""

    name: str = "bce_dice"
    arguments: dict[str, Any] = Field(default_factory=dict)


class AugmentSection(_Section):
    """How training slices are varied."""

    preset: str = Field("standard", description="`none`, `light` or `standard`.")
    settings: dict[str, Any] = Field(default_factory=dict, description="Single settings that differ from the preset.")


class OptimSection(_Section):
    """How weights are changed."""

    name: Literal["adamw", "adam", "sgd"] = "adamw"
    lr: float = Field(1e-3, gt=0, le=10)
    weight_decay: float = Field(1e-4, ge=0, le=1)
    schedule: Literal["cosine", "poly", "constant"] = "cosine"
    warmup_steps: int = Field(20, ge=0)
    clip_norm: float | None = Field(1.0, gt=0, description="Largest norm of a step's gradient; null clips nothing.")


class TrainSection(_Section):
    """How long, how much at once, how often saved."""

    epochs: Steps = 30
    max_steps: Steps | None = Field(None, description="Ends the run earlier than its epochs would.")
    batch_size: int = Field(8, ge=1, le=1024)
    seed: int = Field(0, ge=0, lt=2**32)
    checkpoint_every_steps: Steps = 100
    validate_every_steps: Steps | None = Field(None, description="null validates once an epoch.")


class PostSection(_Section):
    """What becomes of probabilities."""

    threshold: int = Field(128, ge=1, le=255, description="A voxel is in a region when floor(255 p + 0.5) reaches it.")


class Recipe(_Section):
    """One training configuration."""

    schema_version: Literal[1] = 1
    name: str
    title: str = ""
    description: str = ""
    data: DataSection = DataSection()
    model: ModelSection = ModelSection()
    target: TargetSection = TargetSection()
    loss: LossSection = LossSection()
    augment: AugmentSection = AugmentSection()
    optim: OptimSection = OptimSection()
    train: TrainSection = TrainSection()
    post: PostSection = PostSection()

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not SAFE_NAME.fullmatch(name):
            raise ValueError("a name holds letters, digits, '.', '_' and '-' only")
        return name

    @model_validator(mode="after")
    def _plugged_in(self) -> Recipe:
        from core.data.augment import augment_settings
        from core.losses import loss_named
        from core.models import model_named

        model = model_named(self.model.name)
        arguments = model.parse(self.model.arguments)
        if self.train.batch_size == 1 and model.has_batch_norm(arguments):
            raise ValueError("batch norm cannot train on a batch of 1: raise train.batch_size or choose norm: instance")
        loss_named(self.loss.name).parse(self.loss.arguments)
        augment_settings(self.augment.preset, self.augment.settings)
        return self

    def resolved(self) -> dict[str, Any]:
        """Return every field with its value, as plain JSON types."""
        return self.model_dump(mode="json")


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

    path = Path(reference)
    if not path.suffix and "/" not in reference:
        path = RECIPES / f"{reference}.yaml"
    if not path.is_file():
        raise RecipeError(f"no recipe at {reference!r}; give a path, or one of: {', '.join(recipe_names())}")
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        changes = [_override(text) for text in overrides]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path.name} is not YAML: {error}") from None
    if not isinstance(document, dict):
        raise RecipeError(f"{path.name} holds {type(document).__name__}; expected sections such as data, model, train")
    for keys, value in changes:
        _set(document, keys, value)
    return parse_recipe(document, path.name)


def parse_recipe(document: dict[str, Any], source: str) -> Recipe:
    """Validate a recipe that is already a plain dict.

    Raises:
        RecipeError: a field is unknown or out of range; every one is named.
    """
    try:
        return Recipe.model_validate(document)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'recipe'}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors()
        )
        raise RecipeError(f"{source}: {problems}") from None


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
