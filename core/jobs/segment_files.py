"""Segment one case from files to mask files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.case import Case
from core.checkpoints import Checkpoint
from core.data.load import CaseFiles
from core.data.refusal import Finding, InputRefusedError
from core.errors import RefusedError
from core.export import provenance_of
from core.importing import ImportChoices
from core.inference.cancelling import OnSlices, OnStep, tell_step
from core.inference.cleaned import cleaned_mask
from core.inference.missing import doing_without, missing_modalities
from core.inference.segment import Segmenter, Stopwatch
from core.jobs.aligned_studies import AlignedStudies
from core.jobs.listening import NOBODY, Listener, quiet
from core.jobs.mask_files import Found, MaskFile, carried_masks, volumes_ml, voxels_of, write_masks
from core.jobs.ready_case import STEPS_AFTER, ReadyCase, ready_case
from core.labels import LabelScheme, scheme_from_json
from core.measuring.familiarity import Familiarity, familiarity_of_volume

__all__ = ["Segmentation", "require_same_regions", "segment_case", "segment_models", "volumes_ml"]

# schemes of models that were trained on brains alone, on one grid of 1 mm
BRAIN_SCHEMES = ("brats-2021", "brats-2023", "brats-2024", "msd-task01")


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What segmenting one case gave.

    Attributes:
        case_id: which case.
        file: the mask that was written, on the grid that was segmented.
        volumes_ml: ml per region, None for images without voxel sizes.
        voxels: how many each region has.
        seconds: time per step.
        model: what the checkpoint was called where several were asked for, else "".
        checkpoint_id: what made the mask.
        findings: warnings and notes about the case, and about it with this checkpoint.
        files: everything that was written, `file` first.
        series: of a study as the scanner left it, each series's mask on its own grid.
        harmonised: what was done to bring it onto one grid, as plain JSON types; None where nothing was.
        counted_in: what `voxels` are called: pixels of a picture.
    """

    case_id: str
    file: Path
    volumes_ml: dict[str, float | None]
    voxels: dict[str, int]
    seconds: dict[str, float]
    model: str = ""
    checkpoint_id: str = ""
    findings: tuple[Finding, ...] = ()
    files: tuple[Path, ...] = ()
    series: Mapping[str, MaskFile] = field(default_factory=dict)
    harmonised: dict[str, Any] | None = None
    counted_in: str = "voxels"

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "case": self.case_id,
            "file": str(self.file),
            "files": [file.name for file in self.files],
            "volumes_ml": self.volumes_ml,
            "voxels": self.voxels,
            "seconds": self.seconds,
            "checkpoint_id": self.checkpoint_id,
            "findings": [finding.to_json() for finding in self.findings],
        }
        if self.model:
            document["model"] = self.model
        if self.harmonised:
            document["series"] = {name: mask.to_json() for name, mask in self.series.items()}
            document["harmonised"] = self.harmonised
        return document


def segment_case(
    segmenter: Segmenter,
    case: Case,
    checkpoint: Checkpoint,
    out: Path,
    choices: ImportChoices | None = None,
    private: bool = False,
    on_slices: OnSlices = quiet,
    *,
    on_step: OnStep = quiet,
    as_is: bool = False,
) -> Segmentation:
    """Read a case, segment it and write `<case_id>_seg.nii.gz` on the input's own grid.

    A study as the scanner left it is first brought onto one grid of 1 mm, the brain alone; it gets a mask there, and
    `<case_id>_seg_on_<series>.nii.gz` on each series's own grid.

    Args:
        segmenter: computes the prediction.
        case: what to read.
        checkpoint: with what.
        out: the folder to write into.
        choices: how it is read; its scheme says what the written labels mean, None keeps the checkpoint's.
        private: its files' names may be a person's and are not repeated.
        on_slices: told how many slices of how many are done; it may ask to stop.
        on_step: told each step as it happens; it may ask to stop.
        as_is: segment a study as the scanner left it without bringing it onto one grid.

    Raises:
        InputRefusedError: the files cannot be used.
        NotSegmentableError: a modality is missing.
        RefusedError: the scheme has no such regions.
        Cancelled: somebody asked to stop; nothing is written then.
    """
    told = Listener(on_step, on_slices)
    models = {"": checkpoint}
    return segment_models(segmenter, case, models, out, choices, private, told, as_is=as_is)[0]


def segment_models(
    segmenter: Segmenter,
    case: Case,
    models: Mapping[str, Checkpoint],
    out: Path,
    choices: ImportChoices | None = None,
    private: bool = False,
    told: Listener = NOBODY,
    *,
    as_is: bool = False,
    files: CaseFiles | InputRefusedError | None = None,
    aligned: AlignedStudies | None = None,
) -> list[Segmentation]:
    """Read a case once and segment it with several checkpoints; otherwise as `segment_case`.

    Args:
        segmenter: computes the predictions.
        case: what to read.
        models: name to checkpoint; each writes into a folder of its name, one called "" into `out` itself.
        out: the folder to write into.
        choices: how it is read.
        private: its files' names may be a person's.
        told: whom to tell how far the work is.
        as_is: never bring a study onto one grid unasked.
        files: what was read of the case already.
        aligned: where a study as the scanner left it is kept once it is on one grid, and taken from.
    """
    choices = choices or ImportChoices()
    ready = ready_for(case, models, choices, private, told, as_is=as_is, files=files, aligned=aligned)
    del files
    told.on_ready(ready)
    return [_segment(segmenter, ready, model, models[model], out, choices, told) for model in models]


