"""From four `.nii.gz` files to one mask file, in four ways, and the network's own part of the work.

All have the same weights, loaded before the clock starts, and the same z-scores over what is not 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from benchmarks.inference.network import CANVAS
from core.checkpoints import Checkpoint, load_model
from core.data.layouts import read_layout
from core.data.load import load_case
from core.data.slicing import fit_slice
from core.data.store import slice_case
from core.inference.batches import parts_of
from core.inference.device import Compute, choose_compute
from core.inference.segment import Segmenter
from core.jobs.segment_files import segment_case
from core.models import model_named
from core.workspace import Workspace

if TYPE_CHECKING:
    import torch
    from torch import nn

Run = Callable[[], Any]
OVERLAP = 0.25  # MONAI's own default
WINDOWS = 8  # at a time
LABELS = ((0, 2), (1, 1), (2, 3))  # region of WT, TC, ET and the label of BraTS 2023 that is painted over


@dataclass(frozen=True, slots=True)
class Job:
    """What every contestant does: a case's files, a checkpoint, and where the mask goes.

    Attributes:
        files: modality to file, in the checkpoint's order.
        folder: of the case.
        checkpoint: with weights.
        out: a folder of its own for each contestant.
        seconds: of each of our steps, the last run's.
    """

    files: Mapping[str, Path]
    folder: Path
    checkpoint: Checkpoint
    out: Path
    seconds: dict[str, float] = field(default_factory=dict)


def job_of(folder: Path, checkpoint: Checkpoint, out: Path) -> Job:
    """Return what contestants do with a case."""
    (case,) = read_layout(folder).cases
    files = {name: case.sources[name].file for name in checkpoint.spec.modalities}
    out.mkdir(parents=True, exist_ok=True)
    return Job(files, folder, checkpoint, out)


def contestants(job: Job) -> dict[str, Callable[[], Run]]:
    """Return what makes each contestant ready, its network loaded."""
    return {
        "segscope": lambda: ours(job, fast=True),
        "segscope_exact": lambda: ours(job, fast=False),
        "plain_loop": lambda: plain_loop(job),
        "monai_windows": lambda: monai(job, CANVAS),
        "monai_whole_slices": lambda: monai(job, None),
        "bare_forward": lambda: bare(job, choose_compute("cpu")),
        "bare_forward_fp32": lambda: bare(job, choose_compute("cpu", fast=False)),
    }


def ours(job: Job, fast: bool) -> Run:
    """Segment as `python -m core segment` does, with --fast where it is fast."""
    workspace = Workspace(job.out / "workspace")
    segmenter = Segmenter(workspace, choose_compute("cpu", fast=fast), keep=False)
    segmenter.predictor(job.checkpoint)
    out = job.out / ("fast" if fast else "exact")

    def run() -> Path:
        (case,) = read_layout(job.folder).cases
        made = segment_case(segmenter, case, job.checkpoint, out)
        if fast:
            job.seconds.update(made.seconds)
        return made.file

    return run


def plain_loop(job: Job) -> Run:
    """Do as demo apps do: whole slices one by one, float32, nibabel's own arrays."""
    import nibabel
    import torch
    from torch.nn.functional import pad

    model = load_model(job.checkpoint)

    def run() -> Path:
        images = [nibabel.load(file) for file in job.files.values()]
        volume = np.stack([_standardised(image.get_fdata()) for image in images]).astype(np.float32)
        labels = np.zeros(volume.shape[1:], np.uint8)
        stride = _stride(job)
        rows, columns = (_margins(side, stride) for side in volume.shape[1:3])
        with torch.no_grad():
            for z in range(volume.shape[3]):
                image = pad(torch.from_numpy(volume[:, :, :, z].copy())[None], (*columns, *rows))
                shares = torch.sigmoid(model(image))[0]
                inner = shares[:, rows[0] : rows[0] + volume.shape[1], columns[0] : columns[0] + volume.shape[2]]
                labels[:, :, z] = _painted(inner.numpy() > 0.5)
        return _saved(labels, images[0].affine, job.out / "plain_loop.nii.gz")

    return run


def monai(job: Job, window: tuple[int, int] | None) -> Run:
    """Do as MONAI's tutorials do: load, normalise, slide a window over every slice.

    Args:
        job: what to do.
        window: its size; None takes the whole slice, padded to what the network can halve.
    """
    import torch
    from monai.inferers import SliceInferer
    from monai.transforms import LoadImage, NormalizeIntensity

    model = load_model(job.checkpoint)
    load = LoadImage(image_only=True, ensure_channel_first=True)
    normalise = NormalizeIntensity(nonzero=True, channel_wise=True)

    def run() -> Path:
        images = [load(str(file)) for file in job.files.values()]
        volume = normalise(torch.cat([image.as_tensor() for image in images]).float())
        size = window or tuple(sum(_margins(side, _stride(job)), side) for side in volume.shape[1:3])
        slide = SliceInferer(roi_size=size, spatial_dim=2, sw_batch_size=WINDOWS, overlap=OVERLAP, progress=False)
        with torch.no_grad():
            shares = torch.sigmoid(slide(volume[None], model))[0]
        labels = _painted(shares.numpy() > 0.5)
        name = "monai_windows" if window else "monai_whole_slices"
        return _saved(labels, images[0].affine.numpy(), job.out / f"{name}.nii.gz")

    return run


def bare(job: Job, compute: Compute) -> Run:
    """Call the network on what has to be computed, prepared beforehand, and do nothing else."""
    import torch

    layout = torch.channels_last if compute.channels_last else torch.contiguous_format
    model = load_model(job.checkpoint).to(memory_format=layout)
    (case,) = read_layout(job.folder).cases
    spec = job.checkpoint.spec
    sliced = slice_case(case.case_id, load_case(case, None).volume, None, spec.plane)
    height, width = sliced.slices.shape[2:]
    fit = fit_slice((height, width), spec.input_size, _stride(job))
    batches = [
        torch.from_numpy(fit.place(sliced.prepared(part, spec.modalities, spec.preparing))).to(memory_format=layout)
        for part in parts_of(len(sliced.slices), fit.canvas)
    ]

    def run() -> None:
        with torch.inference_mode():
            for batch in batches:
                _forward(model, batch, compute)

    return run


def _forward(model: nn.Module, batch: torch.Tensor, compute: Compute) -> None:
    with compute.autocast():
        model(batch)


def _stride(job: Job) -> int:
    spec = job.checkpoint.spec
    return model_named(spec.architecture).stride(spec.arguments)


def _standardised(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    inside = values[values != 0]
    return np.where(values != 0, (values - inside.mean()) / inside.std(), 0)


def _margins(side: int, stride: int) -> tuple[int, int]:
    """Return how much is added before and after a side to reach a multiple of the stride."""
    more = -side % stride
    return more // 2, more - more // 2


def _painted(regions: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    labels = np.zeros(regions.shape[1:], np.uint8)
    for region, label in LABELS:
        labels[regions[region]] = label
    return labels


def _saved(labels: npt.NDArray[np.uint8], affine: Any, path: Path) -> Path:
    import nibabel

    nibabel.save(nibabel.Nifti1Image(labels, affine), path)
    return path
