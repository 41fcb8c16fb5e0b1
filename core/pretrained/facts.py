"""What is known of the weights that an encoder started from."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WeightsFacts:
    """What the encoder started from, for the card.

    Attributes:
        source: `none`, or where the weights came from; never a path.
        sha256: of the file as it was published, or None.
        licence: the weights' terms, or None.
        dropped: tensors of the file that the encoder has no use for, such as its classifier.
        seen: content hashes by case of the patients that shaped the weights, where they came from another run.
    """

    source: str
    sha256: str | None
    licence: str | None
    dropped: tuple[str, ...] = ()
    seen: dict[str, list[str]] = field(default_factory=dict)
