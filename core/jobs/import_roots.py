"""Which folders of this machine the app may import: the workspace's neighbour `data`, and what an administrator names.

`$SEGSCOPE_IMPORT_ROOTS` lists more folders, separated as in `$PATH`.
"""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import RefusedError
from core.workspace import Workspace

VARIABLE = "SEGSCOPE_IMPORT_ROOTS"
MOST_FOLDERS = 2000  # listed of one folder


class FolderNotAllowedError(RefusedError):
    """A folder that the app may not read, or that is not there."""


def import_roots(workspace: Workspace) -> list[Path]:
    """Return the folders below which the app may import, links resolved, without those that are not there."""
    named = [Path(part) for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part]
    found = dict.fromkeys(folder.resolve() for folder in (workspace.root.parent / "data", *named))
    return [folder for folder in found if folder.is_dir()]


def allowed_folder(workspace: Workspace, folder: Path) -> Path:
    """Return a folder with its links resolved, if it lies in an allowed one.

    Raises:
        FolderNotAllowedError: it does not, or it is no folder.
    """
    resolved = folder.resolve()
    if not any(resolved.is_relative_to(root) for root in import_roots(workspace)):
        raise FolderNotAllowedError(
            f"this folder is outside the ones that may be imported; whoever runs the server can add it to ${VARIABLE}"
        )
    if not resolved.is_dir():
        raise FolderNotAllowedError("there is no such folder any more; choose another")
    return resolved


def folders_in(workspace: Workspace, folder: Path) -> list[str]:
    """Return the names of the visible folders in an allowed one, sorted; those that lead outside are left out.

    Raises:
        FolderNotAllowedError: it may not be read.
    """
    here = allowed_folder(workspace, folder)
    roots = import_roots(workspace)
    names = []
    try:
        for path in sorted(here.iterdir()):
            inside = any(path.resolve().is_relative_to(root) for root in roots)
            if inside and path.is_dir() and not path.name.startswith("."):
                names.append(path.name)
            if len(names) == MOST_FOLDERS:
                break
    except PermissionError:
        raise FolderNotAllowedError("the server may not read this folder; ask whoever runs it") from None
    return names
