"""Arguments of plug-ins: validated where they enter, and a wrong one answers with the known ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import RefusedError


class ArgumentError(RefusedError):
    """A plug-in was given an argument that it does not know or a value that it cannot take."""


class Arguments(BaseModel):
    """Base of every plug-in's arguments: frozen, and closed to unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


A = TypeVar("A", bound=Arguments)


def parse_arguments(schema: type[A], owner: str, given: Mapping[str, Any] | Arguments) -> A:
    """Validate `given` against `schema`, filling in the defaults.

    Args:
        schema: the arguments' class.
        owner: what they belong to, for the message, such as `model unet`.
        given: names to values, or an instance of `schema`, which is returned as it is.

    Raises:
        ArgumentError: an unknown name, or a value out of its range; the message lists every fault.
    """
    if isinstance(given, schema):
        return given
    if isinstance(given, Arguments):
        raise ArgumentError(f"{owner}: found {type(given).__name__}; expected {schema.__name__}")
    known = ", ".join(schema.model_fields) or "none"
    if unknown := [repr(name) for name in given if name not in schema.model_fields]:
        raise ArgumentError(f"{owner} has no argument {', '.join(unknown)}; known: {known}")
    try:
        return schema.model_validate(dict(given))
    except ValidationError as error:
        faults = "; ".join(_fault(detail) for detail in error.errors())
        raise ArgumentError(f"{owner}: {faults}") from None


def _fault(detail: Any) -> str:
    name = ".".join(str(part) for part in detail["loc"]) or "arguments"
    message = detail["msg"].removeprefix("Value error, ")
    return f"{name} is {detail['input']!r}: {message[:1].lower()}{message[1:]}"
