"""Recipes: one validated training configuration each, and studies, which are recipes times changes."""

from core.recipe.loading import RecipeError, changed_recipe, load_recipe, parse_recipe, recipe_names
from core.recipe.schema import (
    AugmentSection,
    DataSection,
    LossSection,
    ModelSection,
    OptimSection,
    PostSection,
    Recipe,
    StoppingSection,
    TargetSection,
    TrainSection,
)

__all__ = [
    "AugmentSection",
    "DataSection",
    "LossSection",
    "ModelSection",
    "OptimSection",
    "PostSection",
    "Recipe",
    "RecipeError",
    "StoppingSection",
    "TargetSection",
    "TrainSection",
    "changed_recipe",
    "load_recipe",
    "parse_recipe",
    "recipe_names",
]
