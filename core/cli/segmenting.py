"""The verb that segments: segment."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.cohorts import add_reading, choices_of
from core.cli.output import print_json, progress
from core.cli.segment_exports import CaseExports

if TYPE_CHECKING:
    from core.checkpoints import Checkpoint
    from core.data.layouts.spec import Layout
    from core.data.refusal import Finding
    from core.importing import ImportChoices
    from core.inference.device import Compute
    from core.inference.options import InferenceOptions
    from core.inference.segment import Segmenter
    from core.jobs.listening import Listener
    from core.jobs.segment_files import Segmentation
    from core.workspace import Workspace

SECONDS = ("load", "forward", "postprocess", "write")
CALLED_BY_PLACE = (
    "cases are called by their place, in the order of their names, for those may be a person's; "
    "--keep-names calls them, and their masks, as the files are"
)


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    segment = verbs.add_parser("segment", help="segment new scans and write masks on their own grid")
    segment.add_argument("source", type=Path, metavar="INPUT", help="a folder with one case or many")
    segment.add_argument(
        "--checkpoint",
        required=True,
        nargs="+",
        action="extend",
        metavar="[NAME=]REF[,REF]",
        help="a folder, a run, or a shipped name; several write a mask each, joined by commas they write their mean",
    )
    segment.add_argument("--out", type=Path, required=True, metavar="DIR")
    segment.add_argument("--device", default="auto")
    segment.add_argument("--backend", choices=("torch", "onnx"), default="torch", help="onnx needs no torch")
    segment.add_argument("--fast", action="store_true", help="bfloat16 where the hardware has it; a mask may change")
    add_passes(segment)
    segment.add_argument(
        "--planes",
        metavar="NAMES",
        help="mean over slices cut in axial,coronal,sagittal (default: the plane of the training)",
    )
    segment.add_argument("--scheme", help="labels to write: a name or a file (default: the checkpoint's)")
    segment.add_argument("--format", default="nifti", metavar="NAMES", help="what is written (default: %(default)s)")
    segment.add_argument(
        "--reidentify", type=Path, metavar="SOURCE", help="DICOM exports name the patient, from the study's own files"
    )
    segment.add_argument(
        "--as-is", action="store_true", help="do not align and strip a study that comes from the scanner as it is"
    )
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
    """Return what `add_passes`, and --planes, let be chosen.

    Raises:
        UsageError: too few passes or too many, or a plane that there is not.
    """
    from core.inference.options import InferenceOptions

    planes: Any = tuple(name.strip() for name in (getattr(options, "planes", None) or "").split(",") if name.strip())
    return InferenceOptions(tta=options.tta, mc_dropout=options.mc_dropout, planes=planes)


def _segment(options: argparse.Namespace) -> int:
    from core.data.refusal import InputRefusedError
    from core.inference.missing import NotSegmentableError
    from core.inference.segment import Segmenter
    from core.jobs.ready_case import read_ahead
    from core.jobs.segment_files import segment_models
    from core.workspace import Workspace

    workspace = Workspace.default()
    passes, choices = passes_of(options), choices_of(options)
    models = _models(workspace, options.checkpoint)
    segmenter = Segmenter(workspace, _compute(options), passes, keep=False)
    exports = CaseExports(options.format, models, options.out, options.reidentify)
    layout = _read(options.source, choices)
    results: list[Segmentation] = []
    refused = [finding for finding in layout.findings if finding.severity == "error"]
    with _written_into(options.out):
        for number, (case, files) in enumerate(read_ahead(layout.cases)):
            told = _listener(case.case_id, exports, alone=len(layout.cases) == 1)
            try:
                made = segment_models(
                    segmenter, case, models, options.out, choices, layout.private_names, told,
                    as_is=options.as_is, files=files.take(),
                )  # fmt: skip
            except InputRefusedError as error:  # the other cases go on
                print(f"error: {error}", file=sys.stderr)
                refused += error.findings
            except NotSegmentableError as error:
                if error.finding is None:
                    raise
                print(f"error: {error}", file=sys.stderr)
                refused.append(error.finding)
            else:
                _say(dict.fromkeys(finding for each in made for finding in each.findings))
                results += made
            progress(case.case_id, number + 1, len(layout.cases))
    if options.json:
        print_json(_document(results, refused, models, segmenter, layout, exports))
    else:
        for result in results:
            _print(result)
        if results:
            print("For research; not for diagnosis.", file=sys.stderr)
    return 0 if results and not exports.failed else 1


def _read(source: Path, choices: ImportChoices) -> Layout:
    """Return the cases in a folder, once what the gate says of it is printed."""
    from core.importing import read_study

    layout = read_study(source, choices)
    _say(layout.findings)
    if layout.private_names:
        print(f"note  {CALLED_BY_PLACE}", file=sys.stderr)
    return layout


@contextmanager
def _written_into(out: Path) -> Iterator[None]:
    """Make the folder that is written into, and see that it takes a file, before minutes go into a mask for it.

    Folders that were made for this and are empty in the end are removed again.

    Raises:
        RefusedError: it takes none.
    """
    import tempfile

    from core.errors import RefusedError

    missing: list[Path] = []
    try:
        missing += [folder for folder in (out, *out.parents) if not folder.exists()]
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        _remove_empty(missing)
        why = error.strerror or type(error).__name__
        raise RefusedError(
            f"nothing can be written to --out {out} ({why}); choose a folder that can be written"
        ) from None
    try:
        yield
    finally:
        _remove_empty(missing)


def _remove_empty(folders: Iterable[Path]) -> None:
    with suppress(OSError):  # one that holds something stays, and so do those that it lies in
        for folder in folders:
            if folder.exists():
                folder.rmdir()


def _models(workspace: Workspace, references: list[str]) -> dict[str, Checkpoint]:
    """Return name to checkpoint; a single one is called "", for it needs no folder of its own.

    Raises:
        RefusedError: nothing is called that, members of an ensemble do not fit, or two are called the same.
    """
    from core.checkpoints import join_checkpoints
    from core.cli.evaluation_choices import checkpoints_of
    from core.errors import RefusedError
    from core.workspace import safe_name

    models: dict[str, Checkpoint] = {}
    for contender in checkpoints_of(workspace, references):
        members = contender.members
        if contender.name in models:
            raise RefusedError(f"two checkpoints are called {contender.name}; name them with NAME=REF")
        models[contender.name] = members[0] if len(members) == 1 else join_checkpoints(contender.name, members)
    if len(models) == 1:
        return {"": next(iter(models.values()))}
    return {safe_name(name): checkpoint for name, checkpoint in models.items()}


def _compute(options: argparse.Namespace) -> Compute:
    from core.inference.device import choose_compute, onnx_compute

    if options.backend == "onnx":
        return onnx_compute(options.device)
    return choose_compute(options.device, fast=options.fast)


def _listener(case_id: str, exports: CaseExports, alone: bool) -> Listener:
    from core.jobs.listening import Listener
    from core.jobs.ready_case import STEPS_AFTER

    def on_step(what: str, done: int, total: int) -> None:
        if total > STEPS_AFTER + 1:  # a study that is harmonised takes its time
            print(f"{case_id}: {what}, step {done + 1} of {total}", file=sys.stderr, flush=True)

    def on_slices(done: int, total: int) -> None:
        if alone:
            progress(f"slices of {case_id}", done, total)

    return Listener(on_step, on_slices, on_found=exports.found)


def _document(
    results: list[Segmentation],
    refused: list[Finding],
    models: dict[str, Checkpoint],
    segmenter: Segmenter,
    layout: Layout,
    exports: CaseExports,
) -> dict[str, Any]:
    from core.jobs.peak_memory import peak_memory_mb

    found = dict.fromkeys(finding for result in results for finding in result.findings)
    compute, passes = segmenter.compute, segmenter.options
    return {
        "files": [str(file) for file in (*(file for result in results for file in result.files), *exports.files)],
        "cases": [result.to_json() for result in results],
        "volumes_ml": results[0].volumes_ml if len(results) == 1 else None,
        "seconds": _total([result.seconds for result in results]),
        "checkpoint_id": models[""].id if "" in models else None,
        "checkpoints": {name or models[name].card.run: models[name].id for name in models},
        "options": passes.to_json(),
        "precision": compute.precision,
        "peak_memory_mb": peak_memory_mb(),
        "findings": [finding.to_json() for finding in (*layout.findings, *found) if finding.severity != "error"],
        "refused": [finding.to_json() for finding in refused],
        "not_exported": exports.refused,
    }


def _total(laps: list[dict[str, float]]) -> dict[str, float]:
    """Add up the seconds of each step, those of every segmentation first."""
    names = dict.fromkeys([*SECONDS, *(name for lap in laps for name in lap)])
    return {name: round(sum(lap.get(name, 0.0) for lap in laps), 3) for name in names}


def _say(findings: Iterable[Finding]) -> None:
    for finding in findings:
        print(f"{finding.severity}  {finding.sentence}", file=sys.stderr)


def _print(result: Segmentation) -> None:
    masks = [(result.file, result.volumes_ml), *((mask.file, mask.volumes_ml) for mask in result.series.values())]
    for number, (file, found) in enumerate(masks):
        volumes = ", ".join(f"{region} {_amount(result, region, ml)}" for region, ml in found.items())
        seconds = f"  {sum(result.seconds.values()):.1f} s" if number == 0 else ""
        print(f"{file}  {volumes}{seconds}")


def _amount(result: Segmentation, region: str, volume_ml: float | None) -> str:
    return f"{result.voxels[region]:,} {result.counted_in}" if volume_ml is None else f"{volume_ml:.1f} ml"
