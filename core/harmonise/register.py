"""Rigid registration of one series to another, by the mutual information of their intensities.

The same two images give the same transform in every run: one thread, regular sampling, a fixed seed. Three starts
are tried on coarse images (where the headers put the heads, centres of the fields of view, centres of mass) and
the best is refined.

Reference: Mattes et al., "PET-CT image registration in the chest using free-form deformations", IEEE TMI 22 (2003);
ITK's implementation through SimpleITK.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.harmonise.head import find_head
from core.harmonise.resample import Affine, Image, grid_over, itk_image, resample
from core.volume import Array, Grid

if TYPE_CHECKING:
    import SimpleITK

COARSE_MM, FINE_MM = 4.0, 2.0
STEP_MM = {COARSE_MM: 4.0, FINE_MM: 1.0}
LAST_STEP_MM = 0.02
SAME_START_MM = 1.0
ITERATIONS = 300
# what the step shrinks to when the gradient turns; at ITK's own 0.5 it is spent before a head has finished turning
RELAXATION = 0.9
BINS = 48
SAMPLED_SHARE = {COARSE_MM: 0.4, FINE_MM: 0.25}
SEED = 20031
CLIPPED_PERCENTILES = (0.5, 99.5)  # a few bright vessels would otherwise take most of the histogram
LEAST_GAIN_NATS = 0.001  # less than this is noise of the sampling, and what the headers say stands
DISPLACED_MM = 15.0  # how far off a series is put to see what mutual information is by chance
HEADER = "header"


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One series: voxels (I, J, K) and where they are."""

    values: Array
    grid: Grid


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """How one series lies to another.

    Attributes:
        transform: (4, 4), mm in the fixed series to mm in the moving one.
        start: which start won.
        information: mutual information in nats once aligned.
        information_header: the same where the headers put the two.
        information_displaced: the same once put 15 mm off again, the highest of a shift either way along each axis.
        head_overlap: Dice of the two heads, counted where both series have voxels.
        moved_mm: how far the middle of the fixed series moves.
        turned_degrees: the angle of the rotation.
    """

    transform: Affine
    start: str
    information: float
    information_header: float
    information_displaced: float
    head_overlap: float
    moved_mm: float
    turned_degrees: float


def register(fixed: Scan, moving: Scan) -> Alignment:
    """Find the rigid transform that lays one series on another.

    What the headers say stands unless something clearly better is found.

    Args:
        fixed: stays where it is.
        moving: both have geometry and finite values.
    """
    coarse, fine = (_Pair(_sampled_at(fixed, mm), _sampled_at(moving, mm), mm) for mm in (COARSE_MM, FINE_MM))
    tried = {name: coarse.optimised(start) for name, start in coarse.starts().items()}
    start = min(tried, key=lambda name: coarse.cost(tried[name]))
    still, found = np.eye(4), fine.optimised(tried[start])
    header_cost, found_cost = fine.cost(still), fine.cost(found)
    if header_cost - found_cost < LEAST_GAIN_NATS:
        start, found, found_cost = HEADER, still, header_cost
    shifts = [sign * DISPLACED_MM * axis for axis in np.eye(3) for sign in (-1, 1)]
    displaced_cost = min(fine.cost(_shifted(shift) @ found) for shift in shifts)
    return Alignment(
        transform=found,
        start=start,
        information=-found_cost,
        information_header=-header_cost,
        information_displaced=-displaced_cost,
        head_overlap=coarse.head_overlap(found),
        moved_mm=float(np.linalg.norm(_moved(found, fine.centre) - fine.centre)),
        turned_degrees=turned_degrees(found),
    )


