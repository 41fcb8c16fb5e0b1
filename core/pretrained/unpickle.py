"""A program of its own: read one foreign `.pth` within limits, write its tensors to stdout as safetensors.

`torch.load` stands here and nowhere else. The process has no more memory, time and file size than
honest weights of that file's size need. It imports nothing of the project.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
from typing import Any, NoReturn

CPU_S = 120
SPARE_BYTES = 1024**3
COPIES = 4  # the file's pages, its tensors, their contiguous copies and the bytes that go out
NESTS = ("state_dict", "model_state_dict", "model")


def main(path: str) -> None:
    """Convert the file at `path`; exit status 1 and one JSON line on stderr when it is refused."""
    # whatever a library prints must not end up among the weights
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    import torch
    from safetensors.torch import save

    limit(os.path.getsize(path))  # noqa: PTH202 (a string came in, and nothing else is asked of it)
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
        out.write(save(plain_tensors(loaded, torch)))
        out.flush()
    except (MemoryError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        refuse(reason(error))
    except Exception as error:  # torch raises the unpickler's own errors, of many kinds
        refuse(reason(error))


def limit(file_bytes: int) -> None:
    """Bound this process by what a file of that size can need; torch is already in memory."""
    needed = COPIES * file_bytes + SPARE_BYTES
    limits = {
        resource.RLIMIT_AS: mapped_bytes() + needed,
        resource.RLIMIT_CPU: CPU_S,
        resource.RLIMIT_FSIZE: 2 * file_bytes + SPARE_BYTES,
        resource.RLIMIT_CORE: 0,
    }
    for what, value in limits.items():
        # macOS knows the names but not every limit
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (value, value))


def mapped_bytes() -> int:
    """Return this process's address space in bytes."""
    import psutil

    return int(psutil.Process().memory_info().vms)


def plain_tensors(loaded: Any, torch: Any) -> dict[str, Any]:
    """Return the tensors of a state dict, each with memory of its own.

    Raises:
        ValueError: something else was loaded.
    """
    for nest in NESTS:
        if isinstance(loaded, dict) and isinstance(loaded.get(nest), dict):
            loaded = loaded[nest]
    if not isinstance(loaded, dict) or not loaded:
        raise ValueError(f"holds {type(loaded).__name__}; expected a state dict, tensor by name")
    strange = [name for name, value in loaded.items() if not isinstance(value, torch.Tensor)]
    if strange:
        raise ValueError(f"holds {type(loaded[strange[0]]).__name__} under {strange[0]!r}; expected tensors only")
    return {str(name).removeprefix("module."): value.detach().clone().contiguous() for name, value in loaded.items()}


def reason(error: BaseException) -> str:
    """Turn an error into the end of a sentence that begins with the file's name."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, MemoryError) or "can't allocate memory" in text or "not enough memory" in text:
        return "asked for more memory than weights of its size need; it is refused"
    if isinstance(error, ValueError) and text.startswith("holds "):
        return text
    if type(error).__name__ == "UnpicklingError" and "truncated" not in text:
        return "holds Python objects other than tensors, which are never loaded; expected a plain state dict"
    return f"is cut short or damaged ({text}); download it again"


def refuse(sentence: str) -> NoReturn:
    """Say why on stderr and leave."""
    sys.stderr.write("\n" + json.dumps({"refused": sentence}) + "\n")
    sys.stderr.flush()
    # without the interpreter's clean-up, which may need memory that is not there
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
