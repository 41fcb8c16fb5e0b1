"""Padding that TensorFlow's convolutions choose by the image's size, as the fixed one that it always is here.

timm's `Conv2dSame` computes its padding from height and width at each call, which a tracing exporter carries along as
ever longer expressions, for minutes. Every size that reaches a network here is a multiple of its stride, so that each
layer's input is a multiple of the layer's own, and the padding is the same whatever the size.
"""

from __future__ import annotations

import copy

from torch import nn


def with_fixed_padding(net: nn.Module) -> nn.Module:
    """Return a copy of a network in which each `Conv2dSame` is a padding and a convolution.

    Reference: TensorFlow, padding "SAME": of an input of n pixels a multiple of the stride s, a kernel of k pixels d
    apart gets max(d (k - 1) + 1 - s, 0), the odd one behind.
    """
    from timm.layers.conv2d_same import Conv2dSame

    fixed = copy.deepcopy(net)
    for name, module in list(fixed.named_modules()):
        if isinstance(module, Conv2dSame):
            above, _, own = name.rpartition(".")
            setattr(fixed.get_submodule(above), own, _fixed(module))
    return fixed


def _fixed(module: nn.Conv2d) -> nn.Module:
    height, width = (
        max(dilation * (kernel - 1) + 1 - stride, 0)
        for kernel, stride, dilation in zip(module.kernel_size, module.stride, module.dilation, strict=True)
    )
    convolution = nn.Conv2d(
        module.in_channels,
        module.out_channels,
        module.kernel_size,  # type: ignore[arg-type]
        module.stride,  # type: ignore[arg-type]
        0,
        module.dilation,  # type: ignore[arg-type]
        module.groups,
        module.bias is not None,
    )
    convolution.load_state_dict(module.state_dict())
    sides = (width // 2, width - width // 2, height // 2, height - height // 2)
    return nn.Sequential(nn.ZeroPad2d(sides), convolution).train(module.training)
