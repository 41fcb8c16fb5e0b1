"""Folder layouts, one file each. `LAYOUTS` is what is plugged in, in the order in which `auto` tries them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.data.archives import is_archive
from core.data.layouts.bids import read_bids
from core.data.layouts.brats import read_brats
from core.data.layouts.coco import read_coco
from core.data.layouts.dicom import read_dicom_folder
from core.data.layouts.lgg import read_lgg
from core.data.layouts.msd import read_msd
from core.data.layouts.nnunet import read_nnunet
from core.data.layouts.npy_pairs import read_npy_pairs
from core.data.layouts.paired import read_paired
from core.data.layouts.pictures import read_pictures
from core.data.layouts.pointers import pointer_findings
from core.data.layouts.proposed import read_proposed
from core.data.layouts.spec import Layout, LayoutSpec
from core.data.refusal import Finding, InputRefusedError

LAYOUTS: dict[str, LayoutSpec] = {
    "coco": LayoutSpec("coco", "COCO annotation files and the pictures that they list", read_coco),
    "msd": LayoutSpec(
        "msd", "Medical Segmentation Decathlon: dataset.json and NIfTI files of several channels", read_msd
    ),
    "nnunet": LayoutSpec(
        "nnunet", "nnU-Net raw data: imagesTr with one numbered file per channel, labelsTr", read_nnunet
    ),
    "bids": LayoutSpec("bids", "BIDS: sub-*/anat, masks in derivatives", read_bids),
    "lgg": LayoutSpec("lgg", "LGG as on Kaggle: TCGA_…_N.tif with three sequences as channels, and masks", read_lgg),
    "brats": LayoutSpec("brats", "BraTS 2013-2024 folders, one NIfTI file per sequence", read_brats),
    "npy-pairs": LayoutSpec("npy-pairs", "NumPy slices and their masks, matched by name", read_npy_pairs),
    "dicom": LayoutSpec("dicom", "DICOM files of one or many studies, a folder or a disc", read_dicom_folder),
    "paired": LayoutSpec("paired", "pictures and their masks, matched by name", read_paired, general=True),
    "proposed": LayoutSpec(
        "proposed", "any folder of volumes: cases proposed from names, to be confirmed", read_proposed, True, True
    ),
    "pictures": LayoutSpec("pictures", "pictures without masks, a case each", read_pictures, True, True),
}


def read_layout(root: Path, name: str | None = None, called: str = "") -> Layout:
    """List the cases below `root`.

    Without a name the layouts that know their folders by sure signs are asked first, in the order of `LAYOUTS`; where
    several say yes, the first that has cases is taken and `why` names the others. The general ones are asked only
    then, and what is merely proposed has to be confirmed by its name.

    Args:
        root: a folder on this machine.
        name: the layout to read it as; None recognises it.
        called: what a sentence calls the folder, where its name is not the user's; empty calls it by its name.

    Raises:
        InputRefusedError: there is no such folder or layout, or nothing in it is recognised.
    """
    if name is not None and name not in LAYOUTS:
        raise _refused(f"the layout {name!r}", f"one of {', '.join(LAYOUTS)}", "name one of these with --layout")
    if root.is_file():
        raise _a_file(root)
    if not root.is_dir():
        raise _refused(f"no folder at {root.name!r}", "a folder with cases", "check the path")
    pointers = pointer_findings(root)
    try:
        layout = LAYOUTS[name].read(root) if name else _recognised(root)
    except InputRefusedError as error:
        raise InputRefusedError(*pointers, *error.findings) from None
    if layout is None and pointers:
        raise InputRefusedError(*pointers)
    if layout is None:
        files = "files named like BraTS-SSA-00002-000-t1c.nii.gz, or another known layout"
        expected = LAYOUTS[name].title if name else files
        fix = "check or rename them" if called else "check the folder or rename the files"
        raise _refused(f"no case in {called or repr(root.name)}", expected, fix)
    return replace(layout, findings=(*pointers, *layout.findings)) if pointers else layout


def _recognised(root: Path) -> Layout | None:
    matched: list[Layout] = []
    refused: list[InputRefusedError] = []
    for spec in LAYOUTS.values():
        if spec.general and (matched or refused):
            break
        try:
            layout = spec.read(root)
        except InputRefusedError as error:
            refused.append(error)
            continue
        if layout and spec.proposes:
            raise _to_confirm(layout)
        matched += [layout] if layout else []
    if not matched:
        if refused:
            raise refused[0]
        return None
    chosen = next((layout for layout in matched if layout.cases), matched[0])
    return _beside_others(chosen, [layout for layout in matched if layout is not chosen and layout.cases])


def _beside_others(chosen: Layout, others: list[Layout]) -> Layout:
    """Return a layout that says which others would have taken the folder, and warns where they hold other files."""
    if not others:
        return chosen
    names = " or ".join(layout.name for layout in others)
    why = f"{chosen.why}; it could be read as {names} too, which is less specific"
    left_out = [layout.name for layout in others if _has_more(layout, chosen)]
    if not left_out:
        return replace(chosen, why=why)
    found = f"files of more than one layout: {', '.join([chosen.name, *left_out])}"
    fix = f"{chosen.name} is taken, being the most specific; name another with --layout"
    finding = Finding("warning", "several_layouts", "", "", found, "one layout per folder", fix)
    return replace(chosen, why=why, findings=(finding, *chosen.findings))


def _has_more(layout: Layout, chosen: Layout) -> bool:
    """Tell whether a layout has cases of files that the chosen one neither took nor refused."""
    taken = {file for case in chosen.cases for source in case.sources.values() for file in source.files}
    refused = {finding.case for finding in chosen.findings}
    return any(
        case.case_id not in refused and not taken.intersection(source.file for source in case.sources.values())
        for case in layout.cases
    )


def _to_confirm(layout: Layout) -> InputRefusedError:
    """Return the refusal that shows a proposal: nothing goes in before somebody has said that it is right."""
    return InputRefusedError(*(replace(finding, severity="error") for finding in layout.findings))


def _a_file(path: Path) -> InputRefusedError:
    try:
        packed = is_archive(path)
    except OSError:  # nobody may read it
        packed = False
    fix = "unpack it, and name the folder that it becomes" if packed else "name the folder that it lies in"
    return _refused(f"the file {path.name!r}", "a folder with cases", fix)


def _refused(found: str, expected: str, fix: str) -> InputRefusedError:
    return InputRefusedError(Finding("error", "layout", "", "", found, expected, fix))
