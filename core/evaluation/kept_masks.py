"""Masks made elsewhere, brought into the workspace so that pages show them beside checkpoints.

`predictions-elsewhere/<cohort>/<name>/` holds `masks.json` and, per case, `mask.json` and `bits.npy`: region bits on
the case's own grid, cut to the box that holds them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.atomic import new_folder, read_json, write_json
from core.evaluation.case_mask import Bits, CaseMask, Made
from core.evaluation.mask_files import MaskRefusedError, read_mask
from core.evaluation.masks_elsewhere import LEAKAGE_UNKNOWN, MaskFolder, MasksElsewhereError
from core.labels import scheme_to_json
from core.volume import Box
from core.workspace import Cohort, Workspace, safe_name

VERSION = 1
ABOUT = "masks.json"
OF_CASE = "mask.json"
BITS = "bits.npy"

OnCase = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class KeptMasks:
    """A set of masks in the workspace.

    Attributes:
        folder: where it is.
        name: what tables call it.
        regions: the name of each bit.
        sha256: over the voxels of all its masks.
        cases: the cases that it has a mask of.
        about: what `to_json` says.
    """

    folder: Path
    name: str
    regions: tuple[str, ...]
    sha256: str
    cases: tuple[str, ...]
    about: Mapping[str, Any]

    def case_folder(self, case_id: str) -> Path:
        """Return where a case's mask is, and what is computed from it is kept."""
        return self.folder / safe_name(case_id)

    def mask_of(self, cohort: Cohort, case_id: str) -> Made | None:
        """Return where the mask of a case is read from; None where there is none of these voxels."""
        if case_id not in self.cases:
            return None
        folder = self.case_folder(case_id)
        same = read_json(folder / OF_CASE)["content"] == cohort.cases[case_id].content
        return KeptMask(folder, self.regions) if same else None

    def to_json(self) -> dict[str, Any]:
        return dict(self.about)


@dataclass(frozen=True, slots=True)
class KeptMask:
    """One mask of the workspace."""

    folder: Path
    regions: tuple[str, ...]

    def load(self) -> CaseMask:
        kept = read_json(self.folder / OF_CASE)
        box = Box(tuple(kept["box"]["start"]), tuple(kept["box"]["stop"]))
        x, y, z = kept["shape"]
        return CaseMask(box.paste(np.load(self.folder / BITS), (x, y, z)), self.regions)


def keep_masks(
    workspace: Workspace, cohort: Cohort, found: MaskFolder, on_case: OnCase = lambda _case, _done, _total: None
) -> KeptMasks:
    """Read every mask of a folder and keep it in the workspace; a set of that name is replaced as a whole.

    A file that cannot be used is left out and named; the others are kept.

    Args:
        workspace: where to.
        cohort: whose cases they are of.
        found: what `find_masks` returned.
        on_case: told which case is read, how many have been, of how many.

    Raises:
        MasksElsewhereError: none of the files can be used.
        NotInWorkspaceError: its name cannot be a folder's.
    """
    folder = _folder(workspace, cohort.name) / safe_name(found.name)
    hashes: dict[str, str] = {}
    refused: list[dict[str, str]] = []
    with new_folder(folder) as new:
        for number, (case_id, source) in enumerate(found.files.items(), 1):
            on_case(case_id, number, len(found.files))
            try:
                bits = read_mask(source, found.scheme, cohort.cases[case_id].grid, found.called[case_id])
            except MaskRefusedError as error:
                refused.append({"case": case_id, "reason": str(error)})
                continue
            hashes[case_id] = _write(new / safe_name(case_id), bits, cohort.cases[case_id].content)
        if not hashes:
            raise MasksElsewhereError(f"{found.name}: none of {len(refused)} masks can be used: {refused[0]['reason']}")
        about = {
            "model": found.name,
            "scheme": scheme_to_json(found.scheme),
            "cases": len(hashes),
            "sha256": _together(hashes),
            "unmatched_files": list(found.unmatched),
            "cases_without_file": list(found.without_file),
            "leakage": LEAKAGE_UNKNOWN,
            "refused": refused,
        }
        regions = list(found.scheme.region_names)
        document = {"schema_version": VERSION, "regions": regions, "masks": hashes, "about": about}
        write_json(new / ABOUT, document)
    return read_masks(folder)


def kept_masks(workspace: Workspace, cohort: str) -> dict[str, KeptMasks]:
    """Return the sets of masks that a cohort has, by name."""
    found = sorted(_folder(workspace, cohort).glob(f"*/{ABOUT}"))
    return {path.parent.name: read_masks(path.parent) for path in found if not path.parent.name.startswith(".")}


def read_masks(folder: Path) -> KeptMasks:
    """Read what a set of masks is; no voxel.

    Raises:
        MasksElsewhereError: it was written by another version.
    """
    document = read_json(folder / ABOUT)
    if document["schema_version"] != VERSION:
        raise MasksElsewhereError(
            f"{folder.name} is of version {document['schema_version']}; this program reads {VERSION}: bring it in again"
        )
    about = document["about"]
    return KeptMasks(folder, folder.name, tuple(document["regions"]), about["sha256"], tuple(document["masks"]), about)


def _folder(workspace: Workspace, cohort: str) -> Path:
    return workspace.root / "predictions-elsewhere" / safe_name(cohort)


def _write(folder: Path, bits: Bits, content: Mapping[str, str]) -> str:
    """Write one mask and return the SHA-256 over its shape and bits."""
    box = Box.around(bits != 0) or Box((0, 0, 0), (0, 0, 0))
    digest = hashlib.sha256(np.array(bits.shape, "<i8").tobytes())
    digest.update(np.ascontiguousarray(bits).data)
    folder.mkdir()
    np.save(folder / BITS, box.crop(bits))
    place = {"start": list(box.start), "stop": list(box.stop)}
    found = {"shape": list(bits.shape), "box": place, "sha256": digest.hexdigest(), "content": dict(content)}
    write_json(folder / OF_CASE, found)
    return digest.hexdigest()


def _together(hashes: Mapping[str, str]) -> str:
    return hashlib.sha256("\n".join(f"{case} {each}" for case, each in sorted(hashes.items())).encode()).hexdigest()
