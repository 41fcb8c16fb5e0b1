"""Real cohorts to train recipes on, each imported once."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from core.data.phantom import cohort_traits, write_cohort
from core.importing import ImportChoices, import_folder
from core.labels import LabelScheme, Region
from core.splitting import make_split
from core.workspace import Cohort, Workspace

BLEEDS = tuple(f"bleed-{number}" for number in range(1, 6))  # what the five colours stand for is not said anywhere


@dataclass(frozen=True, slots=True)
class RealSet:
    """A set of real scans.

    Attributes:
        folder: below the folder of real scans.
        cases: the folders taken of it; none takes all.
        scheme: what its labels mean, where names do not say it.
    """

    folder: str
    cases: tuple[str, ...] = ()
    scheme: LabelScheme | None = None


HAEMORRHAGE = LabelScheme(
    "haemorrhage",
    dict(enumerate(BLEEDS, 1)),
    tuple(Region(name, name, (label,)) for label, name in enumerate(BLEEDS, 1)),
    tuple((name, label) for label, name in enumerate(BLEEDS, 1)),
)
REAL_SETS = {
    "africa": RealSet("brats_africa", tuple(f"BraTS-SSA-{number}-000" for number in ("00037", "00056", "00068"))),
    "lgg": RealSet("lgg/kaggle_3m"),
    "haemorrhage": RealSet("ct_2d/haemorrhage", scheme=HAEMORRHAGE),
    "polygons": RealSet("coco/polygons_cc0"),
    "lung": RealSet("ct_2d/lung_2d/tif"),
}
PHANTOMS = 3

Imported = Callable[[str], tuple[Workspace, Cohort]]


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """A training takes the process's signals, and forbids operations that are not deterministic."""
    import torch

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    deterministic = torch.get_deterministic_debug_mode()
    yield
    torch.set_deterministic_debug_mode(deterministic)
    for number, action in before.items():
        signal.signal(number, action)


@pytest.fixture(scope="session")
def imported(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """Import a cohort by its name in `REAL_SETS`, or `phantoms`, and split it 70/15/15; each once a session."""
    root = tmp_path_factory.mktemp("recipes")

    @cache
    def cohort(name: str) -> tuple[Workspace, Cohort]:
        workspace = Workspace(root / name / "workspace")
        if name == "phantoms":
            source = root / name / "files"
            write_cohort(source, cohort_traits(PHANTOMS))
            choices = ImportChoices()
        else:
            chosen = REAL_SETS[name]
            source = real_data / chosen.folder
            if chosen.cases:
                some = root / name / "files"
                for case in chosen.cases:
                    shutil.copytree(source / case, some / case)
                source = some
            choices = ImportChoices(scheme=chosen.scheme)
        found = import_folder(workspace, source, name, choices).cohort
        make_split(workspace, name, "default", None, "70/15/15", 0)
        return workspace, found

    return cohort
