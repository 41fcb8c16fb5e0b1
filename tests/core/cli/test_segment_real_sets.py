"""Real pictures, from an import to a mask on files that the checkpoint has never seen: grid, codes and names."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchmarks.segment_real.checks import check
from benchmarks.segment_real.held_out import held_out, lay_out, seen_by
from benchmarks.segment_real.sets import SETS, RealSet
from benchmarks.segment_real.trained import TrainedRun, scheme_file
from core.workspace import Workspace
from tests import narrow
from tests.core.cli.conftest import Ask

pytestmark = pytest.mark.slow

# a few of each: what matters is how they are stored
FILES = {
    "lgg": "TCGA_HT_7[46]*/*[0-9]_1[0-5]*.tif",
    "ct-liver": "*/flipped_1000[1-4]_*.jpg",
    "ct-kidney": "*/100[34][0178]_[1-4]?*.png",
    "ct-lung": "*/ID_00*.tif",
    "ct-haemorrhage": "*/1[234]501*.png",
}


@pytest.mark.parametrize("name", FILES)
def test_real_pictures_are_segmented_on_their_own_pixels_by_a_checkpoint_that_never_saw_them(
    ask: Ask, workspace: Workspace, real_data: Path, tmp_path: Path, name: str
) -> None:
    real = next(each for each in SETS if each.name == name)
    folder = _some_of(real_data / real.folder, FILES[name], tmp_path / "set")
    scheme = ("--scheme", scheme_file(real, tmp_path)) if real.labels else ()
    assert ask("import", folder, "--cohort", real.cohort, *scheme).code == 0
    assert ask("split", real.cohort, "--ratios", "60/0/40").code == 0
    run = _trained(ask, real)
    cases = held_out(real, folder, [run])
    assert cases
    assert [seen_by(held, workspace) for held in cases] == [[]] * len(cases)
    source = lay_out(cases, folder, tmp_path / "scans")
    assert not [file for file in source.rglob("*") if "mask" in str(file.relative_to(source))]
    answer = ask("segment", source, "--checkpoint", run.run, "--out", tmp_path / "out", "--keep-names", "--json")
    assert answer.code == 0
    masks = {Path(file).name: Path(file) for file in answer.document["files"]}
    codes = set(range(len(real.labels) + 1)) if real.labels else {0, 1}
    assert set(masks) == {f"{held.case.case_id}_seg.nii.gz" for held in cases}
    found = [check(masks[f"{held.case.case_id}_seg.nii.gz"], held.case, codes)["wrong"] for held in cases]
    assert found == [[]] * len(cases)


def _some_of(source: Path, pattern: str, into: Path) -> Path:
    for file in source.glob(pattern):
        (into / file.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, into / file.relative_to(source))
    return into


def _trained(ask: Ask, real: RealSet) -> TrainedRun:
    """Train the recipe's data and target for four steps with a network of a thousand weights."""
    arguments = [f"model.arguments={json.dumps(narrow.ARGUMENTS)}", "data.input_size=64", "max_steps=4"]
    settings = [word for setting in (*arguments, "train.batch_size=2") for word in ("--set", setting)]
    answer = ask("train", real.recipe, "--cohort", real.cohort, "--device", "cpu", *settings)
    assert answer.code == 0
    name = json.loads(answer.out.splitlines()[-1])["run"]
    split = json.loads((Workspace.default().root / "runs" / name / "split.json").read_text())
    parts = (tuple(split[part]) for part in ("train", "validation", "test"))
    return TrainedRun(name, real.recipe, 0, 4, 4, 0.0, *parts)
