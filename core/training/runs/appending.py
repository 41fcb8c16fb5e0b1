"""A file that grows at its end, where nothing waits in memory: what was written survives a kill."""

from __future__ import annotations

from pathlib import Path


class Appender:
    """Appends to a file that stays open. A write that fails leaves nothing behind to be written later."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("ab", buffering=0)

    def write(self, content: bytes) -> None:
        """Append all of `content`.

        Raises:
            OSError: as for a full disk; a part may have been written.
        """
        rest = memoryview(content)
        while rest:
            rest = rest[self._stream.write(rest) :]

    def close(self) -> None:
        self._stream.close()
