"""A cohort of any size whose cases are one phantom under many names, each with facts of its own."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

from core.atomic import read_json, write_json
from core.data.phantom import cohort_traits, write_cohort
from core.importing import ImportChoices, import_folder
from core.workspace import Workspace

NAME = "many"
SPACINGS_MM = ([1.0, 1.0, 1.0], [0.9, 0.9, 2.0], [1.2, 1.2, 1.2])


def make_cohort(workspace: Workspace, count: int) -> None:
    """Import one phantom and register `count` copies of it.

    The copies differ in name, volumes, voxel size and content hashes, so that nothing that is kept of one serves
    another; their slices are links to the phantom's.
    """
    folder = workspace.root / "files"
    write_cohort(folder, cohort_traits(1))
    import_folder(workspace, folder, "one", ImportChoices(public=True))
    document = read_json(workspace.cohort_folder("one") / "cohort.json")
    (phantom,) = document["cases"]
    stored = workspace.store_folder("one", phantom["case_id"])
    linked = workspace.stored_cohort(NAME)
    linked.mkdir(parents=True)
    rng = random.Random(0)
    document["name"] = NAME
    document["cases"] = [_copied(phantom, number, rng) for number in range(count)]
    document["findings"] = [_finding(case["case_id"]) for case in document["cases"][::7]]
    for case in document["cases"]:
        (linked / case["case_id"]).symlink_to(Path(stored))
    write_json(workspace.cohort_folder(NAME) / "cohort.json", document)


def _copied(phantom: dict[str, Any], number: int, rng: random.Random) -> dict[str, Any]:
    case = copy.deepcopy(phantom)
    patient = f"BraTS-MNY-{number:05d}"
    case |= {"case_id": f"{patient}-000", "patient_id": patient, "group_id": patient}
    facts = case["facts"]
    facts["volumes_ml"] = {region: round(rng.uniform(0, 200), 3) for region in facts["volumes_ml"]}
    facts["spacing_mm"] = rng.choice(SPACINGS_MM)
    facts["content_hashes"] = {name: f"{rng.getrandbits(256):064x}" for name in facts["content_hashes"]}
    return case


def _finding(case_id: str) -> dict[str, str]:
    return {
        "severity": "note",
        "code": "empty_region",
        "case": case_id,
        "file": f"{case_id}-seg.nii.gz",
        "found": "no enhancing tumour in the reference",
        "expected": "most cases have some",
        "fix": "nothing to do: the empty-mask policy applies",
    }
