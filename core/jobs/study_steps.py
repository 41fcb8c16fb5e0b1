"""The steps of a study under way: `steps.json` in its job's folder, written again at each one.

    {"findings": [...], "series": [{"name", "shape", "spacing_mm", "picture"}, ...],
     "steps": [{"what": words, "state": "done" | "running" | "waiting", "began": epoch seconds or null,
                "seconds": number or null}, ...]}

A picture is a JPEG in base64. `series` and what waits are there for a study as the scanner left it: what will be done
to it is known beforehand, and how long each step takes of all of them.
"""

from __future__ import annotations

import base64
import io
import time
from typing import Any

from core.atomic import read_json, write_json
from core.jobs.finding_pictures import picture_of_image
from core.jobs.folder import JobFolder
from core.jobs.ready_case import RawStudy

STEPS = "steps.json"
READING = "read the files"
AFTER = ("segment", "carry the mask back", "write")
SIDE = 320  # pixels of a picture
# how long the steps of a real study took beside each other, in seconds on two cores; only their ratios count
SECONDS = {"align": 6.4, "resample": 0.3, "find the brain": 52.6, "segment": 7.4, "carry": 1.2, "write": 0.3}
OTHERS_S = 1.0


class StudySteps:
    """Writes down each step of a study as it begins and ends, and reckons how long the rest takes."""

    def __init__(self, job: JobFolder) -> None:
        """Begin with the reading of the files."""
        self._path = job.folder / STEPS
        self._is_shown = bool(job.request.get("shown", True))  # else nobody reads it
        self._document: dict[str, Any] = {"findings": [], "series": [], "steps": []}
        self._planned_since = 0.0
        self._weights: list[float] = []
        self.step(READING)

    def raw(self, raw: RawStudy) -> None:
        """Hear of a study that is about to be brought onto one grid: what was found, and all that will be done."""
        self._document["findings"] = [finding.to_json() for finding in raw.findings]
        self._document["series"] = [_series(raw, name) for name in raw.images]
        self._close()
        for what in (*raw.planned, *AFTER):
            self._document["steps"].append({"what": what, "state": "waiting", "began": None, "seconds": None})
        self._planned_since = time.time()
        self._weights = [weight_of(what) for what in (*raw.planned, *AFTER)]
        self._write()

    def step(self, what: str) -> None:
        """Hear that a step begins; the one before it has ended."""
        steps = self._document["steps"]
        if any(each["state"] == "running" and each["what"] == what for each in steps):
            return
        self._close()
        begun = {"what": what, "state": "running", "began": time.time(), "seconds": None}
        waiting = next((number for number, each in enumerate(steps) if each["state"] == "waiting"), None)
        if waiting is None:
            steps.append(begun)
        else:
            steps[waiting] = begun
        self._write()

    def finish(self) -> None:
        """Hear that all is done."""
        self._close()
        self._write()

    def share(self, within: float = 0.0) -> float | None:
        """Return how much of what was planned is done, 0 to 1; None where nothing was.

        Args:
            within: how much of the step in hand is.
        """
        if not self._weights:
            return None
        planned = self._document["steps"][-len(self._weights) :]
        done = {"done": 1.0, "running": within, "waiting": 0.0}
        parts = (done[each["state"]] * weight for each, weight in zip(planned, self._weights, strict=True))
        return sum(parts) / sum(self._weights)

    def left_s(self, within: float = 0.0) -> float | None:
        """Return how many seconds the rest takes if it goes on as it did; None before a planned step has ended."""
        share = self.share(within)
        return (time.time() - self._planned_since) * (1 - share) / share if share else None

    def _close(self) -> None:
        for each in self._document["steps"]:
            if each["state"] == "running":
                each["state"], each["seconds"] = "done", round(time.time() - each["began"], 2)

    def _write(self) -> None:
        if self._is_shown:
            write_json(self._path, self._document)


def weight_of(what: str) -> float:
    """Return how long a step takes beside the others, in seconds of the machine on which they were measured."""
    return next((seconds for words, seconds in SECONDS.items() if what.startswith(words)), OTHERS_S)


def study_steps(job: JobFolder) -> dict[str, Any] | None:
    """Return the steps of a study so far; None before its first."""
    try:
        found: dict[str, Any] = read_json(job.folder / STEPS)
    except FileNotFoundError:
        return None
    return found


def _series(raw: RawStudy, name: str) -> dict[str, Any]:
    from PIL import Image

    image = raw.images[name]
    geometry = image.grid.geometry()
    picture, ratio = picture_of_image(image)
    rows, columns = picture.shape[0] * ratio, picture.shape[1]
    scale = SIDE / max(rows, columns)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    square = Image.new("RGB", (SIDE, SIDE))
    resized = Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR)
    square.paste(resized, ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    drawn = io.BytesIO()
    square.save(drawn, "JPEG", quality=85)
    return {
        "name": name,
        "shape": list(image.grid.shape),
        "spacing_mm": [round(mm, 3) for mm in geometry.spacing_mm] if geometry else None,
        "picture": base64.b64encode(drawn.getvalue()).decode(),
    }
