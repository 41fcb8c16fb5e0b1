"""A prediction: probabilities on the native grid, and where it lies on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.atomic import new_folder, read_json, write_json
from core.volume import Box


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a checkpoint makes of a case.

    Attributes:
        probabilities: (R, x, y, z) uint8 inside the box, RAS+; q = floor(255 p + 0.5), 0 outside.
        box: where they lie in the full grid.
        shape: the full RAS+ grid (X, Y, Z).
        regions: the name of each region.
        thresholds: region r is where q reaches thresholds[r].
        checkpoint_id: the checkpoint that made it.
    """

    probabilities: npt.NDArray[np.uint8]
    box: Box
    shape: tuple[int, int, int]
    regions: tuple[str, ...]
    thresholds: tuple[int, ...]
    checkpoint_id: str

    def mask(self) -> npt.NDArray[np.uint8]:
        """Return the region bits (X, Y, Z) uint8 of the full grid."""
        bits = np.zeros(self.box.shape, np.uint8)
        for region, threshold in enumerate(self.thresholds):
            bits |= (self.probabilities[region] >= threshold).astype(np.uint8) << region
        full: npt.NDArray[np.uint8] = self.box.paste(bits, self.shape)
        return full

    def save(self, folder: Path) -> None:
        """Write the prediction into a folder that appears whole or not at all."""
        facts = {
            "schema_version": 1,
            "checkpoint_id": self.checkpoint_id,
            "shape": list(self.shape),
            "box": {"start": list(self.box.start), "stop": list(self.box.stop)},
            "regions": list(self.regions),
            "thresholds": list(self.thresholds),
        }
        with new_folder(folder) as new:
            np.save(new / "probabilities.npy", self.probabilities)
            write_json(new / "prediction.json", facts)

    @classmethod
    def load(cls, folder: Path) -> Prediction:
        """Open a saved prediction; probabilities are memory-mapped.

        Raises:
            FileNotFoundError: there is none.
        """
        facts = read_json(folder / "prediction.json")
        x, y, z = facts["shape"]
        return cls(
            probabilities=np.load(folder / "probabilities.npy", mmap_mode="r"),
            box=Box(tuple(facts["box"]["start"]), tuple(facts["box"]["stop"])),
            shape=(x, y, z),
            regions=tuple(facts["regions"]),
            thresholds=tuple(facts["thresholds"]),
            checkpoint_id=facts["checkpoint_id"],
        )
