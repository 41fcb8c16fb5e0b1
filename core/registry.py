"""Finding a plug-in by its name; an unknown name answers with the known ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from core.errors import RefusedError

T = TypeVar("T")


def look_up(registry: Mapping[str, T], name: str, kind: str, error: type[RefusedError]) -> T:
    """Return the entry called `name`.

    Args:
        registry: names to entries.
        name: what was asked for.
        kind: what the entries are, such as `model`.
        error: what to raise.

    Raises:
        RefusedError: as `error`, with the names there are.
    """
    try:
        return registry[name]
    except KeyError:
        raise error(f"no {kind} is called {name!r}; known: {', '.join(registry)}") from None
