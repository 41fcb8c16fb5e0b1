"""What is on disk: cohorts, splits, runs, checkpoints, predictions. Paths and small JSON, no pixels."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.atomic import read_json, write_json
from core.case import SAFE_NAME, Case, Source
from core.data.leakage import NO_EVIDENCE, Audit, Evidence, OnCase, audit_split, gather_evidence
from core.data.splits import Split
from core.errors import RefusedError
from core.labels import LabelScheme, scheme_from_json, scheme_to_json
from core.volume import Geometry, Grid

PROJECT = Path(__file__).resolve().parent.parent
SHIPPED_CHECKPOINTS = PROJECT / "checkpoints"
RECIPES = PROJECT / "recipes"
COHORT_VERSION = 2


class NotInWorkspaceError(RefusedError):
    """A name that is not in the workspace; the message lists what is."""


@dataclass(frozen=True, slots=True)
class CohortCase:
    """One imported case: its files and what the import measured."""

    case: Case
    facts: Mapping[str, Any]

    @property
    def content(self) -> dict[str, str]:
        """Content hash of each channel that is not constant, by modality."""
        return dict(self.facts["content_hashes"])

    @property
    def geometry(self) -> Geometry | None:
        """Where the case's RAS+ voxels lie, without opening a file."""
        affine = self.facts["affine"]
        return None if affine is None else Geometry(np.array(affine, np.float64))

    @property
    def grid(self) -> Grid:
        """The grid of the case's files."""
        return Grid.from_json(self.facts["grid"])


@dataclass(frozen=True, slots=True)
class Cohort:
    """An imported set of cases that share one label scheme."""

    name: str
    layout: str
    scheme: LabelScheme
    cases: dict[str, CohortCase]
    refused: tuple[dict[str, str], ...]
    findings: tuple[dict[str, str], ...]
    public: bool  # made here or published: browsers may keep its volumes
    why: str = ""  # what its folder was taken for, and by what
    licence: str = ""  # of its data, as whoever imported it stated it

    @property
    def groups(self) -> dict[str, list[str]]:
        """Group id to case ids."""
        groups: dict[str, list[str]] = {}
        for case_id, entry in self.cases.items():
            groups.setdefault(entry.case.group_id, []).append(case_id)
        return groups

    @property
    def group_kind(self) -> str:
        kinds = {entry.case.group_kind for entry in self.cases.values()}
        return kinds.pop() if len(kinds) == 1 else "unknown"

    @property
    def group_word(self) -> str:
        """What a sentence counts: the kind of group, or cases where nobody knows which belong together."""
        return "case" if self.group_kind == "unknown" else self.group_kind

    @property
    def modalities(self) -> tuple[str, ...]:
        """What every case has, in the order of the first."""
        entries = list(self.cases.values())
        first = entries[0].case.sources if entries else {}
        return tuple(name for name in first if all(name in entry.case.sources for entry in entries))

    def audit(self, split: Split, evidence: Evidence = NO_EVIDENCE) -> Audit:
        """Look for leaks in a split by groups and hashes, and by `evidence` where the workspace has some."""
        groups = {case_id: entry.case.group_id for case_id, entry in self.cases.items()}
        content = {case_id: entry.content for case_id, entry in self.cases.items()}
        return audit_split(split, groups, content, evidence)

    def to_json(self) -> dict[str, Any]:
        return {
            "schema_version": COHORT_VERSION,
            "name": self.name,
            "layout": self.layout,
            "why": self.why,
            "scheme": scheme_to_json(self.scheme),
            "public": self.public,
            **({"licence": self.licence} if self.licence else {}),
            "cases": [_case_json(entry) for entry in self.cases.values()],
            "refused": list(self.refused),
            "findings": list(self.findings),
        }


