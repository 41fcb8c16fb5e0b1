"""Damaged files, made from a whole one by a seed: cuts, flipped bits, and headers that lie."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

HEADER_BYTES = 348
# the fields that decide what is read, where from and how much of it: place and type
FIELDS = {
    "sizeof_hdr": (0, "<i4"),
    "dim0": (40, "<i2"),
    "dim1": (42, "<i2"),
    "dim2": (44, "<i2"),
    "dim3": (46, "<i2"),
    "dim4": (48, "<i2"),
    "intent_code": (68, "<i2"),
    "datatype": (70, "<i2"),
    "bitpix": (72, "<i2"),
    "pixdim0": (76, "<f4"),
    "pixdim1": (80, "<f4"),
    "pixdim3": (88, "<f4"),
    "vox_offset": (108, "<f4"),
    "scl_slope": (112, "<f4"),
    "scl_inter": (116, "<f4"),
    "xyzt_units": (123, "u1"),
    "qform_code": (252, "<i2"),
    "sform_code": (254, "<i2"),
    "quatern_b": (256, "<f4"),
    "qoffset_x": (268, "<f4"),
    "srow_x0": (280, "<f4"),
    "srow_y1": (300, "<f4"),
    "srow_z3": (324, "<f4"),
    "magic": (344, "<u4"),
}
NASTY = (0, 1, -1, 2, 7, 8, 127, 255, 256, 8192, 32767, -32768, 2**31 - 1, 1e-30, -0.5, 1e30, 3.4e38,
         float("nan"), float("inf"), float("-inf"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Damage:
    """One damaged file."""

    what: str
    content: bytes


def cuts_and_flips(whole: bytes, count: int, seed: int = 0) -> Iterator[Damage]:
    """Cut a file at `count` places, then flip one bit at each of `count` others, anywhere in it."""
    chance = random.Random(seed)
    for _ in range(count):
        place = chance.randrange(len(whole))
        yield Damage(f"cut at byte {place:,}", whole[:place])
    for _ in range(count):
        place, bit = chance.randrange(len(whole)), chance.randrange(8)
        flipped = bytearray(whole)
        flipped[place] ^= 1 << bit
        yield Damage(f"bit {bit} of byte {place:,} flipped", bytes(flipped))


def hostile_headers(plain: bytes, count: int, seed: int = 0) -> Iterator[Damage]:
    """Rewrite a plain `.nii`'s header `count` times, and pack every other one.

    A third set one to four of its fields to numbers that readers trip over, a third have eight random bytes, and a
    third are random altogether but for length and mark.
    """
    chance = random.Random(seed)
    for number in range(count):
        content = bytearray(plain)
        kind = number % 3
        if kind == 0:
            names = chance.sample(sorted(FIELDS), chance.randint(1, 4))
            for name in names:
                _set(content, name, chance.choice(NASTY))
            what = " and ".join(names)
        elif kind == 1:
            for place in (places := chance.sample(range(HEADER_BYTES), 8)):
                content[place] = chance.randrange(256)
            what = f"bytes {', '.join(map(str, places))}"
        else:
            content[4:344] = chance.randbytes(340)
            what = "random"
        yield Damage(what, gzip.compress(bytes(content), 1, mtime=0) if number % 2 else bytes(content))


def _set(content: bytearray, name: str, value: float) -> None:
    place, code = FIELDS[name]
    dtype = np.dtype(code)
    if dtype.kind != "f":
        value = int(np.clip(np.nan_to_num(value), np.iinfo(dtype).min, np.iinfo(dtype).max))
    with np.errstate(over="ignore"):
        content[place : place + dtype.itemsize] = np.array(value, dtype).tobytes()
