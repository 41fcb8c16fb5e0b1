"""The losses: a registry that can be read, listed and validated without loading torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.arguments import Arguments
from core.errors import RefusedError
from core.losses.bce import BCE
from core.losses.bce_dice import BCE_DICE
from core.losses.dice import DICE
from core.losses.spec import LossSpec, TargetKind
from core.registry import look_up

if TYPE_CHECKING:
    from core.losses.spec import Loss

__all__ = ["LOSSES", "LossSpec", "UnknownLossError", "build_loss", "loss_named"]


class UnknownLossError(RefusedError):
    """A loss name that is not one of `LOSSES`."""


LOSSES: dict[str, LossSpec] = {
    BCE.name: BCE,
    DICE.name: DICE,
    BCE_DICE.name: BCE_DICE,
}


def loss_named(name: str) -> LossSpec:
    """Return the spec of the loss called `name`.

    Raises:
        UnknownLossError: no such loss; the message lists the known ones.
    """
    return look_up(LOSSES, name, "loss", UnknownLossError)


def build_loss(
    name: str, arguments: Mapping[str, Any] | Arguments | None = None, target: TargetKind = "regions"
) -> Loss:
    """Return a loss as a function of logits (N, R, H, W) and binary targets of the same shape.

    Raises:
        UnknownLossError: no such loss.
        ArgumentError: an unknown argument or a value out of range.
    """
    spec = loss_named(name)
    return spec.build(target, **dict(spec.parse(arguments or {})))
