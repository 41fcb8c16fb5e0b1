"""Temperature scaling: one number that logits are divided by, so that probabilities are as often right as they say.

It is fitted on the patients that a checkpoint was tuned on, never on those it is scored on: the mean negative
log-likelihood is convex in 1 / T, so a golden-section search finds its one minimum. Where thresholds are one half no
mask changes; of exclusive classes only where two of them tie in a byte.

Reference: Guo, Pleiss, Sun, Weinberger. On Calibration of Modern Neural Networks. ICML 2017, section 4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.checkpoints import InferenceSpec
from core.data.slicing import PLANES, cut
from core.data.store import Indices, SlicedCase
from core.data.targets import target_channels
from core.errors import RefusedError
from core.evaluation.calibration import NEAR_VOXELS, Reliability, class_names
from core.inference.batches import BATCH
from core.inference.prediction import region_bits
from core.inference.predictor import Predictor

LOWEST, HIGHEST = 0.05, 20.0
TOLERANCE = 1e-5
NO_CHANGE = 2e-3  # moves no probability by half a byte: p (1 - p) |z| is at most 0.23
GOLDEN = (5**0.5 - 1) / 2
MOST_VOXELS = 2_000_000
OVER = f"voxels of a slice at most {NEAR_VOXELS} along each axis from the predicted or the reference mask"
Floats = npt.NDArray[np.float32]


class CalibrationRefusedError(RefusedError):
    """No temperature can be fitted; the message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class LogitSample:
    """Logits of some voxels, and what they should have been.

    Attributes:
        logits: (N, R) float32, or (N, K) of exclusive classes.
        targets: (N, R) float32 of 0 and 1, or (N, K) one-hot.
        exclusive: whether channels are classes.
        names: of each channel.
    """

    logits: Floats
    targets: Floats
    exclusive: bool
    names: tuple[str, ...]

    def likelihood(self, temperature: float) -> float:
        """Return the mean negative log-likelihood in nats per voxel and channel (per voxel where exclusive)."""
        scaled = self.logits / np.float32(temperature)
        if self.exclusive:
            top = scaled.max(axis=1, keepdims=True)
            spread = np.log(np.exp(scaled - top).sum(axis=1)) + top[:, 0]
            return float(np.mean(spread - (scaled * self.targets).sum(axis=1), dtype=np.float64))
        return float(np.mean(np.logaddexp(np.float32(0), scaled) - scaled * self.targets, dtype=np.float64))

    def ece(self, temperature: float) -> dict[str, float]:
        """Return the expected calibration error of each channel, from bytes as they would be saved."""
        q = np.floor(self._shares(temperature) * 255 + 0.5).astype(np.uint8)
        counts = (Reliability.of(q[:, k], self.targets[:, k] == 1) for k in range(q.shape[1]))
        return {name: float(each.ece or 0.0) for name, each in zip(self.names, counts, strict=True)}

    def _shares(self, temperature: float) -> Floats:
        scaled = self.logits / np.float32(temperature)
        if self.exclusive:
            powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
            shares: Floats = powers / powers.sum(axis=1, keepdims=True)
            return shares
        # beyond 80 the byte is 0 or 255, and e^88 overflows
        bounded: Floats = 1 / (1 + np.exp(-np.clip(scaled, -80, 80)))
        return bounded


@dataclass(frozen=True, slots=True)
class Fitted:
    """A temperature, and what it changes on the voxels that it was fitted on."""

    temperature: float
    voxels: int
    nll_before: float
    nll_after: float
    ece_before: dict[str, float]
    ece_after: dict[str, float]


