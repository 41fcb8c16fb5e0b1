"""What the registry knows of an architecture without loading torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from core.arguments import ArgumentError, Arguments, parse_arguments

if TYPE_CHECKING:
    from torch import nn


def _no_encoder(_arguments: Any) -> None:
    return None


def _any_size(_arguments: Any) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One architecture: how it is called, what may be said about it, and how it is built.

    A built model takes (N, C, H, W) float and returns logits (N, R, H, W) at the input's size.

    Attributes:
        name: how recipes and the command line call it.
        title: how pages call it.
        paper: what to cite.
        dims: 2 for slices, 3 for volumes.
        arguments: schema of its arguments, with defaults.
        builder: (in_channels, out_channels, arguments) to a network; imports torch when called. It may
            assume that height and width are multiples of the stride, at least twice as large.
        stride_of: arguments to the multiple that height and width are padded to.
        batch_norm_of: arguments to whether any layer is batch norm (which is refused at batch 1).
        encoder_of: arguments to the name of the encoder that pretrained weights exist for, or None.
        small: arguments of a narrow version, for tests and demos.
        steps_from_of: arguments to the height and width from which the network takes the same steps whatever the
            size; what was traced for another runtime holds from there on.
    """

    name: str
    title: str
    paper: str
    dims: Literal[2, 3]
    arguments: type[Arguments]
    builder: Callable[[int, int, Any], nn.Module]
    stride_of: Callable[[Any], int]
    batch_norm_of: Callable[[Any], bool]
    encoder_of: Callable[[Any], str | None] = _no_encoder
    small: Mapping[str, Any] = field(default_factory=dict)
    steps_from_of: Callable[[Any], int] = _any_size

    def parse(self, given: Mapping[str, Any] | Arguments) -> Arguments:
        """Validate arguments and fill in the defaults.

        Raises:
            ArgumentError: an unknown argument (the message lists the known ones) or a value out of range.
        """
        return parse_arguments(self.arguments, f"model {self.name}", given)

    def stride(self, given: Mapping[str, Any] | Arguments) -> int:
        """Return the multiple that height and width are padded to inside the model."""
        return self.stride_of(self.parse(given))

    def traced_from(self, given: Mapping[str, Any] | Arguments) -> int:
        """Return the least height and width, in multiples of the stride, of which what was traced holds."""
        parsed = self.parse(given)
        stride = self.stride_of(parsed)
        return max(2 * stride, -(-self.steps_from_of(parsed) // stride) * stride)

    def has_batch_norm(self, given: Mapping[str, Any] | Arguments) -> bool:
        """Say whether the model would contain batch norm, which cannot train at batch 1."""
        return self.batch_norm_of(self.parse(given))

    def encoder(self, given: Mapping[str, Any] | Arguments) -> str | None:
        """Return the name of the encoder that takes pretrained weights, or None if there is none."""
        return self.encoder_of(self.parse(given))

    def build(self, in_channels: int, out_channels: int, **arguments: Any) -> nn.Module:
        """Build the model with fresh weights, drawn from torch's generator.

        Args:
            in_channels: C, the number of modalities.
            out_channels: R, the number of regions or classes.
            **arguments: see `arguments`.

        Raises:
            ArgumentError: as `parse`, or fewer than one channel.
        """
        from core.models.networks.padding import PaddedToStride

        if in_channels < 1 or out_channels < 1:
            raise ArgumentError(
                f"model {self.name}: found {in_channels} input and {out_channels} output channels; expected at least 1"
            )
        parsed = self.parse(arguments)
        return PaddedToStride(self.builder(in_channels, out_channels, parsed), self.stride_of(parsed))
