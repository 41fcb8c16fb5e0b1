"""U-Net on an encoder of segmentation-models-pytorch, with fresh weights.

Pretrained weights are loaded afterwards and on purpose by `core.pretrained`; nothing is downloaded here.
"""

from __future__ import annotations

import difflib
import warnings
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from core.arguments import ArgumentError, Arguments
from core.models.spec import ModelSpec

if TYPE_CHECKING:
    from torch import nn

Width = Annotated[int, Field(ge=1, le=4096)]


class SmpUNetArguments(Arguments):
    """Arguments of smp's U-Net."""

    encoder: str = Field(
        default="resnet34",
        min_length=1,
        description="An encoder of segmentation-models-pytorch, such as resnet34, tf_efficientnet_lite0 or "
        "tu-NAME for any of timm's.",
    )
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


def smp_encoder_name(encoder: str) -> str:
    """Return the name under which smp builds this encoder as its authors trained it.

    EfficientNet-Lite goes through timm's own port: smp's `timm-tf_efficientnet_lite*` pads evenly and has
    another batch-norm epsilon, so that the published weights would give other features there.
    """
    if encoder.removeprefix("timm-").startswith("tf_efficientnet_lite"):
        return "tu-" + encoder.removeprefix("timm-")
    return encoder


def _build(in_channels: int, out_channels: int, arguments: SmpUNetArguments) -> nn.Module:
    import segmentation_models_pytorch as smp

    try:
        with warnings.catch_warnings():
            # smp names its `timm-` encoders deprecated in favour of `tu-`; both are accepted here
            warnings.simplefilter("ignore", DeprecationWarning)
            return smp.Unet(  # type: ignore[no-any-return]
                encoder_name=smp_encoder_name(arguments.encoder),
                encoder_depth=arguments.encoder_depth,
                encoder_weights=None,
                decoder_channels=arguments.decoder_channels,
                decoder_interpolation=arguments.decoder_interpolation,
                in_channels=in_channels,
                classes=out_channels,
            )
    except (KeyError, RuntimeError) as error:
        if _is_known(smp_encoder_name(arguments.encoder)):
            raise
        raise ArgumentError(_unknown_encoder(arguments.encoder)) from error


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


def _stride(arguments: SmpUNetArguments) -> int:
    return 1 << arguments.encoder_depth


def _uses_batch_norm(_arguments: SmpUNetArguments) -> bool:
    # smp's decoder has it whatever the encoder
    return True


def _encoder(arguments: SmpUNetArguments) -> str:
    return arguments.encoder


SMP_UNET = ModelSpec(
    name="smp_unet",
    title="U-Net on a pretrained encoder",
    paper="Iakubovskii. Segmentation Models PyTorch. 2019; decoder after Ronneberger et al. U-Net. MICCAI 2015.",
    dims=2,
    arguments=SmpUNetArguments,
    builder=_build,
    stride_of=_stride,
    batch_norm_of=_uses_batch_norm,
    encoder_of=_encoder,
    small={"encoder": "tu-test_efficientnet", "decoder_channels": (32, 16, 16, 8, 8)},
)
