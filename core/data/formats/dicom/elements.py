"""A bounded parser of DICOM elements: it keeps what `TAGS` names, walks over the rest, and trusts no length.

pydicom would do, but converts, warns with the values in its words, and has no limit on elements or depth.

Reference: DICOM PS3.5, section 7 (data set) and 7.5 (nesting).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from core.data import limits
from core.data.formats.dicom.tags import FLOAT_PIXELS, IMPLIED_VR, PIXEL_DATA, SEQUENCES, TAGS
from core.data.formats.gzip_bounded import DamagedFileError

ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
UNDEFINED = 0xFFFFFFFF
LONG_FORM = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
BINARY = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}


class MoreNeededError(Exception):
    """The elements go on beyond the bytes at hand."""


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of one data set or item that `TAGS` names.

    Attributes:
        values: tag to (value representation, bytes as stored).
        sequences: tag to the items of a sequence.
        little: whether numbers are little-endian.
    """

    values: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    sequences: dict[int, list[Elements]] = field(default_factory=dict)
    little: bool = True

    def texts(self, keyword: str) -> tuple[str, ...]:
        """Return an element's values as text, () where it is absent or empty."""
        _, raw = self.values.get(TAGS[keyword][0], ("", b""))
        whole = raw.decode("latin-1").strip(" \0")
        return tuple(part.strip(" \0") for part in whole.split("\\")) if whole else ()

    def text(self, keyword: str) -> str:
        """Return an element's first value as text, "" where there is none."""
        return next(iter(self.texts(keyword)), "")

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """Return an element's values as numbers, () where it is absent, empty or no finite numbers."""
        vr, raw = self.values.get(TAGS[keyword][0], ("", b""))
        if code := BINARY.get(vr):
            width = struct.calcsize(code)
            order = "<" if self.little else ">"
            numbers = struct.unpack(f"{order}{len(raw) // width}{code}", raw[: len(raw) // width * width])
        else:
            try:
                numbers = tuple(float(text) for text in self.texts(keyword))
            except ValueError:
                return ()
        return tuple(map(float, numbers)) if all(map(math.isfinite, numbers)) else ()

    def number(self, keyword: str) -> float | None:
        """Return an element's first value as a number, None where there is none."""
        return next(iter(self.numbers(keyword)), None)

    def integer(self, keyword: str, default: int) -> int:
        """Return an element's first value as an integer."""
        number = self.number(keyword)
        return default if number is None else int(number)

    def items(self, keyword: str) -> list[Elements]:
        """Return the items of a sequence, [] where it is absent."""
        return self.sequences.get(TAGS[keyword][0], [])

    def item(self, keyword: str) -> Elements:
        """Return the first item of a sequence, one without elements where there is none."""
        return next(iter(self.items(keyword)), _NOTHING)

    def __contains__(self, keyword: str) -> bool:
        tag = TAGS[keyword][0]
        return tag in self.values or tag in self.sequences


_NOTHING = Elements()


@dataclass(frozen=True, slots=True)
class PixelPlace:
    """Where the pixels lie.

    Attributes:
        offset: of their first byte.
        length: bytes, or None where they are wrapped in fragments.
        kind: the tag: integers, or numbers with a fraction.
    """

    offset: int
    length: int | None
    kind: int


@dataclass(slots=True)
class _Budget:
    elements: int = limits.MAX_DICOM_ELEMENTS

    def spend(self) -> None:
        self.elements -= 1
        if self.elements < 0:
            raise DamagedFileError(f"more than {limits.MAX_DICOM_ELEMENTS:,} elements in a header")


Stop = Callable[[int], bool]


class Parser:
    """Reads elements from bytes that may end early.

    Raises (all methods):
        MoreNeededError: the bytes end inside an element.
        DamagedFileError: they make no sense, or hold more elements or levels than they may.
    """

    def __init__(self, data: bytes, little: bool = True) -> None:
        self._data = data
        self._order = "<" if little else ">"
        self._little = little
        self._tag = struct.Struct(f"{self._order}HH")
        self._long = struct.Struct(f"{self._order}I")
        self._short = struct.Struct(f"{self._order}H")
        self._budget = _Budget()

    def dataset(self, at: int, implicit: bool, stop: Stop = lambda _: False) -> tuple[Elements, int, PixelPlace | None]:
        """Read elements from `at` to the end, to the first tag that `stop` names, or to the pixels."""
        kept = Elements(little=self._little)
        while at < len(self._data):
            tag, vr, length, value = self._head(at, implicit)
            if stop(tag):
                break
            if tag == PIXEL_DATA or tag in FLOAT_PIXELS:
                return kept, at, PixelPlace(value, None if length == UNDEFINED else length, tag)
            at = self._keep(kept, tag, vr, length, value, implicit, depth=0)
        return kept, at, None

    def _head(self, at: int, implicit: bool) -> tuple[int, str, int, int]:
        """Return an element's tag, value representation, length and where its value starts."""
        if at + 8 > len(self._data):
            raise MoreNeededError
        self._budget.spend()
        group, element = self._tag.unpack_from(self._data, at)
        tag = group << 16 | element
        vr = self._data[at + 4 : at + 6]
        # some writers fall back to implicit elements inside an explicit file; items never say what they are
        if implicit or group == 0xFFFE or not (vr.isalpha() and vr.isupper()):
            return tag, IMPLIED_VR.get(tag, ""), self._long.unpack_from(self._data, at + 4)[0], at + 8
        if vr not in LONG_FORM:
            return tag, vr.decode("ascii"), self._short.unpack_from(self._data, at + 6)[0], at + 8
        if at + 12 > len(self._data):
            raise MoreNeededError
        return tag, vr.decode("ascii"), self._long.unpack_from(self._data, at + 8)[0], at + 12

    def _keep(self, kept: Elements, tag: int, vr: str, length: int, at: int, implicit: bool, depth: int) -> int:
        """Keep an element's value where it is wanted, and return where it ends."""
        wanted = tag in IMPLIED_VR
        if tag == PIXEL_DATA and length == UNDEFINED:  # the compressed picture of an icon
            return self._skip_fragments(at)
        if tag in SEQUENCES or length == UNDEFINED:
            # a sequence of unknown representation is written without representations
            items, end = self._sequence(at, length, implicit or vr == "UN", depth + 1)
            if wanted:
                kept.sequences[tag] = items
            return end
        if at + length > len(self._data):
            raise MoreNeededError
        if wanted:
            kept.values[tag] = (vr if vr not in {"", "UN"} else IMPLIED_VR[tag], self._data[at : at + length])
        return at + length

    def _sequence(self, at: int, length: int, implicit: bool, depth: int) -> tuple[list[Elements], int]:
        if depth > limits.MAX_DICOM_DEPTH:
            raise DamagedFileError(f"sequences nested more than {limits.MAX_DICOM_DEPTH} deep")
        items: list[Elements] = []
        end = None if length == UNDEFINED else at + length
        while end is None or at < end:
            tag, _, size, at = self._head(at, implicit=True)
            if tag == SEQUENCE_END:
                return items, at
            if tag != ITEM:
                raise DamagedFileError("a sequence whose items do not follow each other")
            item, at = self._item(at, size, implicit, depth)
            items.append(item)
        return items, at

    def _skip_fragments(self, at: int) -> int:
        while True:
            tag, _, length, at = self._head(at, implicit=True)
            if tag == SEQUENCE_END:
                return at
            at += length

    def _item(self, at: int, length: int, implicit: bool, depth: int) -> tuple[Elements, int]:
        kept = Elements(little=self._little)
        end = None if length == UNDEFINED else at + length
        while end is None or at < end:
            tag, vr, size, at = self._head(at, implicit)
            if tag == ITEM_END:
                return kept, at
            at = self._keep(kept, tag, vr, size, at, implicit, depth)
        return kept, at
