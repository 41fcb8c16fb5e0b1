"""What a test asks of a run that has ended."""

from __future__ import annotations

from typing import Any

from core.checkpoints import WEIGHTS
from core.training.runs.run_folder import RunFolder


def notes(run: RunFolder) -> list[tuple[int, str]]:
    """Return what happened to a run, and after which step."""
    return [(record["step"], record["what"]) for record in run.metrics() if record["kind"] == "note"]


def steps(run: RunFolder) -> dict[int, dict[str, Any]]:
    """Return what was measured of each step."""
    return {record["step"]: record for record in run.metrics() if record["kind"] == "step"}


def weights(run: RunFolder) -> bytes:
    """Return the weights of a run's last checkpoint."""
    last = run.pointed("last")
    assert last is not None
    return (last / WEIGHTS).read_bytes()
