"""TensorBoard's event file, scalars only: what `tensorboard --logdir` reads.

Reference: TFRecord: https://www.tensorflow.org/tutorials/load_data/tfrecord (length, masked CRC-32C of it, data,
masked CRC-32C of it); Event and Summary: tensorboard/compat/proto/event.proto and summary.proto; CRC-32C: RFC 3720,
appendix B.4.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from core.training.runs.appending import Appender

# TensorBoard knows its files by "tfevents" in their names
NAME = "events.out.tfevents.0.segscope"
VERSION = b"brain.Event:2"
_MASK_DELTA = 0xA282EAD8
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class EventWriter:
    """Appends scalars to the event file in a folder."""

    def __init__(self, folder: Path) -> None:
        path = folder / NAME
        fresh = not path.exists() or path.stat().st_size == 0
        self._file = Appender(path)
        if fresh:
            self._append(_wall_time() + _field(3, _BYTES, VERSION))

    def add(self, step: int, scalars: Mapping[str, float]) -> None:
        """Write the scalars of one step, by tag."""
        values = b"".join(
            _field(1, _BYTES, _field(1, _BYTES, tag.encode()) + _field(2, _FIXED32, struct.pack("<f", value)))
            for tag, value in scalars.items()
        )
        self._append(_wall_time() + _field(2, _VARINT, _varint(step)) + _field(5, _BYTES, values))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _append(self, event: bytes) -> None:
        length = struct.pack("<Q", len(event))
        self._file.write(length + _checksum(length) + event + _checksum(event))


def cut_events(folder: Path, step: int) -> None:
    """Forget what was written after `step`, and a last event that was not written whole."""
    path = folder / NAME
    if not path.exists():
        return
    end = 0
    for event, stop in read_events(path.read_bytes()):
        if event_step(event) > step:
            break
        end = stop
    with path.open("r+b") as stream:
        stream.truncate(end)


def read_events(content: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield each whole event of a file and where it ends."""
    start = 0
    while start + 12 <= len(content):
        (length,) = struct.unpack_from("<Q", content, start)
        stop = start + 12 + length + 4
        event = content[start + 12 : stop - 4]
        if stop > len(content) or content[stop - 4 : stop] != _checksum(event):
            return
        yield event, stop
        start = stop


def event_step(event: bytes) -> int:
    """Return the step of an event, 0 where it has none."""
    return next((int(value) for number, value in fields(event) if number == 2 and isinstance(value, int)), 0)


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field of a protobuf message; numbers of fixed width as their bytes."""
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _read_varint(message, at)
            yield key >> 3, value
            continue
        length = {_FIXED64: 8, _FIXED32: 4}.get(kind)
        if length is None:
            length, at = _read_varint(message, at)
        yield key >> 3, message[at : at + length]
        at += length


def _wall_time() -> bytes:
    return _field(1, _FIXED64, struct.pack("<d", time.time()))


def _field(number: int, kind: int, value: bytes) -> bytes:
    return _varint(number << 3 | kind) + (_varint(len(value)) if kind == _BYTES else b"") + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _table() -> tuple[int, ...]:
    polynomial = 0x82F63B78  # Castagnoli's, bits reversed
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)  # noqa: PLW2901
        table.append(value)
    return tuple(table)


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of `data`."""
    table, crc = _TABLE, 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _checksum(data: bytes) -> bytes:
    crc = crc32c(data)
    masked = ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF
    return struct.pack("<I", masked)
