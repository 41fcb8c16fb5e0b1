"""Scores equal what the two official BraTS programs gave for the same masks; their answers were written down once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.metrics.brats_official import PACKAGE, PROGRAM, SCHEME, SCORING
from benchmarks.metrics.scenarios import REGIONS, disturbed
from core.data.load import load_label_file
from core.evaluation.scoring import score_case

CASES = json.loads((Path(__file__).parents[3] / "benchmarks/metrics/brats_official.json").read_text(encoding="utf-8"))[
    "cases"
]


@pytest.mark.parametrize(
    ("seed", "case"), [pytest.param(n, case, marks=pytest.mark.slow if n else []) for n, case in enumerate(CASES)]
)
def test_a_disturbed_reference(real_data: Path, seed: int, case: str) -> None:
    reference, grid = load_label_file(real_data / f"brats_africa/{case}/{case}-seg.nii.gz", SCHEME)
    bits = np.ascontiguousarray(reference)
    ours = score_case(disturbed(bits, seed), bits, REGIONS, grid.geometry(), scoring=SCORING)
    for region in REGIONS:
        for peer, names in (("BraTS-2023-Metrics", PROGRAM), ("brats-evaluation", PACKAGE)):
            for name in names:
                assert ours[region][name] == pytest.approx(CASES[case][region][peer][name], rel=1e-6), (region, name)
