"""What a page shows of a study under way: `view.json` in its job's folder, written again as each part is there.

    {"checkpoint": name, "model": title, "scheme": name or all of it,
     "case": id, "modalities": [...], "shape": [x, y, z], "spacing_mm": [...] or null,
     "images": {modality: volume}, "findings": [...], "steps": [sentence, ...],
     "first": {"slice": z, "volume": mask of that slice alone, "after_s": seconds} or null,
     "mask": volume or null, "probabilities": [volume, ...], "thresholds": [...],
     "measured": {...} or null, "seconds": {step: seconds}}

Volumes are addresses in the viewer's cache. They are let go with the job.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.atomic import read_json, write_json
from core.checkpoints import Checkpoint
from core.data.prepare import head_mask
from core.data.slabs import ViewerArray
from core.data.store import SlicedCase
from core.data.volume_cache import VolumeCache
from core.jobs.folder import JobFolder
from core.jobs.held_study import HeldStudy
from core.jobs.mask_files import Found
from core.jobs.ready_case import ReadyCase
from core.jobs.segmentations import SegmentationJob
from core.measuring import measure
from core.volume import Volume
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.inference.predictor import Predictor

VIEW = "view.json"


class StudyView:
    """Writes what a page shows of a study's first case, as the work goes on.

    Attributes:
        held: what a page may ask more of, once the case is cut.
    """

    def __init__(self, workspace: Workspace, job: SegmentationJob, name: str, checkpoint: Checkpoint) -> None:
        """Begin.

        Args:
            workspace: whose pages will show it.
            job: the study's.
            name: of the checkpoint.
            checkpoint: what segments it.
        """
        self._cache = VolumeCache(workspace.volumes)
        self._job = job
        self._about = {"checkpoint": name, "model": checkpoint.card.title, "scheme": checkpoint.spec.scheme}
        self._began_s = time.monotonic()
        self._ready: ReadyCase | None = None
        self._document: dict[str, Any] = {}
        self.held: HeldStudy | None = None

    def ready(self, ready: ReadyCase) -> None:
        """Show a case's channels, before anything is segmented; only the first case is shown."""
        if self._document:
            self._ready = None
            return
        self._ready = ready
        volume = ready.volume
        steps = ready.harmonised.steps if ready.harmonised else ()
        self._document = {
            **self._about,
            "case": ready.case.case_id,
            "modalities": list(volume.modalities),
            "shape": list(volume.shape),
            "spacing_mm": list(volume.geometry.spacing_mm) if volume.geometry else None,
            "images": {name: self._image(volume, name) for name in volume.modalities},
            "findings": [finding.to_json() for finding in ready.findings],
            "steps": [step.sentence for step in steps],
            "first": None,
            "mask": None,
            "probabilities": [],
            "thresholds": [],
            "measured": None,
            "seconds": {},
        }
        self._write()

    def cut(self, sliced: SlicedCase, predictor: Predictor[Any]) -> None:
        """Show the mask of the slice on screen before the others are computed, else of the middle one."""
        if self._ready is None or self._document["first"] or sliced.plane != "axial" or not sliced.slice_index:
            return
        asked = self._job.asked.first_slice
        geometry = self._ready.volume.geometry
        self.held = HeldStudy(self._job.id, sliced, predictor, geometry.spacing_mm[:2] if geometry else None)
        wanted = self._document["shape"][2] // 2 if asked is None else asked
        index = min(sliced.slice_index, key=lambda each: abs(each - wanted))
        alone = np.zeros(sliced.shape, np.uint8)
        alone[:, :, index] = predictor.first_slice(sliced, index)
        self._document["first"] = {
            "slice": index,
            "volume": self._put("first", alone),
            "after_s": round(time.monotonic() - self._began_s, 2),
        }
        self._write()

    def found(self, ready: ReadyCase, found: Found) -> None:
        """Show the whole mask, what it was cut from, and what is measured of it."""
        if ready is not self._ready:
            return
        prediction, document = found.prediction, self._document
        document["mask"] = self._put("mask", found.bits)
        if not prediction.class_bits:  # classes are decided against each other, not by thresholds
            document["probabilities"] = [
                self._put(f"probability {name}", prediction.box.paste(np.asarray(each), prediction.shape))
                for name, each in zip(prediction.regions, prediction.probabilities, strict=True)
            ]
        document["thresholds"] = list(prediction.thresholds)
        document["measured"] = measured(ready, found)
        document["seconds"] = ready.watch.seconds | {"all": round(time.monotonic() - self._began_s, 2)}
        self._write()

    def _image(self, volume: Volume, name: str) -> str:
        index = volume.modalities.index(name)
        affine = volume.geometry.affine if volume.geometry else None
        stored = ViewerArray(volume.voxels[index], affine, volume.slope[index], volume.intercept[index])
        return self._cache.ensure(partial(_same, stored), f"study {self._job.id} image {name}")

    def _put(self, what: str, voxels: npt.NDArray[np.uint8]) -> str:
        assert self._ready is not None
        geometry = self._ready.volume.geometry
        array = ViewerArray(voxels, geometry.affine if geometry else None)
        return self._cache.ensure(partial(_same, array), f"study {self._job.id} {what}")

    def _write(self) -> None:
        write_json(self._job.folder / VIEW, self._document)


def measured(ready: ReadyCase, found: Found) -> dict[str, Any]:
    """Return what is measured of a mask, and whether the case is like the training data, as `core.measuring` says."""
    volume = ready.volume
    titles = {region.name: region.title for region in found.scheme.regions}
    regions = found.prediction.regions
    document = measure(found.bits, regions, titles, volume.geometry, head_mask(volume)).to_json()
    document["familiarity"] = None if found.familiarity is None else found.familiarity.to_json()
    return document


def study_view(job: JobFolder) -> dict[str, Any] | None:
    """Return what can be shown of a study so far; None before its files were read."""
    try:
        found: dict[str, Any] = read_json(job.folder / VIEW)
    except FileNotFoundError:
        return None
    return found


def volumes_of(job: JobFolder) -> set[str]:
    """Return the addresses of a study's volumes in the viewer's cache."""
    view = study_view(job) or {}
    first = view.get("first") or {}
    named = [
        *(view.get("images") or {}).values(),
        first.get("volume"),
        view.get("mask"),
        *view.get("probabilities", []),
    ]
    return {name for name in named if name}


def _same(array: ViewerArray) -> ViewerArray:
    return array
