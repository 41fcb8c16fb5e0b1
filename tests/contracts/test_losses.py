"""What every registered loss promises, whatever it is, for each target that it can compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest
import torch

from core.arguments import ArgumentError
from core.losses import LOSSES, UnknownLossError, build_loss, loss_named
from core.losses.spec import TargetKind

if TYPE_CHECKING:
    from core.losses.spec import Loss

# terms alone and choices that change the formula, beside each loss as it comes
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "bce": [{"pos_weight": 5}, {"pos_weight": [1, 2, 4]}],
    "ce": [{"class_weights": [0.5, 2, 4]}],
    "dice": [{"over": "sample"}],
    "bce_dice": [{"bce_weight": 0}, {"dice_weight": 0}],
    "ce_dice": [{"ce_weight": 0}, {"dice_weight": 0}],
    "focal": [{"gamma": 0}, {"gamma": 0.5}],
    "tversky": [{"alpha": 0.5, "beta": 0.5}, {"over": "sample"}],
    "focal_tversky": [{"gamma": 0.75}, {"over": "sample"}],
    "generalised_dice": [{"over": "sample"}],
    "boundary_dice": [{"boundary_weight": 0}, {"dice_weight": 0}],
}
OF_CLASSES = [{"background": True}]
Chosen = tuple[str, TargetKind, Mapping[str, Any]]


def chosen() -> Iterator[Any]:
    for name, spec in LOSSES.items():
        for target in spec.targets:
            of_classes = OF_CLASSES if target == "classes" and "background" in spec.arguments.model_fields else []
            for arguments in [{}, *VARIANTS.get(name, []), *of_classes]:
                said = ",".join(f"{key}={value}" for key, value in arguments.items()) or "defaults"
                yield pytest.param((name, target, arguments), id=f"{name}-{target}-{said}")


every_loss = pytest.mark.parametrize("choice", list(chosen()))


def built(choice: Chosen) -> Loss:
    name, target, arguments = choice
    return build_loss(name, arguments, target)


def references(target: TargetKind, n: int = 2, channels: int = 3, side: int = 16) -> torch.Tensor:
    """Return scattered masks: overlapping regions, or one class a pixel with background the commonest."""
    draw = torch.rand(n, channels, side, side, generator=torch.Generator().manual_seed(0))
    if target == "regions":
        return (draw < 0.2).float()
    draw[:, 0] += 0.5
    return one_hot(draw.argmax(1), channels)


def one_hot(classes: torch.Tensor, channels: int) -> torch.Tensor:
    return torch.nn.functional.one_hot(classes, channels).movedim(-1, 1).float()


def tumour_free(target: TargetKind, n: int = 1, channels: int = 3, side: int = 16) -> torch.Tensor:
    empty = torch.zeros(n, channels, side, side)
    if target == "classes":
        empty[:, 0] = 1
    return empty


def sure(masks: torch.Tensor, logit: float = 30.0) -> torch.Tensor:
    """Return the logits of a network that is sure of these masks."""
    return (masks * 2 - 1) * logit


def gradient(choice: Chosen, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    logits = logits.detach().clone().requires_grad_()
    torch.autograd.backward(built(choice)(logits, targets))
    assert logits.grad is not None
    return logits.grad


def test_every_loss_has_its_variants_here_or_none_to_have() -> None:
    weighted = {name for name, spec in LOSSES.items() if any("weight" in key for key in spec.arguments.model_fields)}
    assert weighted <= {*VARIANTS, "focal"}
    assert set(VARIANTS) <= set(LOSSES)


@every_loss
def test_it_is_a_float32_scalar_with_a_gradient_everywhere(choice: Chosen) -> None:
    targets = references(choice[1])
    logits = torch.randn(targets.shape, generator=torch.Generator().manual_seed(1))
    value = built(choice)(logits, targets)
    assert value.shape == ()
    assert value.dtype == torch.float32
    found = gradient(choice, logits, targets)
    assert bool((found != 0).all())
    assert bool(found.isfinite().all())


@every_loss
@pytest.mark.parametrize("kind", ["tumour-free", "with tumour"])
@pytest.mark.parametrize("predicted", ["all wrong", "half sure", "undecided"])
def test_it_pulls_towards_the_reference_wherever_it_starts(choice: Chosen, kind: str, predicted: str) -> None:
    target = choice[1]
    targets = tumour_free(target) if kind == "tumour-free" else references(target)
    wrong = 1 - targets if target == "regions" else targets.roll(1, dims=1)
    logits = {"all wrong": sure(wrong, 8), "half sure": sure(wrong, 2), "undecided": torch.zeros_like(targets)}[
        predicted
    ]
    found = gradient(choice, logits, targets)
    assert bool(found.isfinite().all())
    # a step against the gradient raises what is in the reference; regions that are not in it fall
    assert bool((found[targets == 1] < 0).all())
    if target == "regions":
        assert bool((found[targets == 0] > 0).all())


@every_loss
def test_a_perfect_prediction_costs_nothing_and_any_worse_one_more(choice: Chosen) -> None:
    loss, target = built(choice), choice[1]
    targets = references(target)
    perfect = loss(sure(targets), targets)
    assert abs(perfect) < 1e-5
    other = references(target).flip(0, 2)
    missed, false = targets.clone(), targets.clone()
    row, column = (int(index) for index in torch.argwhere(targets[0, 2] == 1)[0])
    missed[0, :, row, column] = tumour_free(target)[0, :, 0, 0]
    row, column = (int(index) for index in torch.argwhere(targets[0, 1:].sum(0) == 0)[0])
    false[0, :, row, column] = torch.tensor([0.0, 0.0, 1.0])
    worse = {
        "one pixel missed": sure(missed),
        "one pixel false": sure(false),
        "moved by one": sure(targets.roll(1, dims=3)),
        "another's": sure(other),
        "empty": sure(tumour_free(target, n=2)),
        "full": sure(targets.roll(1, dims=1) if target == "classes" else torch.ones_like(targets)),
        "opposite": sure(1 - targets),
        "less sure": sure(targets, 1),
        "undecided": torch.zeros_like(targets),
    }
    for what, logits in worse.items():
        assert not torch.equal(logits, sure(targets)), what
        assert loss(logits, targets) > perfect + 1e-6, what


@every_loss
def test_on_a_tumour_free_slice_an_empty_prediction_is_free_and_false_positives_cost(choice: Chosen) -> None:
    loss, target = built(choice), choice[1]
    targets = tumour_free(target)
    empty = sure(targets)
    few, many = empty.clone(), empty.clone()
    few[:, -1, :2, :2] = 40.0
    many[:, -1, :8, :8] = 40.0
    assert abs(loss(empty, targets)) < 1e-5
    assert loss(empty, targets) + 1e-3 < loss(few, targets) < loss(many, targets)


@every_loss
def test_false_positives_on_a_tumour_free_slice_cost_beside_a_slice_with_tumour(choice: Chosen) -> None:
    loss, target = built(choice), choice[1]
    targets = tumour_free(target, n=2)
    targets[0, :, 4:8, 4:8] = torch.tensor([0.0, 1.0, 0.0])[:, None, None]
    right = sure(targets, 10)
    wrong = right.clone()
    wrong[1, 1, 4:8, 4:8] = 20.0
    assert loss(wrong, targets) > loss(right, targets) + 0.01


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("size", [1e4, 60_000.0])
def test_huge_logits_of_any_precision_give_numbers(choice: Chosen, dtype: torch.dtype, size: float) -> None:
    for targets in (references(choice[1]), tumour_free(choice[1])):
        for masks in (targets, 1 - targets, targets.roll(1, dims=1), torch.zeros_like(targets)):
            logits = sure(masks, size).to(dtype)
            assert bool(built(choice)(logits, targets).isfinite())
            assert bool(gradient(choice, logits, targets).isfinite().all())


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_logits_neither_overflow_nor_lose_the_gradient(choice: Chosen, dtype: torch.dtype) -> None:
    # float16 sums overflow at 65,504; these add up to far more
    targets = references(choice[1], n=8, side=96)
    logits = torch.full_like(targets, 4.0)
    logits[:, ::2] = -4.0
    value = built(choice)(logits.to(dtype), targets)
    assert value.dtype == torch.float32
    assert torch.equal(value, built(choice)(logits, targets)), "these logits are exact in half precision"
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(value, built(choice)(logits.to(dtype), targets))
    assert bool(gradient(choice, logits.to(dtype), targets).isfinite().all())


@every_loss
def test_the_gradient_is_that_of_finite_differences(choice: Chosen) -> None:
    name, target, arguments = choice
    spec = loss_named(name)
    exact = spec.builder(spec.parse(arguments), target)  # without the seam, which makes float32 of everything
    for targets in (references(target, side=4).double(), tumour_free(target, side=4).double()):
        logits = torch.randn(targets.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
        assert torch.autograd.gradcheck(lambda x, t=targets: exact(x, t), logits.requires_grad_())


@every_loss
def test_it_runs_where_only_deterministic_operations_may(choice: Chosen) -> None:
    targets = references(choice[1])
    before = torch.get_deterministic_debug_mode()
    torch.set_deterministic_debug_mode("error")
    try:
        once, again = (gradient(choice, sure(targets, 1), targets) for _ in range(2))
    finally:
        torch.set_deterministic_debug_mode(before)
    assert torch.equal(once, again)


@every_loss
def test_the_seam_refuses_what_is_no_binary_mask(choice: Chosen) -> None:
    loss = built(choice)
    targets = references(choice[1])
    logits = sure(targets, 1)
    with pytest.raises(ValueError, match=r"found logits \(2, 3, 16, 16\) and targets \(2, 16, 16\)"):
        loss(logits, targets[:, 0])
    with pytest.raises(ValueError, match="expected floats"):
        loss(logits, targets.long())
    with pytest.raises(ValueError, match="neither 0 nor 1"):
        loss(logits, targets * 4)
    if choice[1] == "classes":
        with pytest.raises(ValueError, match="found pixels of no class or of several; expected one-hot targets"):
            loss(logits, 1 - targets)


@pytest.mark.parametrize("name", LOSSES)
def test_an_unknown_argument_answers_with_the_known_ones(name: str) -> None:
    fields = LOSSES[name].arguments.model_fields
    said = f"loss {name} has no argument 'margin'; known: {', '.join(fields)}" if fields else "known: none"
    with pytest.raises(ArgumentError, match=said):
        build_loss(name, {"margin": 2}, LOSSES[name].targets[0])


@pytest.mark.parametrize("name", LOSSES)
def test_a_target_that_it_cannot_compare_is_refused(name: str) -> None:
    targets = LOSSES[name].targets
    assert targets, "every loss can compare something"
    for target in ("regions", "classes"):
        if target in targets:
            build_loss(name, {}, target)
        else:
            with pytest.raises(ArgumentError, match=f"loss {name} is for {targets[0]}; found target {target}"):
                build_loss(name, {}, target)


@pytest.mark.parametrize("name", [n for n, spec in LOSSES.items() if "background" in spec.arguments.model_fields])
def test_regions_have_no_background_to_count(name: str) -> None:
    if "regions" in LOSSES[name].targets:
        with pytest.raises(ArgumentError, match=f"loss {name}: background is for exclusive classes"):
            build_loss(name, {"background": True}, "regions")


def test_an_unknown_loss_answers_with_the_known_ones() -> None:
    with pytest.raises(UnknownLossError, match="no loss is called 'hinge'; known: bce, ce, dice, bce_dice, ce_dice"):
        build_loss("hinge")
