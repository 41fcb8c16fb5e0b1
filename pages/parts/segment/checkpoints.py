"""Which checkpoints fit a study, and why the others do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.checkpoints import Checkpoint, join_checkpoints
from core.errors import RefusedError
from core.inference.missing import cost_sentence
from core.jobs.segmentation_choices import BETWEEN, several_names, suitability, what_it_lacks
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
        cost: what doing without a sequence that the study lacks was measured to cost; empty where it lacks none.
    """

    name: str
    title: str
    fits: str
    why_not: str
    cost: str = ""


def offers(modalities: Sequence[str]) -> list[Offer]:
    """Return every checkpoint, the ones that fit first, and of those the one that suits best."""
    found = []
    every = store.checkpoints().items()
    for name, checkpoint in sorted(every, key=lambda item: suitability(item[0], item[1], modalities)):
        lacks = what_it_lacks(checkpoint, modalities)
        reads = ", ".join(TITLES.get(each, each) for each in checkpoint.spec.modalities)
        why_not = f"needs {' and '.join(TITLES.get(each, each) for each in lacks)} too" if lacks else ""
        cost = "" if lacks else cost_in_words(checkpoint, modalities)
        found.append(Offer(name, store.model_title(name, checkpoint), reads, why_not, cost))
    return sorted(found, key=lambda offer: bool(offer.why_not))


def cost_in_words(checkpoint: Checkpoint, modalities: Sequence[str]) -> str:
    """Return what a study's missing sequences cost with a checkpoint that does without; empty where none is missing."""
    missing = [name for name in checkpoint.spec.modalities if name not in modalities]
    return cost_sentence(checkpoint, missing) if missing else ""


def why_not_together(names: Sequence[str]) -> str:
    """Return why checkpoints have no mean; empty where they have one, or there is but one of them."""
    known = store.checkpoints()
    if len(names) > 1:
        try:
            join_checkpoints(BETWEEN.join(names), [known[name] for name in names])
        except RefusedError as error:
            return str(error)
    return ""


def checkpoint_of(name: str) -> Checkpoint | None:
    """Return a checkpoint by name, or the ensemble of several; None where one is gone, or they do not fit any more."""
    known, names = store.checkpoints(), several_names(name)
    if len(names) == 1 or not all(each in known for each in names):
        return known.get(name)
    try:
        return join_checkpoints(name, [known[each] for each in names])
    except RefusedError:
        return None
