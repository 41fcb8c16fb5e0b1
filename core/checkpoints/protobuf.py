"""The wire format of protocol buffers, as far as an ONNX file is read before a runtime is trusted with it.

Reference: Protocol Buffers documentation, Encoding (varints, wire types 0, 1, 2 and 5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5
LONGEST_VARINT = 10


class NotProtobufError(ValueError):
    """The bytes are no message, or end in the middle of one."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One field of a message.

    Attributes:
        number: which field.
        content: its bytes where it has a length, a message or a string; else nothing.
        value: the number it holds where it has none.
        raw: all of it, tag included.
    """

    number: int
    content: memoryview
    value: int
    raw: memoryview


def fields(message: memoryview) -> Iterator[Field]:
    """Yield the fields of a message, in the order of its bytes; nothing is copied.

    Raises:
        NotProtobufError: the bytes are no message.
    """
    place = 0
    while place < len(message):
        start = place
        tag, place = _varint(message, place)
        number, kind = tag >> 3, tag & 7
        content, value = message[:0], 0
        if kind == LENGTH:
            length, place = _varint(message, place)
            content, place = message[place : place + length], place + length
        elif kind == VARINT:
            value, place = _varint(message, place)
        elif kind in (EIGHT_BYTES, FOUR_BYTES):
            place += 8 if kind == EIGHT_BYTES else 4
        else:
            raise NotProtobufError(f"a field of wire type {kind}")
        if number == 0 or place > len(message):
            raise NotProtobufError("a field without a number, or one that ends after the message")
        yield Field(number, content, value, message[start:place])


def with_length(number: int, content: bytes) -> bytes:
    """Return a field that holds bytes: a string or a message."""
    return _as_varint(number << 3 | LENGTH) + _as_varint(len(content)) + content


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for count in range(LONGEST_VARINT):
        if place >= len(message):
            break
        byte = message[place]
        place += 1
        value |= (byte & 127) << 7 * count
        if byte < 128:
            return value, place
    raise NotProtobufError("a number that does not end")


def _as_varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    out += bytes([value])
    return bytes(out)
