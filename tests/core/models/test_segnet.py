from __future__ import annotations

import itertools

import pytest
import torch
from torch.nn import functional

from core.arguments import ArgumentError
from core.models import MODELS, build_model, parameter_count
from core.models.networks.segnet import unpool


def test_a_maximum_goes_back_where_it_was_found() -> None:
    image = torch.tensor([[[[1.0, 2.0, 0.0, 0.0], [3.0, 0.5, 7.0, 0.0]]]])
    maxima, places = functional.max_pool2d(image, 2, return_indices=True)
    assert maxima.tolist() == [[[[3.0, 7.0]]]]
    assert unpool(maxima, places).tolist() == [[[[0, 0, 0, 0], [3.0, 0, 7.0, 0]]]]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_unpooling_is_torchs_own_with_its_gradient(layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    image = torch.randn(2, 3, 6, 10).contiguous(memory_format=layout).requires_grad_()
    results = []
    for undo in (unpool, lambda maxima, places: functional.max_unpool2d(maxima, places, 2)):
        image.grad = None
        spread = undo(*functional.max_pool2d(image, 2, return_indices=True))
        (spread * torch.arange(60.0).view(6, 10)).square().sum().backward()
        results.append((spread.detach(), image.grad))
    (ours, our_gradient), (theirs, their_gradient) = results
    assert ours.is_contiguous(memory_format=layout) or layout is torch.contiguous_format
    assert torch.equal(ours, theirs)
    assert our_gradient is not None
    assert their_gradient is not None
    assert torch.equal(our_gradient, their_gradient)


def test_it_unpools_in_deterministic_mode_where_torchs_own_refuses() -> None:
    torch.set_deterministic_debug_mode("error")
    try:
        maxima, places = functional.max_pool2d(torch.randn(1, 1, 4, 4), 2, return_indices=True)
        with pytest.raises(RuntimeError, match="deterministic"):
            functional.max_unpool2d(maxima, places, 2)
        assert unpool(maxima, places).shape == (1, 1, 4, 4)
    finally:
        torch.set_deterministic_debug_mode("default")


def test_the_default_has_the_convolutions_of_vgg_16_down_and_up() -> None:
    levels = [(4, 64, 64), (64, 128, 128), (128, 256, 256), (256, 512, 512), (512, 512, 512)]
    counts = [2, 2, 3, 3, 3]

    def convolutions(first: int, width: int, last: int, count: int) -> int:
        widths = [first, *[width] * (count - 1), last]
        # nine weights, no bias, and a scale and shift per channel
        return sum(9 * a * b + 2 * b for a, b in itertools.pairwise(widths))

    down = sum(convolutions(*level, count) for level, count in zip(levels, counts, strict=True))
    finer = [64, 64, 128, 256, 512]
    up = sum(
        convolutions(width, width, fine, count)
        for (_, width, _), fine, count in zip(levels, finer, counts, strict=True)
    )
    head = 9 * 64 * 3 + 3
    assert parameter_count(build_model("segnet", 4, 3)) == down + up + head
    assert MODELS["segnet"].stride({}) == 32


def test_each_level_needs_its_count() -> None:
    with pytest.raises(ArgumentError, match="convolutions has 5 entries; expected 2, one per level"):
        build_model("segnet", 4, 3, {"channels": [8, 16]})
