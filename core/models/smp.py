"""What every architecture of segmentation-models-pytorch has in common: a named encoder, and fresh weights.

Pretrained weights are loaded afterwards and on purpose by `core.pretrained`; nothing is downloaded here.
"""

from __future__ import annotations

import difflib
import warnings
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from core.arguments import ArgumentError, Arguments

if TYPE_CHECKING:
    from torch import nn

Width = Annotated[int, Field(ge=1, le=4096)]


class SmpArguments(Arguments):
    """What every model on one of these encoders is told."""

    encoder: str = Field(
        default="resnet34",
        min_length=1,
        description="An encoder of segmentation-models-pytorch, such as resnet34, tf_efficientnet_lite0 or mit_b0, or "
        "tu-NAME for those of timm's that take images of any size.",
    )


class SmpDecoderArguments(SmpArguments):
    """Arguments of the decoders that climb back level by level."""

    encoder_depth: int = Field(default=5, ge=3, le=5, description="How many times the encoder halves the image.")
    decoder_channels: tuple[Width, ...] = Field(
        default=(256, 128, 64, 32, 16), description="Feature maps per decoder level, coarsest first."
    )
    decoder_interpolation: Literal["nearest", "bilinear"] = Field(
        default="nearest", description="How the decoder enlarges its features."
    )

    @model_validator(mode="after")
    def _one_width_per_level(self) -> Self:
        if len(self.decoder_channels) != self.encoder_depth:
            raise ValueError(
                f"decoder_channels has {len(self.decoder_channels)} entries; expected encoder_depth = "
                f"{self.encoder_depth}, one per level"
            )
        return self

    def options(self) -> dict[str, Any]:
        """Return what smp's constructor calls these."""
        return {
            "encoder_depth": self.encoder_depth,
            "decoder_channels": self.decoder_channels,
            "decoder_interpolation": self.decoder_interpolation,
        }


def build_smp(
    architecture: str, in_channels: int, out_channels: int, arguments: SmpArguments, **options: Any
) -> nn.Module:
    """Build one of smp's architectures with fresh weights.

    Args:
        architecture: its class there, such as `Unet`.
        in_channels: of the image.
        out_channels: of the logits.
        arguments: the encoder's name is read from them.
        **options: further arguments of that class.

    Raises:
        ArgumentError: no such encoder, or one that this architecture cannot stand on.
    """
    import segmentation_models_pytorch as smp

    name = smp_encoder_name(arguments.encoder)
    try:
        with warnings.catch_warnings():
            # smp names its `timm-` encoders deprecated in favour of `tu-`; both are accepted here
            warnings.simplefilter("ignore", DeprecationWarning)
            return getattr(smp, architecture)(  # type: ignore[no-any-return]
                encoder_name=name, encoder_weights=None, in_channels=in_channels, classes=out_channels, **options
            )
    except Exception as error:  # each family of encoders fails in its own way
        if not _is_known(name):
            raise ArgumentError(_unknown_encoder(arguments.encoder)) from error
        raise ArgumentError(
            f"{architecture} of segmentation-models-pytorch cannot stand on the encoder {arguments.encoder!r} "
            f"with these arguments ({type(error).__name__}: {error}); choose another encoder"
        ) from error


def smp_encoder_name(encoder: str) -> str:
    """Return the name under which smp builds this encoder as its authors trained it.

    EfficientNet-Lite goes through timm's own port: smp's `timm-tf_efficientnet_lite*` pads evenly and has
    another batch-norm epsilon, so that the published weights would give other features there.
    """
    if encoder.removeprefix("timm-").startswith("tf_efficientnet_lite"):
        return "tu-" + encoder.removeprefix("timm-")
    return encoder


def halvings_stride(arguments: SmpDecoderArguments) -> int:
    """Return how much smaller the encoder's last features are than the image."""
    return 1 << arguments.encoder_depth


def always_batch_norm(_arguments: SmpArguments) -> bool:
    """Say yes: smp's decoders have batch norm whatever the encoder."""
    return True


def encoder_name(arguments: SmpArguments) -> str:
    """Return the encoder that pretrained weights are sought for."""
    return arguments.encoder


def _is_known(encoder: str) -> bool:
    import timm
    from segmentation_models_pytorch.encoders import get_encoder_names

    if encoder.startswith("tu-"):
        return bool(timm.is_model(encoder.removeprefix("tu-")))
    return encoder in get_encoder_names()


def _unknown_encoder(encoder: str) -> str:
    from segmentation_models_pytorch.encoders import get_encoder_names

    names = get_encoder_names()
    near = difflib.get_close_matches(encoder, names, n=3)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return f"no encoder is called {encoder!r}; {hint}known: {', '.join(names)}, and tu-NAME for any model of timm"
