"""A prediction: probabilities on the native grid, and where it lies on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.atomic import new_folder, read_json, write_json
from core.volume import Box

MapKind = Literal["entropy", "disagreement"]
MAP_KINDS: tuple[MapKind, ...] = ("entropy", "disagreement")
Opinions = Literal["turns", "dropout", "members", "planes"]


@dataclass(frozen=True, slots=True, eq=False)
class Uncertainty:
    """How sure the mean of several opinions is, and how far they are apart; see `core.inference.uncertainty`.

    Attributes:
        maps: (2, M, x, y, z) uint8 inside the prediction's box: entropy of the mean, then disagreement. M is the
            number of regions, in 255ths of a bit; of exclusive classes it is 1, in 255ths of log2 K bits.
        opinions: what differs between them: turned slices, dropout, the members of an ensemble, or planes.
        count: how many there were.
    """

    maps: npt.NDArray[np.uint8]
    opinions: Opinions
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a checkpoint makes of a case.

    Attributes:
        probabilities: (R, x, y, z) uint8 inside the box, RAS+; q = floor(255 p + 0.5), 0 outside. Of exclusive
            classes (K, x, y, z), background first.
        box: where they lie in the full grid.
        shape: the full RAS+ grid (X, Y, Z).
        regions: the name of each region.
        thresholds: region r is where q reaches thresholds[r].
        checkpoint_id: the checkpoint that made it.
        class_bits: the region bits of each exclusive class, or nothing where regions overlap.
        uncertainty: of a prediction that is the mean of several.
    """

    probabilities: npt.NDArray[np.uint8]
    box: Box
    shape: tuple[int, int, int]
    regions: tuple[str, ...]
    thresholds: tuple[int, ...]
    checkpoint_id: str
    class_bits: tuple[int, ...] = ()
    uncertainty: Uncertainty | None = None

    def mask(self) -> npt.NDArray[np.uint8]:
        """Return the region bits (X, Y, Z) uint8 of the full grid."""
        bits = region_bits(self.probabilities, self.thresholds, self.class_bits)
        full: npt.NDArray[np.uint8] = self.box.paste(bits, self.shape)
        return full

    def region_probabilities(self, region: str) -> npt.NDArray[np.uint8]:
        """Return q of one region inside the box, (x, y, z) uint8.

        Of exclusive classes it is the sum over the classes that lie in the region, at most 255.

        Raises:
            ValueError: no region is called that.
        """
        bit = self.regions.index(region)
        if not self.class_bits:
            own: npt.NDArray[np.uint8] = self.probabilities[bit]
            return own
        total = np.zeros(self.box.shape, np.uint16)
        for index, bits in enumerate(self.class_bits):
            if bits >> bit & 1:
                total += self.probabilities[index]
        summed: npt.NDArray[np.uint8] = np.minimum(total, 255).astype(np.uint8)
        return summed

    def save(self, folder: Path) -> None:
        """Write the prediction into a folder that appears whole or not at all."""
        facts: dict[str, Any] = {
            "schema_version": 1,
            "checkpoint_id": self.checkpoint_id,
            "shape": list(self.shape),
            "box": {"start": list(self.box.start), "stop": list(self.box.stop)},
            "regions": list(self.regions),
            "thresholds": list(self.thresholds),
            "class_bits": list(self.class_bits),
        }
        with new_folder(folder) as new:
            np.save(new / "probabilities.npy", self.probabilities)
            if found := self.uncertainty:
                np.save(new / "uncertainty.npy", found.maps)
                facts["uncertainty"] = {"maps": list(MAP_KINDS), "opinions": found.opinions, "count": found.count}
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
            class_bits=tuple(facts.get("class_bits", ())),  # predictions from before had none
            uncertainty=_load_uncertainty(folder, facts),
        )


def _load_uncertainty(folder: Path, facts: dict[str, Any]) -> Uncertainty | None:
    if "uncertainty" not in facts:
        return None
    found = facts["uncertainty"]
    return Uncertainty(np.load(folder / "uncertainty.npy", mmap_mode="r"), found["opinions"], found["count"])


def region_bits(
    probabilities: npt.NDArray[np.uint8], thresholds: Sequence[int], class_bits: Sequence[int] = ()
) -> npt.NDArray[np.uint8]:
    """Decide which regions each voxel is in.

    Args:
        probabilities: (R, ...) uint8 per region, or (K, ...) per exclusive class, background first.
        thresholds: region r is where q reaches thresholds[r]; classes have none.
        class_bits: the region bits of each class, or nothing for regions.

    Returns:
        (...) uint8 region bits. The likeliest class wins, of equals the first; where every q is 0, background.
    """
    if class_bits:
        chosen: npt.NDArray[np.uint8] = np.asarray(class_bits, np.uint8)[probabilities.argmax(axis=0)]
        return chosen
    bits = np.zeros(probabilities.shape[1:], np.uint8)
    for region, threshold in enumerate(thresholds):
        bits |= (probabilities[region] >= threshold).astype(np.uint8) << region
    return bits
