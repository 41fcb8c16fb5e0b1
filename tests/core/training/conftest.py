"""Trainings in this process: a narrow net, eight steps, half a second."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from core.training.process import run_training
from core.training.runs.run_folder import RunFolder
from core.training.start import create_run, plan_run
from core.workspace import Cohort, Workspace
from tests import narrow

Start = Callable[..., RunFolder]
Train = Callable[..., list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """A training takes the process's signals; a test gives them back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, action in before.items():
        signal.signal(number, action)


@pytest.fixture
def start(workspace: Workspace, small: Cohort) -> Start:
    """Make a run of the narrow recipe on the small cohort; sections of the recipe may be changed."""

    def made(**sections: Mapping[str, Any]) -> RunFolder:
        recipe = narrow.recipe(**sections)
        return create_run(workspace, recipe, plan_run(workspace, recipe, small.name, "default", None))

    return made


@pytest.fixture
def train(workspace: Workspace) -> Train:
    """Train a run in this process to its end, and return its events; `on_event` sees each as it comes."""

    def trained(run: RunFolder, on_event: Callable[[dict[str, Any]], None] | None = None) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []

        def emit(event: dict[str, Any]) -> None:
            events.append(event)
            if on_event:
                on_event(event)

        run_training(workspace, run, "cpu", emit)
        return events

    return trained
