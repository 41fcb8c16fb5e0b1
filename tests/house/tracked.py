"""The files that git keeps, for the tests that read them all."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path


def tracked_files(root: Path) -> list[Path]:
    """Return what git keeps or would keep: tracked files, and new ones that are not ignored."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    names = sorted(set(listing.stdout.decode().split("\0")) - {""})
    return [root / name for name in names if (root / name).is_file()]


def tracked_texts(root: Path) -> Iterator[tuple[str, str]]:
    """Yield (path from the root, content) of every file that is text."""
    for path in tracked_files(root):
        content = path.read_bytes()
        if b"\0" in content:
            continue
        yield path.relative_to(root).as_posix(), content.decode("utf-8")
