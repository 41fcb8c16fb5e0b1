"""The verb that writes a checkpoint for other programs: export."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.output import print_json, progress
from core.errors import UsageError

if TYPE_CHECKING:
    from core.checkpoints import Checkpoint


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    export = verbs.add_parser("export", help="write a checkpoint as one file for other programs")
    export.add_argument("checkpoint", metavar="REF", help="a folder, a run, or a shipped name")
    export.add_argument("--format", default="onnx", help="onnx: for ONNX Runtime, which segments without torch")
    export.add_argument(
        "--out", type=Path, metavar="FILE|DIR", help="default: model.onnx in the checkpoint's own folder"
    )
    export.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    from core.checkpoints import Checkpoint, resolve_checkpoint
    from core.export import EXPORTS, export_named
    from core.workspace import Workspace

    spec = export_named(options.format)
    if Checkpoint not in spec.of:
        known = ", ".join(name for name, each in EXPORTS.items() if Checkpoint in each.of)
        raise UsageError(f"--format {spec.name} is not for checkpoints; expected {known}")
    checkpoint = resolve_checkpoint(Workspace.default(), options.checkpoint)
    written = targets(checkpoint, options.out, spec.suffix)
    for number, (file, part) in enumerate(written):
        spec.write(file, part)
        progress(file.name, number + 1, len(written))
    if options.json:
        ids = [part.id for _, part in written]
        print_json({"files": [str(file) for file, _ in written], "checkpoint_ids": ids})
        return 0
    for file, part in written:
        print(f"{file}  checkpoint {part.id[:12]}  {file.stat().st_size / 1e6:.1f} MB")
    print("For research; not for diagnosis.", file=sys.stderr)
    return 0


def targets(checkpoint: Checkpoint, out: Path | None, suffix: str) -> list[tuple[Path, Checkpoint]]:
    """Return which file is written from what: one for a checkpoint, one per member for an ensemble.

    Args:
        checkpoint: what is exported.
        out: a file, a folder, or None for the checkpoint's own.
        suffix: what such files end in.

    Raises:
        UsageError: one file for several members.
        NotInWorkspaceError: the card calls its run by something that is no name for a file.
    """
    from core.workspace import safe_name

    parts = checkpoint.members or (checkpoint,)
    if out is None:
        return [(part.folder / f"model{suffix}", part) for part in parts]
    if out.name.endswith(suffix):
        if len(parts) > 1:
            raise UsageError(f"an ensemble of {len(parts)} is a file each; give --out a folder, not {out.name}")
        return [(out, checkpoint)]
    name = safe_name(checkpoint.card.run)
    if checkpoint.members:
        return [(out / f"{name}-{number}{suffix}", part) for number, part in enumerate(parts, 1)]
    return [(out / f"{name}{suffix}", checkpoint)]
