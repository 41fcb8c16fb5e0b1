"""Content hashes: what a case's voxels are, whatever the files are called."""

from __future__ import annotations

import hashlib

import numpy as np

from core.volume import Volume


def channel_hash(volume: Volume, channel: int) -> str:
    """Return the SHA-256 over a channel's shape and RAS+ values as little-endian float32 (lower-case hex)."""
    digest = hashlib.sha256(np.array(volume.shape, "<i8").tobytes())
    digest.update(np.ascontiguousarray(volume.values(channel), "<f4").data)
    return digest.hexdigest()


def content_hashes(volume: Volume) -> dict[str, str]:
    """Return the content hash of every channel that is not constant, by modality."""
    return {
        name: channel_hash(volume, index)
        for index, name in enumerate(volume.modalities)
        if volume.voxels[index].min() != volume.voxels[index].max()
    }


def input_hash(hashes: dict[str, str], modalities: tuple[str, ...]) -> str:
    """Return one hash for the channels a model reads, in its order."""
    return hashlib.sha256("\n".join(hashes.get(name, "constant") for name in modalities).encode()).hexdigest()
