"""A vision transformer over a feature map: tokens, positions, layers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

POSITION_STD = 0.02


@dataclass(frozen=True, slots=True)
class TransformerShape:
    """How large a transformer is; see `TransUNetArguments`."""

    hidden: int
    layers: int
    heads: int
    mlp_ratio: float
    dropout: float
    grid: int


class SelfAttention(nn.Module):
    """Every token looks at every token, in several heads.

    Reference: Vaswani et al. Attention Is All You Need. NeurIPS 2017, section 3.2.
    """

    def __init__(self, hidden: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.query_key_value = nn.Linear(hidden, 3 * hidden)
        self.out = nn.Linear(hidden, hidden)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Turn (N, T, hidden) into (N, T, hidden)."""
        n, count, hidden = tokens.shape
        split = self.query_key_value(tokens).view(n, count, 3, self.heads, hidden // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # each (N, heads, T, hidden / heads)
        seen = functional.scaled_dot_product_attention(
            query, key, value, dropout_p=self.dropout if self.training else 0.0
        )
        return self.out(seen.transpose(1, 2).reshape(n, count, hidden))  # type: ignore[no-any-return]


class TransformerLayer(nn.Module):
    """Attention and a perceptron, each behind layer norm and beside the identity.

    Reference: Dosovitskiy et al. An Image is Worth 16x16 Words. ICLR 2021, equations 2 and 3.
    """

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__()
        between = round(shape.hidden * shape.mlp_ratio)
        self.attention_norm = nn.LayerNorm(shape.hidden)
        self.attention = SelfAttention(shape.hidden, shape.heads, shape.dropout)
        self.mlp_norm = nn.LayerNorm(shape.hidden)
        self.mlp = nn.Sequential(
            nn.Linear(shape.hidden, between),
            nn.GELU(),
            nn.Dropout(shape.dropout),
            nn.Linear(between, shape.hidden),
        )
        self.drop = nn.Dropout(shape.dropout)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Turn (N, T, hidden) into (N, T, hidden)."""
        tokens = tokens + self.drop(self.attention(self.attention_norm(tokens)))
        return tokens + self.drop(self.mlp(self.mlp_norm(tokens)))  # type: ignore[no-any-return]


class VisionTransformer(nn.Module):
    """Each place of a feature map becomes a token; after the layers, a place again."""

    def __init__(self, in_channels: int, shape: TransformerShape) -> None:
        super().__init__()
        self.embedding = nn.Conv2d(in_channels, shape.hidden, 1)
        self.positions = nn.Parameter(torch.empty(1, shape.hidden, shape.grid, shape.grid))
        self.drop = nn.Dropout(shape.dropout)
        self.layers = nn.ModuleList(TransformerLayer(shape) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.hidden)
        nn.init.normal_(self.positions, std=POSITION_STD)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Turn (N, C, h, w) into (N, hidden, h, w)."""
        height, width = features.shape[-2:]
        tokens = (self.embedding(features) + self.positions_on(height, width)).flatten(2).transpose(1, 2)
        tokens = self.drop(tokens)
        for layer in self.layers:
            tokens = layer(tokens)
        return self.norm(tokens).transpose(1, 2).unflatten(2, (height, width))  # type: ignore[no-any-return]

    def positions_on(self, height: int, width: int) -> torch.Tensor:
        """Return the position embeddings on a grid of any size, (1, hidden, height, width)."""
        if (height, width) == self.positions.shape[-2:]:
            return self.positions
        return functional.interpolate(self.positions, size=(height, width), mode="bilinear", align_corners=False)
