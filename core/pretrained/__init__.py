"""Encoder weights that are chosen: `none`, `imagenet`, or a file. Never silently random."""

from __future__ import annotations

from core.pretrained.errors import WeightsRefusedError, WeightsUnavailableError
from core.pretrained.load import WeightsFacts, load_encoder_weights

__all__ = ["WeightsFacts", "WeightsRefusedError", "WeightsUnavailableError", "load_encoder_weights"]
