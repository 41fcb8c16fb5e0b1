"""Print docs/models.md: every architecture, what it costs, and its arguments."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

from core.models import MODELS, ModelSpec
from core.models.cost import cost

CHANNELS = (4, 3)
SIZE = (192, 224)

INTRODUCTION = f"""# The architectures

Written by `python tools/models.py > docs/models.md`. Parameters and arithmetic are those of the default
arguments with {CHANNELS[0]} channels in, {CHANNELS[1]} out and one image of {SIZE[0]} x {SIZE[1]} pixels;
a multiplication and its addition are two operations. *Pads to*: what height and width are padded to inside.
*Batch norm*: cannot train on a batch of 1.

| name | architecture | parameters (M) | GFLOP | pads to | batch norm | encoder |
|---|---|--:|--:|--:|---|---|"""


def row(spec: ModelSpec) -> str:
    """Return one line of the table."""
    found = cost(spec.name, *CHANNELS, SIZE)
    cells = [
        f"`{spec.name}`",
        spec.title,
        f"{found.parameters / 1e6:.1f}",
        f"{found.flops / 1e9:.1f}",
        str(spec.stride({})),
        "yes" if spec.has_batch_norm({}) else "no",
        spec.encoder({}) or "",
    ]
    return f"| {' | '.join(cells)} |"


def chapter(spec: ModelSpec) -> str:
    """Return what there is to say of one architecture."""
    arguments = "\n".join(
        f"- `{name}` ({_words(field.default)}): {field.description}"
        for name, field in spec.arguments.model_fields.items()
    )
    return f"\n## {spec.title} (`{spec.name}`)\n\n{spec.paper}\n\n{arguments}"


def _words(default: Any) -> str:
    return ", ".join(str(value) for value in default) if isinstance(default, tuple) else str(default)


if __name__ == "__main__":
    print(INTRODUCTION)
    for one in MODELS.values():
        print(row(one))
    for one in MODELS.values():
        print(chapter(one))
