"""A checkpoint as one ONNX file: the network, and in the model's metadata the card, the id and a seal over it all.

`metadata_props` holds, each as text: `segscope` (the version of this layout), `checkpoint_id`, `inference` (the card's
section as it stands there: modalities in order, preparing, window, plane, neighbours, regions, thresholds, temperature,
post-processing, label scheme), `card` (the rest of the card), `input` (the names of the axes, and which sizes the
network takes), `notice`, and `seal`: SHA-256 of the SHA-256 of the model without its metadata, followed by the other
entries as canonical JSON. An id cannot be computed from a network for a runtime; a sealed one is the one it was
written with. No ONNX library is needed to read it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.checkpoints.card import SCHEMA_VERSION, Card
from core.checkpoints.folder import Checkpoint, CheckpointError
from core.checkpoints.protobuf import NotProtobufError, fields, with_length

ONNX = "model.onnx"
LAYOUT = "1"
NOTICE = "For research; not for diagnosis."
ENTRIES = ("card", "checkpoint_id", "inference", "input", "notice", "seal", "segscope")
# a message of protocol buffers has no more
MOST_BYTES = 2**31 - 1
# a network has thousands of fields; the bound is on what a damaged or hostile file can make the reader do
MOST_FIELDS = 2_000_000
DEEPEST = 32

METADATA = 14  # ModelProto.metadata_props, and in it key and value
KEY, VALUE = 1, 2
# message to its fields that can hold a tensor, as onnx.proto numbers them (ONNX 1.23)
HOLDS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
EXTERNAL_DATA, DATA_LOCATION = 13, 14  # of a tensor


def read_onnx(path: Path) -> Checkpoint:
    """Read a checkpoint that is one ONNX file.

    Raises:
        CheckpointError: the file is damaged, was changed, was not written by this program, or wants other files.
    """
    facts = _facts(path.name, read_bounded(path))
    return Checkpoint(path.parent, facts["checkpoint_id"], _card(path.name, facts), onnx=path)


def onnx_model(checkpoint: Checkpoint) -> bytes:
    """Return the bytes of a checkpoint's ONNX model, checked.

    Raises:
        CheckpointError: there is none, it cannot be used, or it belongs to another checkpoint.
    """
    path = checkpoint.onnx or checkpoint.folder / ONNX
    name = f"{checkpoint.folder.name}/{path.name}"
    if not path.is_file():
        raise CheckpointError(
            f"{checkpoint.folder.name} has no {ONNX}; write it with python -m core export REF --format onnx, or "
            "leave --backend onnx out"
        )
    data = read_bounded(path)
    facts = _facts(name, data)
    if facts["checkpoint_id"] != checkpoint.id:
        raise CheckpointError(
            f"{name} belongs to checkpoint {facts['checkpoint_id'][:12]}, found beside weights and card of "
            f"{checkpoint.id[:12]}; export it again"
        )
    return data


def sealed(model: bytes, checkpoint: Checkpoint, axes: Mapping[str, Any]) -> bytes:
    """Return a serialised model with a checkpoint's card in its metadata.

    Args:
        model: without metadata of its own.
        checkpoint: whose network it is.
        axes: what its input is called, and which sizes it takes.
    """
    card = checkpoint.card.model_dump(mode="json")
    del card["inference"]
    facts = {
        "segscope": LAYOUT,
        "checkpoint_id": checkpoint.id,
        "inference": checkpoint.spec.canonical().decode(),
        "card": _json(card),
        "input": _json(axes),
        "notice": NOTICE,
    }
    facts["seal"] = _seal(hashlib.sha256(model).digest(), facts)
    entries = (with_length(KEY, key.encode()) + with_length(VALUE, facts[key].encode()) for key in sorted(facts))
    return model + b"".join(with_length(METADATA, entry) for entry in entries)


def read_bounded(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        CheckpointError: it is larger than an ONNX file can be, or cannot be read.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read ({error.strerror})") from None
    if len(data) > MOST_BYTES:
        raise CheckpointError(f"{path.name} has over {MOST_BYTES} bytes; an ONNX file has at most as many")
    return data


def _facts(name: str, data: bytes) -> dict[str, str]:
    """Return the metadata of a model that is whole and refers to no other file."""
    facts: dict[str, str] = {}
    body = hashlib.sha256()
    try:
        for count, field in enumerate(fields(memoryview(data))):
            if count > MOST_FIELDS:
                raise NotProtobufError("more fields than a network has")
            if field.number == METADATA:
                entry = {part.number: str(part.content, "utf-8") for part in fields(field.content)}
                facts[entry.get(KEY, "")] = entry.get(VALUE, "")
            else:
                body.update(field.raw)
    except (NotProtobufError, UnicodeDecodeError):
        raise CheckpointError(f"{name} is damaged or no ONNX file; copy it again") from None
    if tuple(sorted(facts)) != ENTRIES:
        raise CheckpointError(
            f"{name} is not a model that python -m core export wrote; found metadata "
            f"{', '.join(sorted(facts))[:200] or 'none'}, expected {', '.join(ENTRIES)}"
        )
    if facts["segscope"] != LAYOUT:
        raise CheckpointError(
            f"{name}: metadata of layout {facts['segscope'][:20]}; this program reads {LAYOUT}: update it"
        )
    if facts.pop("seal") != _seal(body.digest(), facts):
        raise CheckpointError(f"{name} was changed since it was exported; copy it again, or export it again")
    _require_self_contained(name, data)
    return facts


def _require_self_contained(name: str, data: bytes) -> None:
    """Refuse a model whose tensors lie in other files: such a name could lead anywhere."""
    try:
        for count, (kind, number, value) in enumerate(_walk(memoryview(data), "model", 0)):
            if kind == "tensor" and (number == EXTERNAL_DATA or (number == DATA_LOCATION and value)):
                raise CheckpointError(f"{name} keeps weights in other files, which are not read; expected one file")
            if count > MOST_FIELDS:
                raise NotProtobufError("more fields than a network has")
    except NotProtobufError:
        raise CheckpointError(f"{name} is damaged or no ONNX file; copy it again") from None


def _walk(message: memoryview, kind: str, depth: int) -> Iterator[tuple[str, int, int]]:
    """Yield (message, field number, number held) of every field from which a tensor can be reached."""
    if depth > DEEPEST:
        raise NotProtobufError("messages inside one another without end")
    inside = HOLDS.get(kind, {})
    for field in fields(message):
        yield kind, field.number, field.value
        if field.number in inside:
            yield from _walk(field.content, inside[field.number], depth + 1)


def _card(name: str, facts: Mapping[str, str]) -> Card:
    try:
        card = Card.model_validate({**json.loads(facts["card"]), "inference": json.loads(facts["inference"])})
    except (ValidationError, json.JSONDecodeError, TypeError, RecursionError) as error:
        raise CheckpointError(
            f"{name}: the card in its metadata cannot be read ({type(error).__name__}); expected schema "
            f"{SCHEMA_VERSION}: export it again"
        ) from None
    if card.members or card.inference.canonical().decode() != facts["inference"]:
        raise CheckpointError(f"{name}: the card in its metadata is not that of one network; export it again")
    return card


def _seal(body: bytes, facts: Mapping[str, str]) -> str:
    return hashlib.sha256(body + _json(facts).encode()).hexdigest()


def _json(document: Any) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