def turned_degrees(transform: Affine) -> float:
    """Return the angle of the rotation in a rigid (4, 4) transform, in degrees."""
    cosine = (np.trace(transform[:3, :3]) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


@dataclass(frozen=True, slots=True, eq=False)
class _Sampled:
    """A series on an isotropic grid of its own, its intensities clipped."""

    values: Image
    grid: Grid

    @property
    def affine(self) -> Affine:
        assert self.grid.affine is not None
        return self.grid.affine

    @property
    def centre(self) -> Affine:
        return _moved(self.affine, (np.array(self.grid.shape) - 1) / 2)

    @property
    def centre_of_head(self) -> Affine:
        head = np.argwhere(find_head(self.values))
        return _moved(self.affine, head.mean(axis=0)) if len(head) else self.centre


def _sampled_at(scan: Scan, spacing_mm: float) -> _Sampled:
    assert scan.grid.affine is not None
    grid = grid_over(scan.grid, spacing_mm)
    values = resample(scan.values, scan.grid.affine, grid)
    return _Sampled(np.clip(values, *np.percentile(values, CLIPPED_PERCENTILES)).astype(np.float32), grid)


class _Pair:
    """Two series at one resolution, and the cost of a transform between them: minus their mutual information."""

    def __init__(self, fixed: _Sampled, moving: _Sampled, spacing_mm: float) -> None:
        self._fixed, self._moving, self._spacing_mm = fixed, moving, spacing_mm
        self._fixed_itk = itk_image(fixed.values, fixed.affine)
        self._moving_itk = itk_image(moving.values, moving.affine)
        self.centre = fixed.centre

    def starts(self) -> dict[str, Affine]:
        shifts = {
            HEADER: np.zeros(3),
            "centres of the fields of view": self._moving.centre - self._fixed.centre,
            "centres of the heads": self._moving.centre_of_head - self._fixed.centre_of_head,
        }
        distinct: dict[str, Affine] = {}
        for name, shift in shifts.items():
            if all(np.linalg.norm(shift - other) >= SAME_START_MM for other in distinct.values()):
                distinct[name] = shift
        return {name: _shifted(shift) for name, shift in distinct.items()}

    def cost(self, transform: Affine) -> float:
        """Return minus the mutual information in nats; no overlap at all costs 0."""
        method = self._method(self._euler(transform))
        try:
            return float(method.MetricEvaluate(self._fixed_itk, self._moving_itk))
        except RuntimeError:  # ITK's way to say that no sample falls into the moving image
            return 0.0

    def optimised(self, transform: Affine) -> Affine:
        """Return the best transform near one, or that one where ITK cannot leave it."""
        euler = self._euler(transform)
        method = self._method(euler)
        method.SetOptimizerAsRegularStepGradientDescent(STEP_MM[self._spacing_mm], LAST_STEP_MM, ITERATIONS, RELAXATION)
        method.SetOptimizerScalesFromPhysicalShift()
        try:
            method.Execute(self._fixed_itk, self._moving_itk)
        except RuntimeError:
            return transform
        return _matrix_of(euler)

    def head_overlap(self, transform: Affine) -> float:
        """Return the Dice of both heads where both series have voxels; two heads that do not meet have 0."""
        fixed, moving = find_head(self._fixed.values), find_head(self._moving.values)
        both = np.stack([moving.astype(np.float32), np.ones(moving.shape, np.float32)])
        moved, known = (resample(part, self._moving.affine, self._fixed.grid, transform) > 0.5 for part in both)
        total = int((fixed & known).sum() + moved.sum())
        return 2 * int((fixed & moved).sum()) / total if total else 0.0

    def _euler(self, transform: Affine) -> SimpleITK.Euler3DTransform:
        import SimpleITK

        euler = SimpleITK.Euler3DTransform()
        euler.SetCenter(self.centre.tolist())
        euler.SetMatrix(transform[:3, :3].ravel().tolist())
        euler.SetTranslation((_moved(transform, self.centre) - self.centre).tolist())
        return euler

    def _method(self, euler: SimpleITK.Euler3DTransform) -> SimpleITK.ImageRegistrationMethod:
        import SimpleITK

        method = SimpleITK.ImageRegistrationMethod()
        # sums of several threads depend on how many there are
        method.SetNumberOfThreads(1)
        method.SetNumberOfWorkUnits(1)
        method.SetMetricAsMattesMutualInformation(BINS)
        method.SetMetricSamplingStrategy(method.REGULAR)
        method.SetMetricSamplingPercentage(SAMPLED_SHARE[self._spacing_mm], SEED)
        method.SetInterpolator(SimpleITK.sitkLinear)
        method.SetInitialTransform(euler, inPlace=True)
        return method


def _matrix_of(euler: SimpleITK.Euler3DTransform) -> Affine:
    centre, rotation = np.array(euler.GetCenter()), np.array(euler.GetMatrix()).reshape(3, 3)
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = centre + np.array(euler.GetTranslation()) - rotation @ centre
    return matrix


def _shifted(shift_mm: Affine) -> Affine:
    matrix = np.eye(4)
    matrix[:3, 3] = shift_mm
    return matrix


def _moved(matrix: Affine, point: Affine) -> Affine:
    return np.asarray(matrix[:3, :3] @ point + matrix[:3, 3])