def fit_temperature(sample: LogitSample) -> Fitted:
    """Return the temperature of the least negative log-likelihood.

    Raises:
        CalibrationRefusedError: the sample is empty, pulls the temperature to an end of its range or leaves it as it
            is, or its mean expected calibration error would rise.
    """
    if not len(sample.logits):
        raise CalibrationRefusedError(
            "neither the predicted nor the reference masks of the validation part have a voxel; train longer first"
        )
    best = float(np.exp(minimise(lambda log_t: sample.likelihood(float(np.exp(log_t))), *np.log([LOWEST, HIGHEST]))))
    temperature = round(best, 4)
    if not LOWEST * 1.01 < temperature < HIGHEST * 0.99:
        raise CalibrationRefusedError(
            f"the fit ran to the end of its range ({temperature:g}, of {LOWEST:g} to {HIGHEST:g}): the validation part "
            "is too small or the network says nothing about it; validate on more patients"
        )
    if abs(temperature - 1) <= NO_CHANGE:
        raise CalibrationRefusedError(
            f"the temperature that fits best is {temperature:g} times the one it has: it is calibrated as it is"
        )
    before, after = sample.ece(1.0), sample.ece(temperature)
    if np.mean(list(after.values())) > np.mean(list(before.values())):
        raise CalibrationRefusedError(
            f"temperature {temperature:g} has the least negative log-likelihood, but the mean expected calibration "
            f"error would rise from {np.mean(list(before.values())):.5f} to {np.mean(list(after.values())):.5f}: "
            "the checkpoint stays as it is"
        )
    likelihoods = (sample.likelihood(1.0), sample.likelihood(temperature))
    return Fitted(temperature, len(sample.logits), *likelihoods, before, after)


def minimise(of: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function with one minimum between `low` and `high` has it, to 1e-5.

    Reference: Kiefer. Sequential Minimax Search for a Maximum. Proc. AMS 4, 1953.
    """
    one, other = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_one, at_other = of(one), of(other)
    while high - low > TOLERANCE:
        if at_one <= at_other:
            high, other, at_other = other, one, at_one
            one = high - GOLDEN * (high - low)
            at_one = of(one)
        else:
            low, one, at_one = one, other, at_other
            other = low + GOLDEN * (high - low)
            at_other = of(other)
    return (low + high) / 2


def sample_logits(
    predictor: Predictor, cases: Sequence[SlicedCase], on_case: Callable[[int], None] = lambda _done: None
) -> LogitSample:
    """Run a network over whole patients and keep the logits near its masks and the reference's, evenly thinned.

    Args:
        predictor: the model with the temperature it has.
        cases: with reference masks.
        on_case: told how many patients are done.

    Returns:
        At most two million voxels; the same cases give the same sample.
    """
    spec = predictor.spec
    batches = sum(-(-len(case.slices) // BATCH) for case in cases)
    most = max(1, MOST_VOXELS // max(1, batches))
    logits, targets = [], []
    for done, case in enumerate(cases, start=1):
        for part, found in predictor.batches(case):
            bits = _reference(case, part)
            mask = region_bits(np.moveaxis(predictor.probabilities(found), 1, 0), spec.thresholds, spec.class_bits)
            voxels = np.flatnonzero(_near_in_slices((mask | bits) != 0))
            voxels = voxels[np.unique(np.linspace(0, len(voxels) - 1, min(most, len(voxels))).astype(np.intp))]
            wanted = target_channels(bits, len(spec.regions), spec.class_bits)
            logits.append(_rows(found.cpu().numpy())[voxels])
            targets.append(_rows(wanted)[voxels])
        on_case(done)
    empty = np.zeros((0, spec.outputs), np.float32)
    return LogitSample(
        np.concatenate([empty, *logits]), np.concatenate([empty, *targets]), bool(spec.class_bits), _names(spec)
    )


def _reference(case: SlicedCase, part: Indices) -> npt.NDArray[np.uint8]:
    assert case.reference is not None
    first = case.box.start[PLANES[case.plane]]
    slices: npt.NDArray[np.uint8] = cut(case.reference, case.plane)[[case.slice_index[index] - first for index in part]]
    return slices


def _near_in_slices(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    from scipy.ndimage import maximum_filter1d

    near = mask.view(np.uint8)
    for axis in (1, 2):
        near = maximum_filter1d(near, 2 * NEAR_VOXELS + 1, axis=axis, mode="constant")
    return np.asarray(near, bool)


def _rows(channels: Floats) -> Floats:
    """Turn (S, R, H, W) into (S x H x W, R)."""
    return np.moveaxis(channels, 1, -1).reshape(-1, channels.shape[1])


def _names(spec: InferenceSpec) -> tuple[str, ...]:
    return class_names(spec.regions, spec.class_bits) if spec.class_bits else spec.regions
