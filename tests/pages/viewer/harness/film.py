"""The pictures of a training: two fixed slices, and one more validation at the press of a button."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from core.training.runs.snapshots import snapshot_steps
from pages.parts.training.pictures import what_it_sees
from pages.parts.viewer import RegionStyle

SHAPE = (2, 40, 30)
EVERY = 50
BEFORE = 6


def show_film(workspace: Path) -> None:
    """Draw the film of a run whose prediction grows by a row of voxels with every validation."""
    folder = workspace / "runs" / "tiny-0001"
    if not folder.exists():
        (folder / "snapshots").mkdir(parents=True)
        images = np.zeros(SHAPE, np.float32)
        images[:, 4:36, 4:26] = 0.5
        np.savez(folder / "snapshots" / "fixed.npz", images=images, masks=_mask(10), modality=np.array("t2f"))
        for number in range(1, BEFORE + 1):
            _validate(folder, number)
    if st.button("one more"):
        _validate(folder, len(snapshot_steps(folder)) + 1)
    what_it_sees(folder, [RegionStyle("WT", "whole tumour", "#56b4e9")], geometry=True)


def _validate(folder: Path, number: int) -> None:
    np.save(folder / "snapshots" / f"step-{number * EVERY}.npy", _mask(number))


def _mask(rows: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    mask = np.zeros(SHAPE, np.uint8)
    mask[:, 10 : 10 + rows, 10:20] = 1
    return mask