class Workspace:
    """The folder where everything that is made lives."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def default(cls) -> Workspace:
        """Return `$SEGSCOPE_WORKSPACE`, or `workspace` in the current folder."""
        return cls(Path(os.environ.get("SEGSCOPE_WORKSPACE") or "workspace").resolve())

    def cohort_names(self) -> list[str]:
        return sorted(path.parent.name for path in self.root.glob("cohorts/*/cohort.json"))

    def cohort_folder(self, name: str) -> Path:
        return self.root / "cohorts" / safe_name(name)

    def cohort(self, name: str | None) -> Cohort:
        """Return one cohort; with None, the only one.

        Raises:
            NotInWorkspaceError: there is none of that name, or None was asked for and there are several.
        """
        names = self.cohort_names()
        if name is None and len(names) == 1:
            name = names[0]
        if name is None or name not in names:
            asked = (
                f"no cohort is called {name!r}" if name else f"{len(names)} cohorts are here; name one with --cohort"
            )
            raise NotInWorkspaceError(f"{asked}; known: {', '.join(names) or 'none (import one first)'}")
        return _cohort_from_json(read_json(self.cohort_folder(name) / "cohort.json"))

    def write_cohort(self, cohort: Cohort) -> None:
        write_json(self.cohort_folder(cohort.name) / "cohort.json", cohort.to_json())

    def split_path(self, cohort: str, name: str) -> Path:
        return self.cohort_folder(cohort) / "splits" / f"{safe_name(name)}.json"

    def split_names(self, cohort: str) -> list[str]:
        return sorted(path.stem for path in self.cohort_folder(cohort).glob("splits/*.json"))

    def split(self, cohort: str, name: str) -> Split:
        """Return one split of a cohort.

        Raises:
            NotInWorkspaceError: there is none of that name.
        """
        path = self.split_path(cohort, name)
        if not path.exists():
            known = ", ".join(self.split_names(cohort)) or "none (make one with: split COHORT)"
            raise NotInWorkspaceError(f"cohort {cohort} has no split called {name!r}; known: {known}")
        return Split.from_json(read_json(path))

    def audit(self, cohort: Cohort, split: Split, on_case: OnCase = lambda _case, _done, _total: None) -> Audit:
        """Look for leaks in a split of a cohort; what is costly is looked at once and kept beside the slices.

        Args:
            cohort: as it is to be audited.
            split: of it.
            on_case: told which case's slices were looked at for the first time, how many are done, and of how many.
        """
        evidence = gather_evidence(
            [entry.case for entry in cohort.cases.values()],
            store=lambda case_id: self.store_folder(cohort.name, case_id),
            private=lambda case_id: self.private_file(cohort.name, case_id),
            kept=self.cohort_folder(cohort.name) / "near-duplicates.json",
            on_case=on_case,
        )
        return cohort.audit(split, evidence)

    def stored_cohort(self, cohort: str) -> Path:
        """Where a cohort's slices are."""
        return self.root / "slices" / safe_name(cohort)

    def store_folder(self, cohort: str, case_id: str) -> Path:
        return self.stored_cohort(cohort) / safe_name(case_id)

    def kept_folder(self, cohort: str, case_id: str = "") -> Path:
        """Where copies of a cohort's sources are, or those of one case."""
        folder = self.root / "sources" / safe_name(cohort)
        return folder / safe_name(case_id) if case_id else folder

    def private_file(self, cohort: str, case_id: str) -> Path:
        """Where the identifiers of a case's DICOM source are kept (0600), for exports that refer to it."""
        return self.cohort_folder(cohort) / "private" / f"{safe_name(case_id)}.json"

    @property
    def downloads(self) -> Path:
        """Where a public data set that was fetched has a folder of its name."""
        return self.root / "downloads"

    @property
    def volumes(self) -> Path:
        return self.root / "volumes"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def jobs(self) -> Path:
        return self.root / "jobs"

    def run_names(self) -> list[str]:
        """Return the names of all runs, oldest first."""
        made = []
        for path in self.runs.glob("*/recipe.yaml"):
            with contextlib.suppress(FileNotFoundError):  # deleted while it was read
                made.append((path.stat().st_mtime, path.parent.name))
        return [name for _, name in sorted(made)]

    def run_folder(self, name: str) -> Path:
        """Return the folder of one run.

        Raises:
            NotInWorkspaceError: there is none of that name.
        """
        if name not in self.run_names():
            raise NotInWorkspaceError(f"no run is called {name!r}; known: {', '.join(self.run_names()) or 'none'}")
        return self.runs / name

    @property
    def made_checkpoints(self) -> Path:
        """Where checkpoints lie that were made from others: ensembles, and those with a fitted temperature."""
        return self.root / "checkpoints"

    def made_checkpoint(self, name: str) -> Path:
        return self.made_checkpoints / safe_name(name)

    def prediction_folder(self, checkpoint_id: str, input_id: str) -> Path:
        return self.root / "predictions" / safe_name(checkpoint_id) / safe_name(input_id)


def safe_name(name: str) -> str:
    """Return `name` if it can be a folder's name, whatever its source.

    Raises:
        NotInWorkspaceError: it holds a path separator, starts with a dot, or is otherwise no plain name.
    """
    if not SAFE_NAME.fullmatch(name):
        raise NotInWorkspaceError(f"{name!r} is not a name; expected letters, digits, '.', '_' and '-', at most 100")
    return name


def _case_json(entry: CohortCase) -> dict[str, Any]:
    case = entry.case
    return {
        "case_id": case.case_id,
        "patient_id": case.patient_id,
        "group_id": case.group_id,
        "group_kind": case.group_kind,
        "sources": {name: _source_json(source) for name, source in case.sources.items()},
        "reference": None if case.reference is None else _source_json(case.reference),
        "facts": dict(entry.facts),
    }


def _source_json(source: Source) -> dict[str, Any]:
    return {
        "files": [str(file) for file in source.files],
        "format": source.format,
        "channel": source.channel,
        "palette": None if source.palette is None else [list(colour) for colour in source.palette],
    }


def _source(data: dict[str, Any]) -> Source:
    palette = data["palette"]
    colours = None if palette is None else tuple((red, green, blue) for red, green, blue in palette)
    return Source(tuple(Path(file) for file in data["files"]), data["format"], data["channel"], colours)


def _cohort_from_json(data: dict[str, Any]) -> Cohort:
    if data["schema_version"] != COHORT_VERSION:
        raise NotInWorkspaceError(
            f"cohort {data['name']} is of version {data['schema_version']}; this program reads {COHORT_VERSION}: "
            "import it again"
        )
    cases = {}
    for entry in data["cases"]:
        case = Case(
            case_id=entry["case_id"],
            patient_id=entry["patient_id"],
            group_id=entry["group_id"],
            group_kind=entry["group_kind"],
            sources={name: _source(source) for name, source in entry["sources"].items()},
            reference=None if entry["reference"] is None else _source(entry["reference"]),
        )
        cases[case.case_id] = CohortCase(case, entry["facts"])
    return Cohort(
        name=data["name"],
        layout=data["layout"],
        scheme=scheme_from_json(data["scheme"]),
        cases=cases,
        refused=tuple(data["refused"]),
        findings=tuple(data["findings"]),
        public=data["public"],
        why=data["why"],
        licence=data.get("licence", ""),  # cohorts written before it could be stated have none
    )
