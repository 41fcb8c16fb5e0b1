"""What a prepared case looks like from afar: coarse pictures of its box, and some dozen numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from core.checkpoints import InferenceSpec
from core.data.prepare import Constants, head_mask, measure_constants, prepare
from core.data.slicing import PLANES, join
from core.data.store import SlicedCase
from core.volume import Array, Box, Volume

CELLS = (10, 12, 10)  # of the pictures, along x, y and z
SAMPLES = 4  # voxels that are looked at along each axis of a cell
LEAST_BRAIN = 200  # samples, below which no numbers are made of a modality
LEVELS = (1.0, 25.0, 50.0, 75.0, 99.0)
TAILS = (1.0, 99.0, 99.9)
# samples that are peeled off the brain before numbers are made: what brain extraction leaves of fat and skull at its
# rim is bright in T1 with and without contrast agent
RIM = 2
BRIGHTEST = (
    0.99  # rank from which voxels are a modality's brightest: vessels and what takes up contrast agent, or fluid
)

Floats = npt.NDArray[np.float64]
Pictures = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """One case from afar.

    Attributes:
        modalities: M names.
        shape: (x, y, z) float32, how much of each cell is brain, 0 to 1.
        pictures: (M, x, y, z) float32: mean rank of each modality's voxels in a cell among all of the brain, 0 to 1,
            times how much of the cell is brain.
        levels: (M, L) prepared values at some quantiles of the brain: how bright and how contrasty.
        tails: (M, T) how far the ends of the histogram lie, in widths of its middle: vessels and fluid.
        pairs: (P, 3) for each two modalities: how their ranks correlate, the mean rank in the first of what is
            brightest in the second, and the other way round.
        extent_mm: edges of the box, or None without geometry.
        spacing_mm: of the voxels, or None without geometry.
    """

    modalities: tuple[str, ...]
    shape: Pictures
    pictures: Pictures
    levels: Floats
    tails: Floats
    pairs: Floats
    extent_mm: tuple[float, float, float] | None
    spacing_mm: tuple[float, float, float] | None

    def turned(self, axis: int) -> Portrait:
        """Return what the case would look like flipped along an axis."""
        return replace(self, shape=np.flip(self.shape, axis), pictures=np.flip(self.pictures, 1 + axis))

    def exchanged(self, one: int, other: int) -> Portrait:
        """Return what the case would look like with two modalities exchanged."""
        order = list(range(len(self.modalities)))
        order[one], order[other] = order[other], order[one]
        names = list(combinations(range(len(order)), 2))
        pairs = np.empty_like(self.pairs)
        for place, (first, second) in enumerate(names):
            a, b = order[first], order[second]
            pairs[place] = self.pairs[names.index((min(a, b), max(a, b)))][[0, 1, 2] if a < b else [0, 2, 1]]
        return replace(
            self, pictures=self.pictures[order], levels=self.levels[order], tails=self.tails[order], pairs=pairs
        )


def portrait_of_slices(
    case: SlicedCase, spec: InferenceSpec, spacing_mm: tuple[float, float, float] | None, flat: bool = False
) -> Portrait | None:
    """Look at a case that has been cut into slices.

    Args:
        case: with every modality that `spec` reads.
        spec: how it is prepared.
        spacing_mm: of its voxels, or None.
        flat: make one layer of cells along z, as for cases of one slice.

    Returns:
        None where there is too little brain.
    """
    axis = PLANES[case.plane]
    places = _places(case.box.shape, flat)
    rows, columns = (places[other] for other in range(3) if other != axis)
    channels = [case.modalities.index(name) for name in spec.modalities]
    stored_at = {native - case.box.start[axis]: at for at, native in enumerate(case.slice_index)}
    # what is not stored is air: zeros
    slices = np.zeros((len(places[axis]), len(channels), len(rows), len(columns)), case.slices.dtype)
    for layer, place in enumerate(places[axis]):
        if (at := stored_at.get(int(place))) is not None:
            slices[layer] = case.slices[at][channels][:, rows[:, None], columns]
    return _portrait(join(slices, case.plane), case.constants, spec, case.box, spacing_mm, flat)


def portrait_of_volume(volume: Volume, spec: InferenceSpec, flat: bool = False) -> Portrait | None:
    """Look at a volume that has every modality that `spec` reads; None where there is too little brain."""
    box = Box.around(head_mask(volume)) or Box.whole(volume.shape)
    channels = [volume.modalities.index(name) for name in spec.modalities]
    places = np.ix_(np.array(channels), *_places(box.shape, flat))
    spacing = volume.geometry.spacing_mm if volume.geometry else None
    return _portrait(box.crop(volume.voxels)[places], measure_constants(volume, box), spec, box, spacing, flat)


def _places(shape: tuple[int, int, int], flat: bool) -> list[npt.NDArray[np.intp]]:
    """Return which voxels of a box are looked at along each axis: evenly spaced, in a small box some of them often."""
    samples = [SAMPLES * cells for cells in cells_of(flat)]
    return [((np.arange(n) + 0.5) * size / n).astype(np.intp) for n, size in zip(samples, shape, strict=True)]


def cells_of(flat: bool) -> tuple[int, int, int]:
    """Return how many cells a picture has along x, y and z."""
    return (CELLS[0], CELLS[1], 1) if flat else CELLS


def _portrait(
    stored: Array,
    constants: Constants,
    spec: InferenceSpec,
    box: Box,
    spacing_mm: tuple[float, float, float] | None,
    flat: bool,
) -> Portrait | None:
    """Look at the voxels (M, X, Y, Z) that were chosen, as stored."""
    prepared = prepare(stored, constants, spec.modalities, spec.preparing, spec.window)
    brain = np.asarray(prepared.any(axis=0))
    if int(brain.sum()) < LEAST_BRAIN:
        return None
    values = prepared[:, brain].astype(np.float64)
    ranks = np.zeros(prepared.shape, np.float32)
    ranks[:, brain] = [_ranks(channel) for channel in values]
    inner = prepared[:, _peeled(brain, flat)].astype(np.float64)
    return Portrait(
        modalities=spec.modalities,
        shape=_cell_means(brain.astype(np.float32), flat),
        pictures=np.stack([_cell_means(volume, flat) for volume in ranks]),
        levels=np.percentile(values, LEVELS, axis=1).T,
        tails=np.stack([_tails(channel) for channel in inner]),
        pairs=_pairs(np.stack([_ranks(channel) for channel in inner])),
        extent_mm=None if spacing_mm is None else _extent(box, spacing_mm),
        spacing_mm=spacing_mm,
    )


def _ranks(values: Floats) -> Floats:
    """Return the share of values that lie below each, half of those that equal it included."""
    ordered = np.sort(values)
    below, upto = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return np.asarray((below + upto) / (2 * values.size))


def _cell_means(volume: Pictures, flat: bool) -> Pictures:
    x, y, z = cells_of(flat)
    means: Pictures = volume.reshape(x, SAMPLES, y, SAMPLES, z, SAMPLES).mean(axis=(1, 3, 5))
    return means


def _tails(values: Floats) -> Floats:
    low, *high, first, middle, third = np.percentile(values, [*TAILS, 25, 50, 75])
    width = max(third - first, 1e-6)
    return np.array([np.log1p((middle - low) / width), *(np.log1p(max(end - middle, 0.0) / width) for end in high)])


def _pairs(ranks: Floats) -> Floats:
    """Return, for each two of M modalities with ranks (M, N), the `pairs` of a portrait."""
    found = []
    for one, other in combinations(ranks, 2):
        spread = one.std() * other.std()
        together = float(np.mean((one - one.mean()) * (other - other.mean())))
        found.append(
            (together / spread if spread > 0 else 0.0, _rank_of_brightest(one, other), _rank_of_brightest(other, one))
        )
    return np.array(found, np.float64).reshape(-1, 3)


def _rank_of_brightest(ranks: Floats, of: Floats) -> float:
    """Return the mean rank in one modality of what is brightest in another."""
    return float(ranks[of >= min(BRIGHTEST, of.max())].mean())


def _peeled(brain: npt.NDArray[np.bool_], flat: bool) -> npt.NDArray[np.bool_]:
    """Return the brain (X, Y, Z) bool without its rim, or all of it where little else would be left."""
    from scipy import ndimage

    neighbours = ndimage.generate_binary_structure(3, 1)
    if flat:
        neighbours[:, :, ::2] = False
    inner = np.asarray(ndimage.binary_erosion(brain, neighbours, RIM))
    return inner if int(inner.sum()) >= LEAST_BRAIN else brain


def _extent(box: Box, spacing_mm: tuple[float, float, float]) -> tuple[float, float, float]:
    x, y, z = (size * spacing for size, spacing in zip(box.shape, spacing_mm, strict=True))
    return x, y, z
