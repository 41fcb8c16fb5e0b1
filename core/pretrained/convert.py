"""Read any weights file as plain tensors; a foreign `.pth` becomes safetensors once, in a bounded child process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.atomic import replacing
from core.data.git_lfs import LFS_MAGIC
from core.pretrained import unpickle
from core.pretrained.download import file_sha256
from core.pretrained.errors import WeightsRefusedError

if TYPE_CHECKING:
    import torch

MAX_FILE_BYTES = 2 * 1024**3
WALL_CLOCK_S = 300
ZIP = b"PK\x03\x04"  # torch.save since 1.6
LEGACY = b"\x80\x02\x8a\x0a"  # torch.save before: protocol 2 and a ten-byte magic number
TAR_MAGIC = slice(257, 262)  # where "ustar" stands: torch.save before 0.1.10


def tensors_of(path: Path, cache_dir: Path) -> dict[str, torch.Tensor]:
    """Read a weights file.

    Args:
        path: `.safetensors`, or a state dict written by `torch.save`, told apart by their first bytes.
        cache_dir: where the converted file is kept, under the SHA-256 of the original.

    Returns:
        Tensor by name, on the CPU; a `state_dict` entry is unwrapped, a `module.` prefix removed.

    Raises:
        WeightsRefusedError: no weights, cut short, or objects other than tensors.
    """
    kind = _kind(path)
    if kind == "safetensors":
        return _read_safetensors(path, path.name)
    converted = cache_dir / f"{file_sha256(path)}.safetensors"
    if not converted.is_file():
        _convert(path, converted)
    return _read_safetensors(converted, path.name)


def _kind(path: Path) -> str:
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(512)
    if head.startswith(LFS_MAGIC):
        wanted = next((line[5:].decode() for line in head.splitlines() if line.startswith(b"size ")), "unknown")
        raise WeightsRefusedError(
            f"{path.name} is a Git LFS pointer of {size} bytes that stands for a file of {wanted} bytes, "
            "not the weights themselves; run git lfs pull where it came from, or download the file"
        )
    if size > MAX_FILE_BYTES:
        raise WeightsRefusedError(f"{path.name}: found {size:,} bytes; expected at most {MAX_FILE_BYTES:,}")
    if head.startswith((ZIP, LEGACY)):
        return "torch"
    if head[TAR_MAGIC] == b"ustar":
        raise WeightsRefusedError(f"{path.name} {_what_tar(path)}")
    # safetensors: the header's length in 8 bytes, then JSON
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= size - 8:
        return "safetensors"
    what = "an empty file" if size == 0 else "a web page" if head.lstrip().startswith(b"<") else "some other file"
    raise WeightsRefusedError(
        f"{path.name} is {what}; expected a PyTorch state dict (.pth) or a .safetensors file: download it again"
    )


def _what_tar(path: Path) -> str:
    try:
        with tarfile.open(path, "r:") as archive:
            archive.getmembers()
    except tarfile.TarError as error:
        return f"is cut short or damaged ({error}); download it again"
    return "is in PyTorch's oldest form, whose reading runs code from the file; save it again as .safetensors"


def _read_safetensors(path: Path, name: str) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise WeightsRefusedError(f"{name} is cut short or damaged ({error}); download it again") from None


def _convert(path: Path, converted: Path) -> None:
    # -I: neither the current folder nor the environment can put code of its own into the child
    command = [sys.executable, "-I", unpickle.__file__, str(path.resolve())]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    with replacing(converted) as stream:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.PIPE,
                timeout=WALL_CLOCK_S,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise WeightsRefusedError(f"{path.name} took more than {WALL_CLOCK_S} s to read; it is refused") from None
        if done.returncode != 0:
            raise WeightsRefusedError(f"{path.name} {_why(done.returncode, done.stderr)}")


def _why(returncode: int, stderr: bytes) -> str:
    if returncode < 0:
        return "asked for more memory or time than weights of its size need; it is refused"
    lines = stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
    try:
        answer: Any = json.loads(lines[-1])
        return str(answer["refused"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return f"could not be read: {lines[-1]}"
