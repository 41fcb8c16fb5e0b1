"""Which checkpoints fit a study, and why the others do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.checkpoints import Checkpoint
from core.jobs.segmentation_choices import what_it_lacks
from pages.parts import store
from pages.parts.volumes import TITLES


@dataclass(frozen=True, slots=True)
class Offer:
    """A checkpoint that a page offers, or says why it does not.

    Attributes:
        name: as the workspace calls it.
        title: as the page does.
        fits: what it reads.
        why_not: empty where it fits.
    """

    name: str
    title: str
    fits: str
    why_not: str


def offers(modalities: Sequence[str]) -> list[Offer]:
    """Return every checkpoint, the ones that fit first."""
    found = []
    for name, checkpoint in store.checkpoints().items():
        lacks = what_it_lacks(checkpoint, modalities)
        reads = ", ".join(TITLES.get(each, each) for each in checkpoint.spec.modalities)
        why_not = f"needs {' and '.join(TITLES.get(each, each) for each in lacks)} too" if lacks else ""
        found.append(Offer(name, store.model_title(name, checkpoint), reads, why_not))
    return sorted(found, key=lambda offer: bool(offer.why_not))


def checkpoint_of(name: str) -> Checkpoint | None:
    """Return a checkpoint by name; None where it is gone."""
    return store.checkpoints().get(name)
