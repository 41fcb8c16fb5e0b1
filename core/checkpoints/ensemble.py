"""Several checkpoints that predict as one: the mean of their probabilities."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.atomic import new_folder, write_json
from core.checkpoints.card import Card, InferenceSpec
from core.checkpoints.folder import CARD, WEIGHTS, Checkpoint, CheckpointError, link_or_copy
from core.postprocess import Step, clean_up_words

LARGEST = 16
Content = dict[str, list[str]]
# a mean of probabilities, and one mask out of it, need all of these alike; planes, sizes and networks may differ
SHARED: dict[str, Callable[[InferenceSpec], Any]] = {
    "regions": lambda spec: spec.regions,
    "target": lambda spec: spec.target,
    "classes": lambda spec: spec.class_bits,
    "modalities": lambda spec: sorted(spec.modalities),
    "label scheme": lambda spec: spec.scheme,
    "thresholds": lambda spec: spec.thresholds,
    "post-processing": lambda spec: spec.post,
}


def write_ensemble(
    folder: Path, name: str, members: Sequence[Checkpoint], says: Mapping[str, Any] | None = None
) -> None:
    """Write an ensemble: a card, and a folder per member whose weights take no room where the disk can share them.

    Args:
        folder: the final name; it appears whole or not at all.
        name: what the card calls it.
        members: in order.
        says: more fields of the card, such as how thresholds were tuned.

    Raises:
        CheckpointError: fewer than two members or too many, one twice, one an ensemble itself, or they do not share
            what a mean needs.
    """
    require_members(members)
    names = [f"member-{number}" for number in range(1, len(members) + 1)]
    with new_folder(folder) as new:
        for member, sub in zip(members, names, strict=True):
            (new / sub).mkdir()
            link_or_copy(member.weights, new / sub / WEIGHTS)
            write_json(new / sub / CARD, member.card.model_dump(mode="json"))
        card = ensemble_card(name, names, members).model_copy(update=dict(says or {}))
        write_json(new / CARD, card.model_dump(mode="json"))


def join_checkpoints(name: str, members: Sequence[Checkpoint]) -> Checkpoint:
    """Return checkpoints as an ensemble that is nowhere on the disk; its id is what `write_ensemble` would give it.

    Args:
        name: what the card calls it.
        members: in order.

    Raises:
        CheckpointError: they cannot predict as one.
    """
    require_members(members)
    card = ensemble_card(name, [f"member-{number}" for number in range(1, len(members) + 1)], members)
    return Checkpoint(Path(name), ensemble_id(members), card, tuple(members))


def ensemble_id(members: Sequence[Checkpoint]) -> str:
    """Return SHA-256 of the members' ids (lower-case hex, one after the other)."""
    return hashlib.sha256("".join(member.id for member in members).encode()).hexdigest()


def ensemble_card(name: str, folders: Sequence[str], members: Sequence[Checkpoint]) -> Card:
    """Return the card of an ensemble: what any member saw, it saw."""
    cards = [member.card for member in members]
    splits = list(dict.fromkeys(card.split_sha256 for card in cards))
    return Card(
        title=f"Ensemble of {len(cards)}: {', '.join(dict.fromkeys(card.title for card in cards))}",
        run=name,
        steps=sum(card.steps for card in cards),
        parameters=sum(card.parameters for card in cards),
        inference=cards[0].inference,
        recipe={},
        encoder_weights=None,
        cohort=_joined(card.cohort for card in cards),
        split_sha256=splits[0] if len(splits) == 1 else hashlib.sha256("".join(splits).encode()).hexdigest(),
        fold=cards[0].fold if len({card.fold for card in cards}) == 1 else 0,
        leaks=any(card.leaks for card in cards),
        training_content=_union([card.training_content for card in cards]),
        validation_content=_union([card.validation_content for card in cards]),
        data_licence=_joined(card.data_licence for card in cards),
        weights_licence=_joined(card.weights_licence for card in cards),
        libraries={},
        members=tuple(folders),
    )


def require_members(members: Sequence[Checkpoint]) -> None:
    """Refuse checkpoints that cannot predict as one.

    Raises:
        CheckpointError: with what differs.
    """
    if not 2 <= len(members) <= LARGEST:
        raise CheckpointError(f"found {len(members)} checkpoints; an ensemble has 2 to {LARGEST}")
    if nested := [member.folder.name for member in members if member.members]:
        raise CheckpointError(f"{nested[0]} is an ensemble itself; name its members instead")
    ids = [member.id for member in members]
    for number, each in enumerate(ids):
        if each in ids[:number]:
            one, other = members[ids.index(each)], members[number]
            raise CheckpointError(f"{_called(one)} and {_called(other)} are the same checkpoint; name each once")
    first = members[0]
    for member in members[1:]:
        for what, of in SHARED.items():
            if of(member.spec) != of(first.spec):
                raise CheckpointError(
                    f"{_called(member)} has other {what} than {_called(first)} ({_said(of(member.spec))}; "
                    f"{_said(of(first.spec))}); the members of an ensemble share them: leave one of the two out"
                )


def require_card_of_members(name: str, card: Card, members: Sequence[Checkpoint]) -> None:
    """Refuse an ensemble whose card says something else than its members: what they saw must stand there.

    Raises:
        CheckpointError: it does, or its members do not fit together.
    """
    require_members(members)
    expected = ensemble_card(card.run, card.members, members)
    for field in ("inference", "leaks", "training_content", "validation_content"):
        if getattr(card, field) != getattr(expected, field):
            raise CheckpointError(f"{name}: the card's {field} is not that of its members; make the ensemble again")


def _union(parts: Sequence[Content]) -> Content:
    union: dict[str, set[str]] = {}
    for part in parts:
        for case_id, hashes in part.items():
            union.setdefault(case_id, set()).update(hashes)
    return {case_id: sorted(union[case_id]) for case_id in sorted(union)}


def _joined(words: Any) -> str:
    return "; ".join(dict.fromkeys(words))


def _called(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.card.run} ({checkpoint.id[:8]})"


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("name", "its own"))
    if isinstance(value, tuple) and all(isinstance(each, Step) for each in value):
        return clean_up_words(value) or "none"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
