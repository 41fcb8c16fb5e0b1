"""What `status.json` says of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from core.training.runs.liveness import Birth

State = Literal["queued", "running", "paused", "stopped", "done", "failed"]
ACTIVE: tuple[State, ...] = ("queued", "running")
HEARTBEAT_S = 1.0
SCHEMA_VERSION = 1


@dataclass(slots=True)
class Status:
    """What a run is doing.

    Attributes:
        run: its name.
        state: where it is in its life; `queued` is waiting for its device, or on its way to it.
        kind: of job.
        pid: the process that trains it, or trained it last.
        pid_started: that process's birth.
        step: finished optimiser steps.
        total_steps: steps it will have, 0 until that is known.
        steps_per_epoch: 0 until that is known.
        loss: of the last step.
        learning_rate: of the last step.
        slices_per_s: over the last steps.
        elapsed_s: how long the present process has trained.
        eta_s: how long it still takes, as far as one knows.
        heartbeat: seconds since the epoch when this was written; nothing is decided by it.
        message: why it failed, or paused by itself.
        device: where it is trained: `auto` until it is queued or started.
        queued_at: its place in the queue, lower first, and about the seconds since the epoch when it was put there;
            0 where it never was.
        compute: device and precision, once chosen.
        parameters: how many its network has.
        started_at: seconds since the epoch when its present or last process began.
        earlier_s: how long its earlier processes trained.
        schema_version: of this file.
    """

    run: str
    state: State = "queued"
    kind: str = "train"
    pid: int = 0
    pid_started: Birth = 0.0
    step: int = 0
    total_steps: int = 0
    steps_per_epoch: int = 0
    loss: float | None = None
    learning_rate: float | None = None
    slices_per_s: float | None = None
    elapsed_s: float = 0.0
    eta_s: float | None = None
    heartbeat: float = 0.0
    message: str = ""
    device: str = "auto"
    queued_at: float = 0.0
    compute: dict[str, Any] = field(default_factory=dict)
    parameters: int = 0
    started_at: float = 0.0
    earlier_s: float = 0.0
    schema_version: int = SCHEMA_VERSION

    @classmethod
    def from_json(cls, run: str, document: dict[str, Any]) -> Status:
        """Read a status; one of another schema reads as a failed run that says so."""
        version = document.get("schema_version", 1)
        if version != SCHEMA_VERSION:
            return cls(run, "failed", message=newer_sentence(run, "status", version), schema_version=version)
        return cls(**{name: value for name, value in document.items() if name in cls.__slots__})

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in Status.__slots__}


def newer_sentence(run: str, what: str, version: object) -> str:
    """Say that something of a run was written by another version of the program."""
    return f"{run}: its {what} is of schema {version}; this program reads schema {SCHEMA_VERSION}: update it"
