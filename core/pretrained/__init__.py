"""Encoder weights that are chosen: `none`, `imagenet`, another run's, or a file. Never silently random."""

from __future__ import annotations

from core.pretrained.errors import WeightsRefusedError, WeightsUnavailableError
from core.pretrained.facts import WeightsFacts
from core.pretrained.load import load_encoder_weights

__all__ = ["WeightsFacts", "WeightsRefusedError", "WeightsUnavailableError", "load_encoder_weights"]
