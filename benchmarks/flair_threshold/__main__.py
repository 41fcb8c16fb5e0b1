"""Tune a FLAIR threshold for the whole tumour on some patients and score it on the others.

`python -m benchmarks.flair_threshold SRC --split split.json` scores each test case of the split's folds with the
settings that were best on that fold's other cases. Without `--split` every patient is tested once with
settings tuned on all others. The scores are written as JSON; `--json` prints them too.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.flair_threshold.baseline import BASELINES, Image, Mask, Settings, segment
from benchmarks.flair_threshold.tuning import best_settings, dice_of_every_setting
from core.case import Case
from core.data.layouts import read_layout
from core.data.load import load_case
from core.data.splits import Fold, Split
from core.evaluation.scoring import CaseScores, score_case
from core.evaluation.summary import summarise
from core.evaluation.tables import table
from core.labels import LabelScheme, scheme_named
from core.volume import Geometry

HERE = Path(__file__).parent
FLAIR, REGION = "t2f", "WT"


@dataclass(frozen=True, slots=True, eq=False)
class Patient:
    """What the baseline sees of a case, and what it should find."""

    group_id: str
    flair: Image
    whole_tumour: Mask
    geometry: Geometry | None


def read_patient(case: Case, scheme: LabelScheme) -> Patient:
    """Read the FLAIR and the whole tumour of one case.

    Raises:
        InputRefusedError: a file is damaged, or the grids disagree.
        ValueError: the case has no reference mask.
    """
    loaded = load_case(replace(case, sources={FLAIR: case.sources[FLAIR]}), scheme)
    if loaded.reference is None:
        raise ValueError(
            f"{case.case_id} has no reference mask, expected one to tune and score on; leave it out of SRC"
        )
    bit = scheme.region_names.index(REGION)
    whole_tumour = ((loaded.reference >> bit) & 1) != 0
    return Patient(case.group_id, loaded.volume.values(0), whole_tumour, loaded.volume.geometry)


def leave_one_out(patients: Mapping[str, Patient]) -> tuple[Fold, ...]:
    """Test every group once, tuned on all others."""
    folds = []
    for group in dict.fromkeys(patient.group_id for patient in patients.values()):
        test = tuple(case for case, patient in patients.items() if patient.group_id == group)
        folds.append(Fold(tuple(case for case in patients if case not in test), (), test))
    return tuple(folds)


def run(patients: Mapping[str, Patient], folds: tuple[Fold, ...], group_kind: str) -> dict[str, Any]:
    """Tune on each fold's training and validation cases, score its test cases, and summarise."""
    grids = {name: dice_of_every_setting(patient.flair, patient.whole_tumour) for name, patient in patients.items()}
    scores: dict[str, dict[str, CaseScores]] = {baseline: {} for baseline in BASELINES}
    tuned: list[dict[str, Any]] = []
    for index, fold in enumerate(folds):
        seen = [case for case in (*fold.train, *fold.validation) if case in patients]
        for baseline, allowed in BASELINES.items():
            settings, dice = best_settings((grids[case] for case in seen), allowed)
            tuned.append({"fold": index, "baseline": baseline, "mean_dice_tuned_on": dice, **settings.to_json()})
            scores[baseline] |= {case: score(patients[case], settings) for case in fold.test if case in patients}
    groups = {name: patient.group_id for name, patient in patients.items()}
    return {"tuned": tuned, **summarise(scores, groups, group_kind)}


def score(patient: Patient, settings: Settings) -> CaseScores:
    """Segment one patient and score the whole tumour."""
    found = segment(patient.flair, settings)
    return score_case(found.astype(np.uint8), patient.whole_tumour.astype(np.uint8), (REGION,), patient.geometry)


def main() -> None:
    """Read, tune, score, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flair_threshold", description=__doc__)
    parser.add_argument("src", type=Path, help="a folder of BraTS cases")
    parser.add_argument("--split", type=Path, help="a split file; each patient in turn without it")
    parser.add_argument("--scheme", help="what the labels mean, where the file names do not say")
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    parser.add_argument("--json", action="store_true", help="print the document instead of the table")
    arguments = parser.parse_args()
    layout = read_layout(arguments.src)
    if (name := arguments.scheme or layout.scheme) is None:
        parser.error("the file names do not say what the labels mean; name the scheme with --scheme")
    split = Split.from_json(json.loads(arguments.split.read_text())) if arguments.split else None
    wanted = (
        None
        if split is None
        else {case for fold in split.folds for case in (*fold.train, *fold.validation, *fold.test)}
    )
    cases = [case for case in layout.cases if wanted is None or case.case_id in wanted]
    patients = {case.case_id: read_patient(case, scheme_named(name)) for case in cases}
    folds = split.folds if split else leave_one_out(patients)
    document = run(patients, folds, split.group_kind if split else cases[0].group_kind)
    arguments.out.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n")
    print(json.dumps(document, indent=2) if arguments.json else table(document))


if __name__ == "__main__":
    main()