def ready_for(
    case: Case,
    models: Mapping[str, Checkpoint],
    choices: ImportChoices,
    private: bool = False,
    told: Listener = NOBODY,
    *,
    as_is: bool = False,
    files: CaseFiles | InputRefusedError | None = None,
    aligned: AlignedStudies | None = None,
) -> ReadyCase:
    """Read a case for some checkpoints, on one grid; arguments and refusals as for `segment_models`."""
    for checkpoint in models.values():
        require_same_regions(checkpoint, choices.scheme or scheme_from_json(checkpoint.spec.scheme))
        missing_modalities(checkpoint, case)
    brains = not as_is and all(_of_brains(checkpoint) for checkpoint in models.values())
    if aligned is None:
        return ready_case(case, choices, private, brains, files, told.on_step, told.on_raw)
    ready = ready_case(case, choices, private, brains, files, told.on_step, told.on_raw, aligned.find)
    aligned.keep(ready)
    return ready


def found_by(
    segmenter: Segmenter,
    ready: ReadyCase,
    checkpoint: Checkpoint,
    choices: ImportChoices,
    on_slices: OnSlices = quiet,
    watch: Stopwatch | None = None,
) -> Found:
    """Return what a checkpoint finds in a case: predicted, cleaned up, and compared with the training data.

    Raises:
        NotSegmentableError: a modality is missing.
        Cancelled: `on_slices` asked to stop.
    """
    volume = ready.volume
    prediction = segmenter.segment_volume(ready.case, volume, checkpoint, on_slices)
    if watch:
        watch.lap("forward")
    bits = cleaned_mask(prediction, checkpoint.spec, volume.geometry)
    scheme = choices.scheme or scheme_from_json(checkpoint.spec.scheme)
    members, passes = checkpoint.members or (checkpoint,), segmenter.options.to_json()
    source = provenance_of(members, passes, segmenter.compute.backend)
    return Found(checkpoint, prediction, bits, scheme, source, familiarity_of_volume(checkpoint, volume))


def _segment(
    segmenter: Segmenter,
    ready: ReadyCase,
    model: str,
    checkpoint: Checkpoint,
    out: Path,
    choices: ImportChoices,
    told: Listener,
) -> Segmentation:
    case, volume, watch = ready.case, ready.volume, ready.watch.copy()
    step, steps = len(watch.seconds), len(watch.seconds) + STEPS_AFTER
    tell_step(told.on_step, f"segment with {model or checkpoint.card.title}", step, steps)
    found = found_by(segmenter, ready, checkpoint, choices, told.on_slices, watch)
    bits, prediction, familiarity = found.bits, found.prediction, found.familiarity
    volumes = volumes_ml(bits, prediction.regions, volume.geometry.voxel_ml if volume.geometry else None)
    watch.lap("postprocess")
    told.on_found(ready, found)
    if ready.harmonised:
        tell_step(told.on_step, f"carry the mask back to {', '.join(ready.series)}", step + 1, steps)
    carried = carried_masks(ready, found)
    if ready.harmonised:
        watch.lap("carry back")
    # the last chance to stop: what is written then is written whole
    tell_step(told.on_step, "write", step + 2, steps)
    written = write_masks(out / model, ready, found, carried)
    watch.lap("write")
    missing = missing_modalities(checkpoint, case)
    own = [doing_without(case.case_id, checkpoint, missing)] if missing else []
    if familiarity is not None and familiarity.unfamiliar:
        own.append(_unlike(case.case_id, familiarity))
    return Segmentation(
        case_id=case.case_id,
        file=written.file,
        volumes_ml=volumes,
        voxels=voxels_of(bits, prediction.regions),
        seconds={name: round(seconds, 4) for name, seconds in watch.seconds.items()},
        model=model,
        checkpoint_id=checkpoint.id,
        findings=(*ready.findings, *own),
        files=written.files,
        series=written.series,
        harmonised=ready.harmonised.to_json() if ready.harmonised else None,
        counted_in="pixels" if volume.geometry is None and volume.shape[2] == 1 else "voxels",
    )


def _unlike(case_id: str, familiarity: Familiarity) -> Finding:
    found = f"a case unlike the training data. {' '.join(familiarity.reasons)}".rstrip(".")
    expected = "one like those that the checkpoint was trained on"
    return Finding("warning", "unlike_training", case_id, "", found, expected, "look twice at the mask")


def _of_brains(checkpoint: Checkpoint) -> bool:
    return scheme_from_json(checkpoint.spec.scheme).name in BRAIN_SCHEMES


def require_same_regions(checkpoint: Checkpoint, scheme: LabelScheme) -> None:
    """Refuse a scheme whose regions are not the checkpoint's, in order.

    Raises:
        RefusedError: they differ.
    """
    if scheme.region_names != checkpoint.spec.regions:
        raise RefusedError(
            f"the checkpoint predicts {', '.join(checkpoint.spec.regions)}; {scheme.name} has "
            f"{', '.join(scheme.region_names)}: choose another --scheme"
        )
