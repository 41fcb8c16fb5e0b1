"""Predictions of one case on their way to a mean: in memory, or on the disk where they would not fit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from core.inference.prediction import Prediction

MEMORY_BYTES = 512 * 1024**2  # of all probabilities that wait for the last


class Holding:
    """Holds some predictions of one size while the others are computed; what is on the disk goes at the end."""

    def __init__(self, count: int, memory_bytes: int = MEMORY_BYTES) -> None:
        """Get ready.

        Args:
            count: how many there will be.
            memory_bytes: what they may take together before they go to the disk.
        """
        self._count, self._memory_bytes = count, memory_bytes
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.predictions: list[Prediction] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._folder is not None:
            self.predictions = []
            self._folder.cleanup()

    def add(self, prediction: Prediction) -> None:
        """Hold one more."""
        in_memory = not isinstance(prediction.probabilities, np.memmap)
        if in_memory and self._count * prediction.probabilities.nbytes > self._memory_bytes:
            self._folder = self._folder or tempfile.TemporaryDirectory(prefix="segscope-")
            folder = Path(self._folder.name) / str(len(self.predictions))
            prediction.save(folder)
            prediction = Prediction.load(folder)
        self.predictions.append(prediction)
