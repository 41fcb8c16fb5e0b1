"""Instances are counted and matched as panoptica does it, whose answers an environment of its own wrote down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.metrics.instance_masks import PAIRS, random_instances
from core.metrics.components import label_components
from core.metrics.instance_counts import instance_counts
from core.metrics.instance_dice import instance_dice
from core.metrics.instance_f1 import instance_f1
from core.metrics.instances import InstanceMatch, match_instances
from tests.core.metrics.masks import pair

ORACLE = json.loads(
    (Path(__file__).parents[3] / "benchmarks/metrics/panoptica_oracle.json").read_text(encoding="utf-8")
)


def test_random_pairs() -> None:
    assert len(ORACLE["random"]) == PAIRS
    assert sum(answer["matched"] > 0 for answer in ORACLE["random"]) > PAIRS // 2
    for seed, theirs in enumerate(ORACLE["random"]):
        ours = pair(*random_instances(seed))
        assert instance_counts(ours) == {
            "instances_reference": theirs["reference"],
            "instances_predicted": theirs["prediction"],
            "instances_matched": theirs["matched"],
        }, seed
        assert instance_f1(ours) == pytest.approx(theirs["f1"], rel=1e-9)
        if theirs["matched"]:
            assert instance_dice(ours) == pytest.approx(theirs["dice"], rel=1e-9), seed


def test_vertebrae_as_components_of_one_mask(real_data: Path) -> None:
    prediction, reference = (spine(real_data / "instances_spine/semantic", side) > 0 for side in ("pred", "ref"))
    match = match_instances(label_components(prediction)[0], label_components(reference)[0])
    assert_same(match, ORACLE["instances_spine"]["semantic"])


def test_vertebrae_by_their_numbers(real_data: Path) -> None:
    prediction, reference = (spine(real_data / "instances_spine/unmatched_instance", side) for side in ("pred", "ref"))
    assert_same(match_instances(prediction, reference), ORACLE["instances_spine"]["unmatched_instance"])


def spine(folder: Path, side: str) -> Any:
    import nibabel

    return np.asarray(nibabel.load(folder / f"{side}.nii.gz").dataobj, np.uint8)


def assert_same(match: InstanceMatch, theirs: dict[str, Any]) -> None:
    counted = {"reference": match.reference, "prediction": match.prediction, "matched": match.matched}
    assert counted == {name: theirs[name] for name in counted}
    assert match.dice.mean() == pytest.approx(theirs["dice"], rel=1e-9)
