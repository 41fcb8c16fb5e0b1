"""Files that are not there yet: what Git LFS leaves in a checkout in place of the file itself."""

from __future__ import annotations

import itertools
from pathlib import Path

from core.data import limits
from core.data.git_lfs import LARGEST_POINTER, LFS_MAGIC
from core.data.refusal import Finding


def pointer_findings(root: Path) -> list[Finding]:
    """Return one finding that counts the Git LFS pointers below a folder, or none."""
    files = itertools.islice((path for path in root.rglob("*") if path.is_file()), limits.MAX_FOLDER_FILES)
    count = sum(_is_pointer(path) for path in files)
    if not count:
        return []
    found, expected = f"{count} Git LFS pointer(s), notes of 130 bytes in place of files", "the files themselves"
    fix = "fetch them with `git lfs pull` where the folder comes from"
    return [Finding("error", "lfs_pointers", "", "", found, expected, fix)]


def _is_pointer(path: Path) -> bool:
    try:
        if path.stat().st_size > LARGEST_POINTER:
            return False
        with path.open("rb") as stream:
            return stream.read(len(LFS_MAGIC)) == LFS_MAGIC
    except OSError:
        return False
