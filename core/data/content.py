"""Content hashes: what a case's voxels are, whatever the files are called."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from core.volume import Volume, stored_to_values

HASHING_THREADS = 2  # hashing releases the interpreter lock
SHEETS = 32  # hashed at a time, so that no second copy of a whole CT is made


def channel_hash(volume: Volume, channel: int) -> str:
    """Return the SHA-256 over a channel's shape and RAS+ values as little-endian float32 (lower-case hex)."""
    digest = hashlib.sha256(np.array(volume.shape, "<i8").tobytes())
    slope, intercept = volume.slope[channel], volume.intercept[channel]
    for start in range(0, volume.shape[0], SHEETS):
        values = stored_to_values(volume.voxels[channel, start : start + SHEETS], slope, intercept)
        digest.update(np.ascontiguousarray(values, "<f4").data)
    return digest.hexdigest()


def content_hashes(volume: Volume) -> dict[str, str]:
    """Return the content hash of every channel that is not constant, by modality."""
    varied = [index for index, voxels in enumerate(volume.voxels) if voxels.min() != voxels.max()]
    with ThreadPoolExecutor(HASHING_THREADS) as pool:
        hashes = pool.map(lambda index: channel_hash(volume, index), varied)
        return {volume.modalities[index]: found for index, found in zip(varied, hashes, strict=True)}


def input_hash(hashes: dict[str, str], modalities: tuple[str, ...]) -> str:
    """Return one hash for the channels a model reads, in its order."""
    return hashlib.sha256("\n".join(hashes.get(name, "constant") for name in modalities).encode()).hexdigest()
