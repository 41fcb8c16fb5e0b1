"""Two readers: their agreement is the same both ways, worked out by hand on a few voxels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pytest

from core.evaluation.agreement import agreement
from core.evaluation.case_mask import CaseMask, Made
from core.evaluation.mask_files import MaskRefusedError
from core.evaluation.scoring import Scoring
from core.metrics.empty_masks import POLICIES
from core.workspace import Cohort, CohortCase
from tests.cases import SHAPE, case_id

ONE, TWO, THREE = (case_id(n) for n in (1, 2, 3))
DICE = Scoring(("dice",))


@dataclass(frozen=True, eq=False)
class Ready:
    """A mask in memory, or one that cannot be read."""

    bits: npt.NDArray[np.uint8] | None

    def load(self) -> CaseMask:
        if self.bits is None:
            raise MaskRefusedError("a file that is torn")
        return CaseMask(self.bits, ("WT",))


@dataclass(frozen=True, eq=False)
class Reader:
    """A set of masks in memory: case to where the region's voxels are."""

    name: str
    drawn: dict[str, list[tuple[int, int, int]] | None] = field(default_factory=dict)
    regions: tuple[str, ...] = ("WT",)

    def mask_of(self, cohort: Cohort, case_id: str) -> Made | None:
        if case_id not in self.drawn:
            return None
        voxels = self.drawn[case_id]
        bits = np.zeros(SHAPE, np.uint8)
        for voxel in voxels or ():
            bits[voxel] = 1
        return Ready(None if voxels is None else bits)

    def to_json(self) -> dict[str, object]:
        return {}


A, B, C = (5, 5, 5), (6, 5, 5), (7, 5, 5)


def test_agreement_is_the_dice_of_two_masks_without_a_reference(small: Cohort) -> None:
    """Two of three voxels shared: 2 * 2 / (3 + 2)."""
    blind = {case: CohortCase(replace(e.case, reference=None), e.facts) for case, e in small.cases.items()}
    sets = [Reader("A", {ONE: [A, B, C], TWO: [A]}), Reader("B", {ONE: [A, B]})]
    (pair,) = agreement(replace(small, cases=blind), sets, list(small.cases), DICE).pairs
    assert pair["models"] == ["A", "B"]
    assert {case: regions["WT"]["dice"] for case, regions in pair["cases"].items()} == {ONE: pytest.approx(4 / 5)}
    assert (pair["summary"]["WT"]["dice"]["n"], set(pair["summary"]["WT"])) == (1, {"dice"})


def test_a_reader_who_drew_nothing_disagrees_whichever_of_the_two_it_is(small: Cohort) -> None:
    one, other = Reader("A", {ONE: [A], TWO: [], THREE: []}), Reader("B", {ONE: [], TWO: [A], THREE: []})
    for sets in ([one, other], [other, one]):
        (pair,) = agreement(small, sets, [ONE, TWO, THREE], DICE).pairs
        found = {case: regions["WT"]["dice"] for case, regions in pair["cases"].items()}
        assert found == {ONE: 0.0, TWO: 0.0, THREE: None}, "where both drew nothing there is nothing to agree on"
        assert pair["cases"][THREE]["WT"]["dice_reason"]
    (pair,) = agreement(small, [one, other], [ONE], DICE).pairs
    voxels = pair["cases"][ONE]["WT"]
    assert (voxels["prediction_voxels"], voxels["reference_voxels"]) == (1, 0), "the first model's, then the second's"


def test_only_symmetric_metrics_are_given(small: Cohort) -> None:
    sets = [Reader("A", {ONE: [A, B]}), Reader("B", {ONE: [B, C]})]
    scoring = Scoring(("dice", "precision", "recall", "hd95_mm"), POLICIES["brats"])
    (pair,) = agreement(small, sets, [ONE], scoring).pairs
    assert set(pair["summary"]["WT"]) == {"dice", "hd95_mm"}
    back = agreement(small, sets[::-1], [ONE], scoring).pairs[0]
    assert back["cases"][ONE]["WT"]["hd95_mm"] == pair["cases"][ONE]["WT"]["hd95_mm"]


def test_three_readers_are_three_pairs_and_one_that_cannot_be_read_is_named(small: Cohort) -> None:
    sets = [Reader("A", {ONE: [A]}), Reader("B", {ONE: [A]}), Reader("C", {ONE: None})]
    found = agreement(small, sets, [ONE], DICE)
    assert [pair["models"] for pair in found.pairs] == [["A", "B"], ["A", "C"], ["B", "C"]]
    assert [len(pair["cases"]) for pair in found.pairs] == [1, 0, 0]
    assert found.refused == {("C", ONE): "a file that is torn"}
