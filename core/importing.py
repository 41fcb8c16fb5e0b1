"""Import a folder of cases into the workspace: gate, slice store, cohort."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from core.case import Case, Source
from core.data.formats.gzip_bounded import CHUNK
from core.data.gate import examine
from core.data.layouts import read_layout
from core.data.layouts.spec import Layout
from core.data.load import LoadedCase
from core.data.refusal import Finding, InputRefusedError
from core.data.store import SlicedCase, slice_case, write_case
from core.labels import LabelScheme, scheme_named
from core.workspace import Cohort, CohortCase, Workspace, safe_name

WORKERS = 2

OnCase = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did."""

    cohort: Cohort
    patients: int
    volumes: int
    slices: int
    air_share: float  # voxels outside the boxes / all

    def to_json(self) -> dict[str, Any]:
        refused = list(self.cohort.refused)
        return {
            "cohort": self.cohort.name,
            "layout": self.cohort.layout,
            "scheme": self.cohort.scheme.name,
            "cases": {"accepted": len(self.cohort.cases), "refused": refused},
            "patients": self.patients,
            "volumes": self.volumes,
            "slices": self.slices,
            "air_share": self.air_share,
            "findings": list(self.cohort.findings),
        }


def scheme_of(layout: Layout, name: str | None) -> LabelScheme:
    """Decide what a cohort's labels mean: what the user said, else what its names imply.

    Raises:
        InputRefusedError: neither says it.
        UnknownSchemeError: the name is not a scheme.
    """
    if chosen := name or layout.scheme:
        return scheme_named(chosen)
    raise InputRefusedError(
        Finding(
            "error",
            "scheme_unknown",
            "",
            "",
            "file names that do not say what the labels mean",
            "a label scheme (4 is enhancing tumour up to BraTS 2021 and resection cavity in 2024)",
            "name it with --scheme brats-2021, brats-2023, brats-2024, msd-task01 or binary",
        )
    )


def check_folder(
    source: Path, layout_name: str | None, scheme_name: str | None, on_case: OnCase
) -> tuple[Layout, list[Finding], int]:
    """Run the input gate alone.

    Returns:
        The layout, every finding, and how many cases are accepted.
    """
    layout = read_layout(source, layout_name)
    scheme = scheme_of(layout, scheme_name)
    findings, accepted = list(layout.findings), 0
    for number, case in enumerate(layout.cases):
        on_case(case.case_id, number, len(layout.cases))
        try:
            findings += examine(case, scheme)[1]
            accepted += 1
        except InputRefusedError as error:
            findings += error.findings
    return layout, findings, accepted


def import_folder(
    workspace: Workspace,
    source: Path,
    name: str,
    layout_name: str | None = None,
    scheme_name: str | None = None,
    public: bool = False,
    on_case: OnCase = lambda _case, _done, _total: None,
) -> ImportReport:
    """Import every acceptable case below `source`; refused ones are listed with their reasons.

    Files are kept where they are, by reference with size and hash; slices are cut into the store. The cohort
    appears in the workspace only when every case has been looked at.

    Raises:
        InputRefusedError: the folder is not understood, or no case is acceptable.
        NotInWorkspaceError: `name` cannot be a folder's name.
    """
    safe_name(name)
    layout = read_layout(source.resolve(), layout_name)
    scheme = scheme_of(layout, scheme_name)
    entries: dict[str, CohortCase] = {}
    findings = list(layout.findings)
    outcomes = _in_processes(partial(_store_case, workspace, name, scheme), layout.cases)
    for number, (case, outcome) in enumerate(zip(layout.cases, outcomes, strict=True)):
        on_case(case.case_id, number + 1, len(layout.cases))
        findings += outcome.findings
        if outcome.entry:
            entries[case.case_id] = outcome.entry
    errors = [finding for finding in findings if finding.severity == "error"]
    if not entries:
        raise InputRefusedError(*errors)
    cohort = Cohort(
        name=name,
        layout=layout.name,
        scheme=scheme,
        cases=entries,
        refused=tuple(finding.to_json() for finding in errors),
        findings=tuple(finding.to_json() for finding in findings if finding.severity != "error"),
        public=public,
    )
    workspace.write_cohort(cohort)
    return report_of(cohort)


def report_of(cohort: Cohort) -> ImportReport:
    """Count patients, volumes, slices and cropped air of a cohort."""
    facts = [entry.facts for entry in cohort.cases.values()]
    voxels = sum(fact["voxels"] for fact in facts)
    return ImportReport(
        cohort=cohort,
        patients=len({entry.case.patient_id for entry in cohort.cases.values()}),
        volumes=sum(len(entry.case.sources) for entry in cohort.cases.values()),
        slices=sum(fact["slices"]["axial"] for fact in facts),
        air_share=1 - sum(fact["box_voxels"] for fact in facts) / voxels if voxels else 0.0,
    )


@dataclass(frozen=True, slots=True)
class _Outcome:
    entry: CohortCase | None
    findings: tuple[Finding, ...]


def _in_processes(store: Callable[[Case], _Outcome], cases: Sequence[Case]) -> Iterator[_Outcome]:
    """Store cases side by side, in order; a single case is not worth a process."""
    if len(cases) == 1:
        yield store(cases[0])
        return
    # spawn: a fork of a process that holds threads may hang
    with ProcessPoolExecutor(min(WORKERS, len(cases)) or 1, mp_context=get_context("spawn")) as pool:
        yield from pool.map(store, cases)


def _store_case(workspace: Workspace, cohort: str, scheme: LabelScheme, case: Case) -> _Outcome:
    try:
        loaded, findings = examine(case, scheme)
    except InputRefusedError as error:
        return _Outcome(None, error.findings)
    sliced = slice_case(case.case_id, loaded.volume, loaded.reference, "axial")
    write_case(workspace.store_folder(cohort, case.case_id), sliced)
    return _Outcome(CohortCase(case, _facts(loaded, sliced, scheme)), tuple(findings))


def _facts(loaded: LoadedCase, sliced: SlicedCase, scheme: LabelScheme) -> dict[str, Any]:
    volume = loaded.volume
    x, y, z = volume.shape
    facts: dict[str, Any] = {
        "shape": [x, y, z],
        "spacing_mm": list(volume.geometry.spacing_mm) if volume.geometry else None,
        "affine": volume.geometry.affine.tolist() if volume.geometry else None,  # of the RAS+ voxels
        "axis_codes": volume.native.axis_codes,
        "grid": volume.native.to_json(),  # of the files
        "voxels": x * y * z,
        "box_voxels": sliced.box.size,
        "slices": {sliced.plane: len(sliced.slice_index)},
        "content_hashes": sliced.content,
        "files": {name: _file_facts(source) for name, source in loaded.case.sources.items()},
        "volumes_ml": None,
        "tumour_slice": None,
    }
    if loaded.reference is not None:
        area = [(loaded.reference >> bit & 1).sum(axis=(0, 1)) for bit in range(len(scheme.regions))]
        if volume.geometry:
            voxel_ml = volume.geometry.voxel_ml
            names = scheme.region_names
            facts["volumes_ml"] = {n: float(a.sum() * voxel_ml) for n, a in zip(names, area, strict=True)}
        facts["tumour_slice"] = int(area[0].argmax()) if area[0].any() else None
    return facts


def _file_facts(source: Source) -> dict[str, Any]:
    digest = hashlib.sha256()
    for file in source.files:
        with file.open("rb") as stream:
            while block := stream.read(CHUNK):
                digest.update(block)
    return {"bytes": sum(file.stat().st_size for file in source.files), "sha256": digest.hexdigest()}
