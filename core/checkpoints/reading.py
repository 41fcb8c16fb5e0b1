"""Reading a checkpoint's folder: its card, checked, and its id; no weights are loaded."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from core.atomic import read_json
from core.case import SAFE_NAME
from core.checkpoints.card import SCHEMA_VERSION, Card
from core.checkpoints.ensemble import ensemble_id, require_card_of_members
from core.checkpoints.folder import CARD, WEIGHTS, Checkpoint, CheckpointError, checkpoint_id


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint's card, and its members' where it is an ensemble, and compute its id.

    Raises:
        CheckpointError: the folder is not a checkpoint, or its card is of another schema, or not that of its members.
    """
    card = _read_card(folder)
    if card.members:
        members = tuple(_read_member(folder, name) for name in card.members)
        require_card_of_members(folder.name, card, members)
        return Checkpoint(folder, ensemble_id(members), card, members)
    return _with_weights(folder, card)


def _read_member(folder: Path, name: str) -> Checkpoint:
    if not SAFE_NAME.fullmatch(name):
        raise CheckpointError(f"{folder.name}: {name!r} is no name of a member's folder; make the ensemble again")
    card = _read_card(folder / name)
    if card.members:
        raise CheckpointError(f"{folder.name}: its member {name} is an ensemble; expected a checkpoint with weights")
    return _with_weights(folder / name, card)


def _with_weights(folder: Path, card: Card) -> Checkpoint:
    if not (folder / WEIGHTS).is_file():
        raise CheckpointError(f"{folder.name} is not a checkpoint; expected {WEIGHTS} and {CARD} in it")
    return Checkpoint(folder, checkpoint_id(folder / WEIGHTS, card.inference), card)


def _read_card(folder: Path) -> Card:
    path = folder / CARD
    if not path.is_file():
        raise CheckpointError(f"{folder.name} is not a checkpoint; expected {WEIGHTS} and {CARD} in it")
    try:
        document = read_json(path)
        found = document.get("schema_version")
        if found != SCHEMA_VERSION:
            raise CheckpointError(
                f"{folder.name}: a card of schema {found}; this program reads schema {SCHEMA_VERSION}: update it"
            )
        return Card.model_validate(document)
    except (ValidationError, json.JSONDecodeError, UnicodeDecodeError, AttributeError) as error:
        raise CheckpointError(f"{folder.name}: the card is damaged ({type(error).__name__}); copy it again") from None
