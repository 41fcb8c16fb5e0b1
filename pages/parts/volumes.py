"""A case's volumes for the viewer: images, the reference, and each model's mask."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from math import log2
from threading import Lock

import numpy as np
import numpy.typing as npt

from core.case import MODALITY_TITLES
from core.checkpoints import InferenceSpec
from core.data.load import load_case, load_regions
from core.data.slabs import ViewerArray
from core.data.volume_cache import VolumeCache
from core.evaluation.kept_masks import KeptMasks
from core.evaluation.saved_files import SavedModel, saved_prediction
from core.inference.cleaned import cleaned_mask
from core.inference.prediction import MAP_KINDS, MapKind, Prediction
from core.inference.segment import prediction_folder
from core.inference.uncertainty import uncertainty_map
from core.volume import Volume
from core.workspace import Cohort
from pages.parts import store
from pages.parts.viewer import Probabilities, SavedDoubts, VolumeRef, volume_ref

TITLES = MODALITY_TITLES
GROUND_TRUTH = "Ground truth"
PROBABILITY_THREADS = 8
# what differs between the opinions that a prediction is the mean of
OPINIONS = {"turns": "turned slices", "dropout": "passes with dropout", "members": "members", "planes": "planes"}
CLEANED = "its mask is cleaned up after the threshold"


def image_refs(cohort: Cohort, case_id: str) -> dict[str, VolumeRef]:
    """Return the case's images by display name, written into the viewer's cache on first view.

    Raises:
        InputRefusedError: a source file is gone or damaged.
    """
    entry = cohort.cases[case_id]
    loading = _Loading(cohort, case_id)
    # equal voxels may lie elsewhere in another case, and may be kept by browsers there
    place = _place(cohort, case_id)
    with ThreadPoolExecutor(len(entry.content) or 1) as pool:
        made = {
            TITLES.get(name, name): pool.submit(
                _cache().ensure, partial(loading.channel, name), f"image {content} {place}"
            )
            for name, content in entry.content.items()
        }
        # CT is the one modality whose numbers mean the same everywhere
        return {
            title: replace(_ref(future.result()), kind="ct" if title == TITLES["ct"] else "")
            for title, future in made.items()
        }


def reference_ref(cohort: Cohort, case_id: str) -> VolumeRef | None:
    """Return the case's reference mask as region bits, or None where it has none."""
    reference = cohort.cases[case_id].case.reference
    if reference is None:
        return None
    stat = reference.file.stat()
    key = f"reference {cohort.scheme.name} {reference.file} {stat.st_size} {stat.st_mtime_ns}"
    return _ref(_cache().ensure(partial(_reference_array, cohort, case_id), key))


def mask_refs(cohort: Cohort, case_id: str, models: Mapping[str, SavedModel]) -> dict[str, VolumeRef]:
    """Return each model's mask as region bits, for the models that have segmented the case."""
    refs = {}
    for name, checkpoint in models.items():
        if isinstance(checkpoint, KeptMasks):
            if checkpoint.mask_of(cohort, case_id):
                make = partial(_elsewhere_array, cohort, case_id, checkpoint)
                key = f"mask elsewhere {checkpoint.sha256} {cohort.scheme.name} {case_id} {_place(cohort, case_id)}"
                refs[name] = _ref(_cache().ensure(make, key))
            continue
        prediction = saved_prediction(store.workspace(), cohort, case_id, checkpoint)
        if prediction is not None:
            folder = prediction_folder(store.workspace(), checkpoint, cohort.cases[case_id].content)
            make = partial(_mask_array, cohort, case_id, prediction, checkpoint.spec)
            key = f"mask {folder.parent.name} {folder.name} {_place(cohort, case_id)}"
            refs[name] = _ref(_cache().ensure(make, key))
    return refs


def bits_ref(cohort: Cohort, case_id: str, bits: npt.NDArray[np.uint8], how: str) -> VolumeRef:
    """Return region bits that were just made of a case.

    Args:
        cohort: of the case.
        case_id: which.
        bits: (X, Y, Z) uint8 in the cohort's regions.
        how: names for good what made them of this case's voxels: a checkpoint and what it decided.
    """
    content = sorted(cohort.cases[case_id].content.values())
    key = f"tried {how} {cohort.scheme.name} {content} {_place(cohort, case_id)}"
    made = ViewerArray(bits, _affine(cohort, case_id), public=cohort.public)
    return _ref(_cache().ensure(lambda: made, key))


