"""Folder layouts, one file each. `LAYOUTS` is what is plugged in, in the order in which `auto` tries them."""

from __future__ import annotations

from pathlib import Path

from core.data.layouts.brats import read_brats
from core.data.layouts.spec import Layout, LayoutSpec
from core.data.refusal import Finding, InputRefusedError

LAYOUTS: dict[str, LayoutSpec] = {
    "brats": LayoutSpec("brats", "BraTS 2013-2024 folders, one NIfTI file per sequence", read_brats),
}


def read_layout(root: Path, name: str | None = None) -> Layout:
    """List the cases below `root`.

    Args:
        root: a folder on this machine.
        name: the layout to read it as; None tries each in turn.

    Raises:
        InputRefusedError: there is no such folder or layout, or nothing in it is recognised.
    """
    if name is not None and name not in LAYOUTS:
        raise _refused(f"the layout {name!r}", f"one of {', '.join(LAYOUTS)}", "name one of these with --layout")
    if not root.is_dir():
        raise _refused(f"no folder at {root.name!r}", "a folder with cases", "check the path")
    for spec in [LAYOUTS[name]] if name else LAYOUTS.values():
        if layout := spec.read(root):
            return layout
    example = "BraTS-SSA-00002-000-t1c.nii.gz or BraTS2021_00000_t1ce.nii.gz"
    raise _refused(f"no case in {root.name!r}", f"files named like {example}", "check the folder or rename the files")


def _refused(found: str, expected: str, fix: str) -> InputRefusedError:
    return InputRefusedError(Finding("error", "layout", "", "", found, expected, fix))
