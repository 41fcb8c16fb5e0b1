"""What an import did, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.workspace import Cohort


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
