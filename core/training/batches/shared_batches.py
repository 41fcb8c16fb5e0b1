"""Memory that several processes fill with batches: a file without a name, so that nothing of it outlives them."""

from __future__ import annotations

import mmap
import os
import tempfile
from multiprocessing.reduction import DupFd
from typing import Any

import numpy as np

from core.training.batches.sampling import Batch

Shape = tuple[int, ...]


class SharedBatches:
    """Room for a few batches of one shape. It can be given to a process while that is started."""

    def __init__(self, images: Shape, targets: Shape, count: int) -> None:
        file = _unnamed_file()
        self._open(file, images, targets, count)
        os.ftruncate(file, count * self._bytes_each)
        self._map = mmap.mmap(file, count * self._bytes_each)

    def __reduce__(self) -> tuple[Any, ...]:
        return _in_another_process, (DupFd(self._file), self._images, self._targets, self._count)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Batch:
        """Return one batch; its arrays are the shared memory itself."""
        start = number * self._bytes_each
        images = np.frombuffer(self._map, np.float32, int(np.prod(self._images)), start)
        targets = np.frombuffer(self._map, np.float32, int(np.prod(self._targets)), start + images.nbytes)
        return Batch(images.reshape(self._images), targets.reshape(self._targets))

    def close(self) -> None:
        """Let go of the file; arrays that are still in use keep their memory."""
        os.close(self._file)

    def _open(self, file: int, images: Shape, targets: Shape, count: int) -> None:
        self._file, self._images, self._targets, self._count = file, images, targets, count
        self._bytes_each = 4 * int(np.prod(images) + np.prod(targets))


def _in_another_process(duplicate: Any, images: Shape, targets: Shape, count: int) -> SharedBatches:
    shared = SharedBatches.__new__(SharedBatches)
    shared._open(duplicate.detach(), images, targets, count)
    shared._map = mmap.mmap(shared._file, count * shared._bytes_each)
    return shared


def _unnamed_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("batches")
    with tempfile.TemporaryFile() as file:  # where there is none: gone from its folder once it is open
        return os.dup(file.fileno())
