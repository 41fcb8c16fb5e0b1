"""Swin UNETR on slices: attention in shifted windows, and a U-Net's way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from core.arguments import Arguments
from core.models.spec import ModelSpec

if TYPE_CHECKING:
    from torch import nn

# patches of 2, then four times merged by 2
STRIDE = 32
Count = Annotated[int, Field(ge=1, le=24)]
# MONAI's first windowed layers share out a token in multiples of this
TOKEN_STEP = 12


class SwinUNETRArguments(Arguments):
    """Arguments of MONAI's SwinUNETR in two dimensions; 48 is the paper's `feature_size`."""

    feature_size: int = Field(
        default=24, ge=TOKEN_STEP, le=384, multiple_of=TOKEN_STEP, description="Feature maps of the finest level."
    )
    depths: tuple[Count, Count, Count, Count] = Field(
        default=(2, 2, 2, 2), description="Transformer blocks in each of four stages."
    )
    heads: tuple[Count, Count, Count, Count] = Field(
        default=(3, 6, 12, 24),
        description="Attention heads in each stage; its tokens are 1, 2, 4, 8 times as long.",
    )
    window: int = Field(default=7, ge=2, le=32, description="Side of the windows inside which attention is paid.")
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0, description="Share of values dropped inside the transformer.")
    drop_path: float = Field(
        default=0.0, ge=0.0, lt=1.0, description="Share of whole blocks skipped in training, growing to the deepest."
    )
    v2: bool = Field(default=False, description="A residual convolution before every stage, as in Swin UNETR V2.")

    @model_validator(mode="after")
    def _heads_share_the_token(self) -> Self:
        tokens = [self.feature_size << stage for stage in range(len(self.heads))]
        if any(token % heads for token, heads in zip(tokens, self.heads, strict=True)):
            raise ValueError(f"heads is {list(self.heads)}; expected divisors of the tokens' lengths {tokens}")
        return self


def _build(in_channels: int, out_channels: int, arguments: SwinUNETRArguments) -> nn.Module:
    from monai.networks.nets.swin_unetr import SwinUNETR

    return SwinUNETR(
        in_channels=in_channels,
        out_channels=out_channels,
        feature_size=arguments.feature_size,
        depths=arguments.depths,
        num_heads=arguments.heads,
        window_size=arguments.window,
        drop_rate=arguments.dropout,
        dropout_path_rate=arguments.drop_path,
        use_v2=arguments.v2,
        spatial_dims=2,
    )


def _stride(_arguments: SwinUNETRArguments) -> int:
    return STRIDE


def _steps_from(arguments: SwinUNETRArguments) -> int:
    # the deepest stage's tokens are 16 pixels apart; where they fill no more than a window, none is shifted
    return 16 * (arguments.window + 1)


def _uses_batch_norm(_arguments: SwinUNETRArguments) -> bool:
    # layer norm on tokens, instance norm in the convolutions
    return False


SWIN_UNETR = ModelSpec(
    name="swin_unetr",
    title="Swin UNETR",
    paper="Hatamizadeh et al. Swin UNETR: Swin Transformers for Semantic Segmentation of Brain Tumors in MRI Images. "
    "BrainLes 2021; built in two dimensions by MONAI.",
    dims=2,
    arguments=SwinUNETRArguments,
    builder=_build,
    stride_of=_stride,
    batch_norm_of=_uses_batch_norm,
    small={"feature_size": 12, "depths": (1, 1, 1, 1), "heads": (1, 2, 3, 4)},
    steps_from_of=_steps_from,
)
