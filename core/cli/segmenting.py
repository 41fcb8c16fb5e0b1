"""The verb that segments: segment."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.cohorts import add_reading, choices_of
from core.cli.output import print_json, progress

if TYPE_CHECKING:
    from core.inference.options import InferenceOptions


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    segment = verbs.add_parser("segment", help="segment new scans and write masks on their own grid")
    segment.add_argument("source", type=Path, metavar="INPUT", help="a folder with one case or many")
    segment.add_argument("--checkpoint", required=True, metavar="REF", help="a folder, a run, or a shipped name")
    segment.add_argument("--out", type=Path, required=True, metavar="DIR")
    segment.add_argument("--device", default="auto")
    segment.add_argument(
        "--backend", choices=("torch", "onnx"), help="what computes (default: torch; of an .onnx file onnx, no torch)"
    )
    add_passes(segment)
    segment.add_argument("--scheme", help="labels to write: a name or a file (default: the checkpoint's)")
    add_reading(segment)
    segment.set_defaults(run=_segment)


def add_passes(verb: Any) -> None:
    """Let a verb predict several times and take the mean."""
    passes = verb.add_mutually_exclusive_group()
    passes.add_argument("--tta", action="store_true", help="mean over flips, and quarter turns of square slices")
    passes.add_argument(
        "--mc-dropout", type=int, default=0, metavar="N", help="mean over N passes with dropout, always the same N"
    )


def passes_of(options: argparse.Namespace) -> InferenceOptions:
    """Return what `add_passes` let be chosen.

    Raises:
        UsageError: too few passes or too many.
    """
    from core.inference.options import InferenceOptions

    return InferenceOptions(tta=options.tta, mc_dropout=options.mc_dropout)


def _segment(options: argparse.Namespace) -> int:
    from core.checkpoints import resolve_checkpoint
    from core.data.refusal import InputRefusedError
    from core.importing import read_cases
    from core.inference.device import choose_compute, onnx_compute
    from core.inference.segment import Segmenter
    from core.jobs.segment_files import segment_case
    from core.workspace import Workspace

    workspace = Workspace.default()
    checkpoint = resolve_checkpoint(workspace, options.checkpoint)
    choices = choices_of(options)
    layout = read_cases(options.source, choices)
    for finding in layout.findings:
        print(f"{finding.severity}  {finding.sentence}", file=sys.stderr)
    by_onnx = (options.backend or ("onnx" if checkpoint.onnx else "torch")) == "onnx"
    compute = onnx_compute(options.device) if by_onnx else choose_compute(options.device, fast=False)
    segmenter = Segmenter(workspace, compute, passes_of(options))
    results, refused = [], [finding for finding in layout.findings if finding.severity == "error"]
    for number, case in enumerate(layout.cases):
        try:
            private = layout.private_names
            results.append(segment_case(segmenter, case, checkpoint, options.out, choices, private))
        except InputRefusedError as error:  # the other cases go on
            print(f"error: {error}", file=sys.stderr)
            refused += error.findings
        progress(case.case_id, number + 1, len(layout.cases))
    document = {
        "files": [str(result.file) for result in results],
        "cases": [result.to_json() for result in results],
        "volumes_ml": results[0].volumes_ml if len(results) == 1 else None,
        "seconds": _total([result.seconds for result in results]),
        "checkpoint_id": checkpoint.id,
        "refused": [finding.to_json() for finding in refused],
    }
    if options.json:
        print_json(document)
        return 0 if results else 1
    for result in results:
        volumes = ", ".join(f"{region} {ml:.1f} ml" for region, ml in result.volumes_ml.items())
        print(f"{result.file}  {volumes}  {sum(result.seconds.values()):.1f} s")
    print("For research; not for diagnosis.", file=sys.stderr)
    return 0 if results else 1


def _total(laps: list[dict[str, float]]) -> dict[str, float]:
    names = ("load", "forward", "postprocess", "write")
    return {name: round(sum(lap.get(name, 0.0) for lap in laps), 3) for name in names}
