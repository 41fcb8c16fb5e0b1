"""What a page shows of a study under way: `view.json` in its job's folder, written again as each part is there.

    {"checkpoint": name, "model": title, "scheme": name or all of it,
     "case": id, "modalities": [...], "shape": [x, y, z], "spacing_mm": [...] or null,
     "images": {modality: volume}, "findings": [...], "steps": [sentence, ...],
     "first": {"slice": z, "volume": mask as far as it is, "after_s": seconds} or null,
     "mask": volume or null, "probabilities": [volume, ...], "thresholds": [...],
     "measured": {...} or null, "seconds": {step: seconds}}

Volumes are addresses in the viewer's cache. They are let go with the job. The first one holds that slice, and then, in
axial slices, whatever is finished, until `mask` is there: the whole one, cleaned up.

`screen.json` beside it, `{"slice": z}`, is written by a page: where its reader looks, which is where the work goes on.
"""

from __future__ import annotations

import json
import secrets
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.atomic import read_json, write_json
from core.checkpoints import Checkpoint
from core.data.limits import BROWSER_WHOLE_BYTES
from core.data.prepare import head_mask
from core.data.slabs import ViewerArray
from core.data.store import SlicedCase
from core.data.volume_cache import VolumeCache
from core.inference.streaming import Stream
from core.jobs.folder import JobFolder
from core.jobs.held_study import HeldStudy, answers_by_slice
from core.jobs.mask_files import Found
from core.jobs.ready_case import ReadyCase
from core.jobs.segmentations import SegmentationJob
from core.jobs.streamed_mask import StreamedMask, streamed_address
from core.measuring import measure
from core.volume import Volume
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.inference.predictor import Predictor

VIEW = "view.json"
SCREEN = "screen.json"


class StudyView:
    """Writes what a page shows of a study's first case, as the work goes on."""

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
        self._checkpoint = checkpoint
        self._about = {"checkpoint": name, "model": checkpoint.card.title, "scheme": checkpoint.spec.scheme}
        self._began_s = time.monotonic()
        self._ready: ReadyCase | None = None
        self._document: dict[str, Any] = {}
        self._streamed: StreamedMask | None = None
        self._asks_again = answers_by_slice(checkpoint, job.asked.inference)
        self._sliced: SlicedCase | None = None
        self._predictors: list[Predictor[Any]] = []
        self._forget_the_last_try()

    @property
    def held(self) -> HeldStudy | None:
        """What a page may ask more of, once the first case is segmented; None where there is nothing in memory."""
        if self._sliced is None:
            return None
        tta = self._job.asked.inference.tta
        return HeldStudy(self._job.id, self._sliced, tuple(self._predictors), self._spacing_mm, tta)

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

    def cut(self, sliced: SlicedCase, predictor: Predictor[Any]) -> Stream | None:
        """Show the mask of the slice on screen before the others are computed, else of the middle one.

        Returns:
            What shows the others as they come, those near the slice on screen first; None where nobody sees them.
        """
        if self._ready is None or sliced.plane != "axial" or not sliced.slice_index:
            return None
        if self._asks_again:
            self._sliced = sliced
            self._predictors.append(predictor)
        if self._document["first"] is None:
            self._show_first(sliced, predictor)
        return self._streamed.opinion(self._on_screen) if self._streamed else None

    def _show_first(self, sliced: SlicedCase, predictor: Predictor[Any]) -> None:
        wanted = self._on_screen()
        index = min(sliced.slice_index, key=lambda each: abs(each - wanted))
        alone = predictor.first_slice(sliced, index)
        self._streamed = self._stream(sliced, predictor)
        if self._streamed is not None:
            (x, y, _), (right, front, _) = sliced.box.start, sliced.box.stop
            self._streamed.show([index], alone[None, x:right, y:front])
            volume = self._streamed.address
        else:
            full = np.zeros(sliced.shape, np.uint8)
            full[:, :, index] = alone
            volume = self._put("first", full)
        self._document["first"] = {
            "slice": index,
            "volume": volume,
            "after_s": round(time.monotonic() - self._began_s, 2),
        }
        self._write()

    def _stream(self, sliced: SlicedCase, predictor: Predictor[Any]) -> StreamedMask | None:
        """Begin to show a mask that a browser can hold; None where it is too large, or the disk too full."""
        assert self._ready is not None
        if sliced.box.size > BROWSER_WHOLE_BYTES:
            return None
        geometry = self._ready.volume.geometry
        affine = geometry.affine if geometry else None
        address = streamed_address(self._job.id, self._job.status.tries)
        several = bool(self._checkpoint.members)
        try:
            return StreamedMask(self._cache, address, sliced, affine, predictor.spec, several)
        except OSError:
            return None

    def _on_screen(self) -> int:
        """Return the slice that a page says its reader looks at, else the one that was asked for, else the middle."""
        try:
            return int(read_json(self._job.folder / SCREEN)["slice"])
        except (FileNotFoundError, ValueError):
            asked = self._job.asked.first_slice
            return self._document["shape"][2] // 2 if asked is None else asked

    def found(self, ready: ReadyCase, found: Found) -> None:
        """Show the whole mask, what it was cut from, and what is measured of it."""
        if ready is not self._ready:
            return
        if self._streamed is not None:
            self._streamed.end()
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

    @property
    def _spacing_mm(self) -> tuple[float, float] | None:
        spacing = self._document["spacing_mm"]
        return (spacing[0], spacing[1]) if spacing else None

    def _forget_the_last_try(self) -> None:
        for tries in range(1, self._job.status.tries):
            self._cache.forget(streamed_address(self._job.id, tries))

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


def look_at(job: JobFolder, index: int) -> None:
    """Say which axial slice a study's reader looks at: its mask, and those beside it, are made next.

    Args:
        job: the study's; one that is done or gone takes no notice.
        index: on the full grid.
    """
    draft = job.folder / f".{SCREEN}.{secrets.token_hex(4)}"
    try:
        draft.write_text(json.dumps({"slice": index}))  # not forced onto the disk: it is worth nothing after a crash
        draft.replace(job.folder / SCREEN)
    except FileNotFoundError:  # deleted meanwhile
        return


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
