"""A study as it comes from a scanner, brought onto one grid: aligned, resampled, brain only, every step logged."""

from __future__ import annotations

from core.harmonise.steps import Harmonised, Harmonising, Step
from core.harmonise.study import attempt, harmonise, planned_steps

__all__ = ["Harmonised", "Harmonising", "Step", "attempt", "harmonise", "planned_steps"]
