"""The palette that a cohort's masks share outlives the import: it is kept with each case."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.case import Case, Source
from core.labels import SCHEMES
from core.volume import Grid
from core.workspace import Cohort, CohortCase, Workspace


@pytest.mark.parametrize("palette", [None, (), ((0, 0, 0), (255, 0, 0), (0, 65535, 7))])
def test_a_palette_is_read_back_as_it_was_written(
    tmp_path: Path, palette: tuple[tuple[int, int, int], ...] | None
) -> None:
    reference = Source((tmp_path / "a_mask.png",), "picture", palette=palette)
    case = Case("a", "a", "a", "source image", {"image": Source((tmp_path / "a.png",), "picture")}, reference)
    facts = {"content_hashes": {}, "affine": None, "grid": Grid((2, 2, 1)).to_json()}
    cohort = Cohort("c", "paired", SCHEMES["binary"], {"a": CohortCase(case, facts)}, (), (), public=False)
    workspace = Workspace(tmp_path / "workspace")
    workspace.write_cohort(cohort)
    assert workspace.cohort("c").cases["a"].case == case
