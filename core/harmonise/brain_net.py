"""The network of HD-BET: a 3-D U-Net with pre-activated residual blocks on the way down.

Written to the shapes and names of its published weights, so that none of the code around them is needed. Imports
torch: import this module late.

Reference: Isensee et al., "Automated brain extraction of multisequence MRI using artificial neural networks",
Human Brain Mapping 40 (2019).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F

WIDTH = 21  # channels at full resolution; each of four levels doubles them
LEVELS = 4
SIDE = 16  # what each side of an input is a multiple of
LEAST_SIDE = 128  # the side of the cubes that it was trained on
BLOCK_SLOPE, END_SLOPE = 0.01, 0.1  # of the leaky ReLUs: inside the blocks, and at the bottom and the end
# in the files and not in use: running means of norms that take the image's own, and heads of the training
UNUSED = ("running_mean", "running_var", "num_batches_tracked", "loc2_seg.weight", "loc3_seg.weight")


class BrainNet(nn.Module):
    """Tells brain from everything else in one z-scored volume at 1.5 mm."""

    def __init__(self) -> None:
        super().__init__()
        widths = [WIDTH * 2**level for level in range(LEVELS + 1)]
        self.init_conv = nn.Conv3d(1, WIDTH, 3, padding=1)
        for level, width in enumerate(widths):
            self.add_module(f"context{level + 1}", _Residual(width))
        for level, width in enumerate(widths[:-1]):
            self.add_module(f"down{level + 1}", _Down(width))
        self.bn_after_context5 = _norm(widths[-1])
        for step, width in enumerate(reversed(widths[:-1])):
            self.add_module(f"up{step + 1}", _Up(2 * width))
            if width > WIDTH:
                self.add_module(f"loc{step + 1}", _Narrow(2 * width))
        self.end_conv_1 = nn.Conv3d(2 * WIDTH, 2 * WIDTH, 3, padding=1)
        self.end_conv_1_bn = _norm(2 * WIDTH)
        self.end_conv_2 = nn.Conv3d(2 * WIDTH, 2 * WIDTH, 3, padding=1)
        self.end_conv_2_bn = _norm(2 * WIDTH)
        self.seg_layer = nn.Conv3d(2 * WIDTH, 2, 1, bias=False)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return logits of brain (N, 1, Z, Y, X) from float32 images of the same shape, sides multiples of 16."""
        assert image.shape[1] == 1, image.shape
        assert all(side % SIDE == 0 for side in image.shape[2:]), image.shape
        x = self.init_conv(image)
        skips = []
        for level in range(1, LEVELS + 1):
            x = self.get_submodule(f"context{level}")(x)
            skip, x = self.get_submodule(f"down{level}")(x)
            skips.append(skip)
        x = self.get_submodule(f"context{LEVELS + 1}")(x)
        x = _leaky(self.bn_after_context5(x), END_SLOPE)
        for step in range(1, LEVELS + 1):
            x = self.get_submodule(f"up{step}")(x)
            x = torch.cat((skips.pop(), x), dim=1)
            if step < LEVELS:
                x = self.get_submodule(f"loc{step}")(x)
        x = _leaky(self.end_conv_1_bn(self.end_conv_1(x)), END_SLOPE)
        x = _leaky(self.end_conv_2_bn(self.end_conv_2(x)), END_SLOPE)
        classes: torch.Tensor = self.seg_layer(x)
        return classes[:, 1:] - classes[:, :1]  # a softmax over two classes is a sigmoid of their difference


def used_tensors(published: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the published tensors that the network has a place for, by name."""
    return {name: tensor for name, tensor in published.items() if not name.endswith(UNUSED)}


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.bn_1, self.bn_2 = _norm(width), _norm(width)
        self.conv1 = nn.Conv3d(width, width, 3, padding=1)
        self.conv2 = nn.Conv3d(width, width, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.conv1(_leaky(self.bn_1(x), BLOCK_SLOPE))
        changed: torch.Tensor = self.conv2(_leaky(self.bn_2(inner), BLOCK_SLOPE))
        return x + changed


class _Down(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.bn = _norm(width)
        self.downsample = nn.Conv3d(width, 2 * width, 3, stride=2, padding=1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what skips across, and what goes on at half the resolution."""
        skip = _leaky(self.bn(x), BLOCK_SLOPE)
        return skip, self.downsample(skip)


class _Up(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.upsample_conv = nn.Conv3d(width, width // 2, 3, padding=1)
        self.bn = _norm(width // 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        larger = F.interpolate(x, scale_factor=2, mode="trilinear", align_corners=True)
        return _leaky(self.bn(self.upsample_conv(larger)), BLOCK_SLOPE)


class _Narrow(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(width, width, 3, padding=1)
        self.bn_1 = _norm(width)
        self.conv2 = nn.Conv3d(width, width // 2, 1)
        self.bn_2 = _norm(width // 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = _leaky(self.bn_1(self.conv1(x)), BLOCK_SLOPE)
        return _leaky(self.bn_2(self.conv2(x)), BLOCK_SLOPE)


def _norm(width: int) -> nn.InstanceNorm3d:
    return nn.InstanceNorm3d(width, affine=True)


def _leaky(x: torch.Tensor, slope: float) -> torch.Tensor:
    # what comes in is always a norm's fresh output, so it may be overwritten
    return F.leaky_relu(x, slope, inplace=True)
