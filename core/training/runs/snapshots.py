"""The fixed validation slices that a run keeps after each validation, so that learning can be watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.atomic import replacing
from core.data.store import SlicedCase
from core.inference.prediction import region_bits
from core.inference.predictor import Predictor

COUNT = 2


@dataclass(frozen=True, slots=True, eq=False)
class FixedSlices:
    """The slices that every snapshot of a run shows.

    Attributes:
        images: (N, H, W) float32, 0-1.
        masks: (N, H, W) uint8 region bits of the reference.
        modality: what the images are, or an empty text where the run did not say.
    """

    images: npt.NDArray[np.float32]
    masks: npt.NDArray[np.uint8]
    modality: str


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The fixed slices after one validation.

    Attributes:
        step: finished optimiser steps.
        masks: (N, H, W) uint8 region bits as predicted.
    """

    step: int
    masks: npt.NDArray[np.uint8]


def choose_slices(cases: Sequence[SlicedCase]) -> list[tuple[int, int]]:
    """Return (case, slice) pairs: the slice with most tumour, and the one halfway from it to the tumour's top."""
    for number, case in enumerate(cases):
        area = np.array([np.count_nonzero(case.reference_slice(index)) for index in range(len(case.slices))])
        if area.any():
            largest = int(area.argmax())
            top = int(np.flatnonzero(area)[-1])
            return [(number, largest), (number, (largest + top + 1) // 2)]
    return [(0, len(cases[0].slices) // 2)] if cases else []


def write_fixed(folder: Path, cases: Sequence[SlicedCase], chosen: list[tuple[int, int]]) -> None:
    """Keep image (N, H, W) float32, 0-1, and reference (N, H, W) of the fixed slices; T1c where there is one."""
    modalities = cases[0].modalities
    channel = modalities.index("t1c") if "t1c" in modalities else 0
    images = [cases[c].slices[s][channel].astype(np.float32) for c, s in chosen]
    scaled = [np.clip(image / max(1.0, float(np.percentile(image, 99.5))), 0, 1) for image in images]
    masks = [cases[c].reference_slice(s) for c, s in chosen]
    with replacing(folder / "snapshots" / "fixed.npz") as stream:
        modality = np.array(modalities[channel])
        np.savez(stream, images=np.stack(scaled), masks=np.stack(masks), modality=modality)


def write_snapshot(
    folder: Path, step: int, predictor: Predictor, cases: Sequence[SlicedCase], chosen: list[tuple[int, int]]
) -> None:
    """Predict the fixed slices with the model as it is now and keep the masks."""
    masks = []
    for case_index, slice_index in chosen:
        spec = predictor.spec
        prepared = predictor.prepared(cases[case_index], np.array([slice_index]))
        probabilities = predictor.probabilities(predictor.logits(prepared))[0]
        masks.append(region_bits(probabilities, spec.thresholds, spec.class_bits))
    with replacing(folder / "snapshots" / f"step-{step}.npy") as stream:
        np.save(stream, np.stack(masks))


def read_fixed(folder: Path) -> FixedSlices | None:
    """Return the fixed slices of a run, or None where it has none."""
    path = folder / "snapshots" / "fixed.npz"
    if not path.exists():
        return None
    with np.load(path) as kept:
        return FixedSlices(kept["images"], kept["masks"], str(kept["modality"]) if "modality" in kept else "")


def snapshot_steps(folder: Path) -> list[int]:
    """Return after which steps a run kept a snapshot, ascending."""
    return sorted(int(path.stem.removeprefix("step-")) for path in (folder / "snapshots").glob("step-*.npy"))


def read_snapshot(folder: Path, step: int) -> Snapshot:
    """Return what the run predicted on the fixed slices after `step`."""
    return Snapshot(step, np.load(folder / "snapshots" / f"step-{step}.npy"))
