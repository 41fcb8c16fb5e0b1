"""The losses: a registry that can be read, listed and validated without loading torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.arguments import Arguments
from core.errors import RefusedError
from core.losses.bce import BCE
from core.losses.bce_dice import BCE_DICE
from core.losses.boundary import BOUNDARY
from core.losses.boundary_dice import BOUNDARY_DICE
from core.losses.ce import CE
from core.losses.ce_dice import CE_DICE
from core.losses.dice import DICE
from core.losses.focal import FOCAL
from core.losses.focal_tversky import FOCAL_TVERSKY
from core.losses.generalised_dice import GENERALISED_DICE
from core.losses.spec import LossSpec, TargetKind
from core.losses.tversky import TVERSKY
from core.registry import look_up

if TYPE_CHECKING:
    from core.losses.spec import Loss

__all__ = ["LOSSES", "LossSpec", "UnknownLossError", "build_loss", "loss_named"]


class UnknownLossError(RefusedError):
    """A loss name that is not one of `LOSSES`."""


LOSSES: dict[str, LossSpec] = {
    BCE.name: BCE,
    CE.name: CE,
    DICE.name: DICE,
    BCE_DICE.name: BCE_DICE,
    CE_DICE.name: CE_DICE,
    FOCAL.name: FOCAL,
    TVERSKY.name: TVERSKY,
    FOCAL_TVERSKY.name: FOCAL_TVERSKY,
    GENERALISED_DICE.name: GENERALISED_DICE,
    BOUNDARY.name: BOUNDARY,
    BOUNDARY_DICE.name: BOUNDARY_DICE,
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

    Args:
        name: one of `LOSSES`.
        arguments: the loss's arguments; defaults where left out.
        target: what the channels are; of classes the first is background.

    Raises:
        UnknownLossError: no such loss.
        ArgumentError: an unknown argument, a value out of range, or a target that it cannot compare.
    """
    spec = loss_named(name)
    return spec.build(target, **dict(spec.parse(arguments or {})))