def probability_refs(cohort: Cohort, case_id: str, models: Mapping[str, SavedModel]) -> dict[str, Probabilities]:
    """Return what each model's mask was made from, by the model's title, for the models that have segmented the case.

    The bytes are those of `Prediction.probabilities`, 0 outside its box, written into the viewer's cache on first view.
    """
    place = store.workspace()
    pending: dict[str, tuple[Prediction, str, list[Future[str]]]] = {}
    # compressing lets go of the interpreter
    with ThreadPoolExecutor(PROBABILITY_THREADS) as pool:
        for name, checkpoint in models.items():
            if isinstance(checkpoint, KeptMasks):  # a mask alone was cut from nothing
                continue
            prediction = saved_prediction(place, cohort, case_id, checkpoint)
            if prediction is None or prediction.class_bits:  # classes are decided against each other, not by thresholds
                continue
            folder = prediction_folder(place, checkpoint, cohort.cases[case_id].content)
            # the same voxels may lie elsewhere in another case
            key = f"probabilities {folder.parent.name} {folder.name} {_place(cohort, case_id)}"
            pending[store.model_title(name, checkpoint)] = (
                prediction,
                CLEANED if checkpoint.spec.post else "",
                [
                    pool.submit(_cache().ensure, partial(_probability_array, cohort, case_id, prediction, region), each)
                    for region, each in enumerate(f"{key} {region}" for region in prediction.regions)
                ],
            )
        return {
            title: Probabilities(tuple(_ref(future.result()) for future in futures), prediction.thresholds, why_not)
            for title, (prediction, why_not, futures) in pending.items()
        }


def uncertainty_refs(cohort: Cohort, case_id: str, models: Mapping[str, SavedModel]) -> dict[str, SavedDoubts]:
    """Return how sure each model was, by its title, where its prediction was saved as the mean of several opinions."""
    place, found = store.workspace(), {}
    for name, checkpoint in models.items():
        if isinstance(checkpoint, KeptMasks):
            continue
        prediction = saved_prediction(place, cohort, case_id, checkpoint)
        if prediction is None or (saved := prediction.uncertainty) is None:
            continue
        folder = prediction_folder(place, checkpoint, cohort.cases[case_id].content)
        key = f"uncertainty {folder.parent.name} {folder.name} {_place(cohort, case_id)}"
        refs = {kind: _doubt_refs(cohort, case_id, prediction, kind, key) for kind in MAP_KINDS}
        between = f"{saved.count} {OPINIONS[saved.opinions]}"
        bits = log2(len(prediction.class_bits)) if prediction.class_bits else 1.0
        found[store.model_title(name, checkpoint)] = SavedDoubts(refs["entropy"], refs["disagreement"], between, bits)
    return found


class _Loading:
    """Reads a case's files once, however many of its channels are asked for."""

    def __init__(self, cohort: Cohort, case_id: str) -> None:
        self._cohort = cohort
        self._case = cohort.cases[case_id].case
        self._lock = Lock()
        self._loaded: Volume | None = None

    def channel(self, modality: str) -> ViewerArray:
        with self._lock:
            if self._loaded is None:
                self._loaded = load_case(self._case, None).volume
        volume = self._loaded
        index = volume.modalities.index(modality)
        return ViewerArray(
            volume.voxels[index],
            volume.geometry.affine if volume.geometry else None,
            volume.slope[index],
            volume.intercept[index],
            self._cohort.public,
        )


def _reference_array(cohort: Cohort, case_id: str) -> ViewerArray:
    entry = cohort.cases[case_id]
    assert entry.case.reference is not None
    regions, _ = load_regions(entry.case.reference, cohort.scheme, entry.grid)
    return ViewerArray(regions, _affine(cohort, case_id), public=cohort.public)


def _mask_array(cohort: Cohort, case_id: str, prediction: Prediction, spec: InferenceSpec) -> ViewerArray:
    bits = cleaned_mask(prediction, spec, cohort.cases[case_id].geometry)
    return ViewerArray(bits, _affine(cohort, case_id), public=cohort.public)


def _elsewhere_array(cohort: Cohort, case_id: str, masks: KeptMasks) -> ViewerArray:
    made = masks.mask_of(cohort, case_id)
    assert made is not None
    return ViewerArray(made.load().of(cohort.scheme.region_names), _affine(cohort, case_id), public=cohort.public)


def _probability_array(cohort: Cohort, case_id: str, prediction: Prediction, region: int) -> ViewerArray:
    whole = prediction.box.paste(prediction.probabilities[region], prediction.shape)
    return ViewerArray(whole, _affine(cohort, case_id), public=cohort.public)


def _doubt_refs(cohort: Cohort, case_id: str, prediction: Prediction, kind: MapKind, key: str) -> tuple[VolumeRef, ...]:
    """Return one map per region; exclusive classes share theirs."""
    kept_as = ["classes" if prediction.class_bits else region for region in prediction.regions]
    return tuple(
        _ref(_cache().ensure(partial(_doubt_array, cohort, case_id, prediction, kind, region), f"{key} {kind} {name}"))
        for region, name in zip(prediction.regions, kept_as, strict=True)
    )


def _doubt_array(cohort: Cohort, case_id: str, prediction: Prediction, kind: MapKind, region: str) -> ViewerArray:
    whole = uncertainty_map(prediction, kind, region)
    assert whole is not None  # a prediction that is the mean of several has both
    return ViewerArray(whole, _affine(cohort, case_id), public=cohort.public)


def _place(cohort: Cohort, case_id: str) -> str:
    return f"{cohort.cases[case_id].facts['affine']} {cohort.public}"


def _affine(cohort: Cohort, case_id: str) -> npt.NDArray[np.float64] | None:
    geometry = cohort.cases[case_id].geometry
    return geometry.affine if geometry else None


def _cache() -> VolumeCache:
    return VolumeCache(store.workspace().volumes)


def _ref(content_hash: str) -> VolumeRef:
    return volume_ref(content_hash, store.workspace().root)
