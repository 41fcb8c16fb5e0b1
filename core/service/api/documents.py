"""What the API says, as documents with a schema."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.inference.missing import costs_of_one
from core.jobs.folder import JobStatus, State
from core.jobs.segmentation_choices import NamedCheckpoint, export_formats
from core.jobs.segmentation_queue import kept_s
from core.jobs.segmentations import ENDED, SegmentationJob, eta_s, share_done
from core.jobs.standstill import why_it_stands_still


class Health(BaseModel):
    """That the server answers."""

    status: Literal["ok"] = "ok"


class Region(BaseModel):
    """What a checkpoint looks for."""

    name: str
    title: str


class Model(BaseModel):
    """A checkpoint that can segment."""

    name: str
    id: str
    title: str
    modalities: list[str]
    regions: list[Region]
    scheme: str
    plane: str
    leaks: bool = Field(description="whether its run's split leaked; its scores say little then")
    weights_licence: str
    data_licence: str
    without: dict[str, str] = Field(
        description="sequences of which a study may lack one, and what that costs; empty where all are needed"
    )


class Models(BaseModel):
    """Every checkpoint that can segment, and the formats that its masks can be had in."""

    models: list[Model]
    formats: dict[str, str] = Field(description="name to title")


class SegmentedCase(BaseModel):
    """What was found in one case."""

    model_config = ConfigDict(extra="allow")

    case: str
    volumes_ml: dict[str, float | None] = Field(description="ml per region; null without voxel sizes")


class Segmentation(BaseModel):
    """A study, how far it is, and what was found."""

    id: str
    state: State
    label: str = Field(description="what is being done now")
    progress: float = Field(description="0 to 1")
    slices_done: int = Field(description="slices that a network has segmented, of the case in hand")
    slices_total: int = Field(description="of how many; with several networks each counts; 0 before that is known")
    eta_s: float | None = Field(description="seconds it still takes; null before that can be told")
    position: int | None = Field(description="place among those that wait, from 1; null once it has begun")
    message: str = Field(description="why it failed, what could not be used, or why it does not go on")
    checkpoint: str = Field(description="as it was asked for; several, separated by commas, predicted as one")
    scheme: str | None
    options: dict[str, Any] = Field(description="of the prediction, as they were asked for")
    fast: bool = Field(description="whether bfloat16 was allowed")
    formats: list[str] = Field(description="made at once; others are made when they are asked for")
    created: str = Field(description="ISO 8601, UTC")
    deleted_after: str | None = Field(description="ISO 8601, UTC; null until it has ended")
    cases: list[SegmentedCase] | None = Field(description="null until it is done")
    refused: list[dict[str, str]] | None = Field(description="findings on what could not be used; null until done")


class Segmentations(BaseModel):
    """Every study, the oldest first."""

    segmentations: list[Segmentation]


def segmentation_document(job: SegmentationJob, status: JobStatus, position: int | None) -> Segmentation:
    """Describe a study."""
    asked = job.asked
    found: dict[str, Any] = job.document() if status.state == "done" else {}
    return Segmentation(
        id=job.id,
        state=status.state,
        label=status.label,
        progress=round(share_done(status), 4),
        slices_done=status.slices_done,
        slices_total=status.slices_total,
        eta_s=eta_s(status),
        position=position,
        message=status.message or _why_it_stands_still(job, status),
        checkpoint=asked.checkpoint,
        scheme=asked.scheme,
        options=asked.options,
        fast=asked.fast,
        formats=list(asked.formats),
        created=_moment(status.queued_at),
        deleted_after=_moment(status.heartbeat + kept_s()) if status.state in ENDED else None,
        cases=[SegmentedCase(**case) for case in found["cases"]] if found else None,
        refused=found["refused"] if found else None,
    )


def _why_it_stands_still(job: SegmentationJob, status: JobStatus) -> str:
    return "" if status.state in ENDED else why_it_stands_still(job.workspace, job.asked.device)


def model_document(named: NamedCheckpoint) -> Model:
    """Describe a checkpoint by what stands in its card."""
    card, spec = named.checkpoint.card, named.checkpoint.spec
    scheme = named.scheme
    return Model(
        name=named.name,
        id=named.checkpoint.id,
        title=card.title,
        modalities=list(spec.modalities),
        regions=[Region(name=region.name, title=region.title) for region in scheme.regions],
        scheme=scheme.name,
        plane=spec.plane,
        leaks=card.leaks,
        weights_licence=card.weights_licence,
        data_licence=card.data_licence,
        without=costs_of_one(named.checkpoint),
    )


def models_document(found: list[NamedCheckpoint]) -> Models:
    """Describe what there is to segment with."""
    return Models(models=[model_document(each) for each in found], formats=export_formats())


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
