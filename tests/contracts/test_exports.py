"""What every registered export promises, for everything that it says it can write."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.checkpoints import Checkpoint
from core.export import EXPORTS, ExportSpec, MaskOnGrid, UnknownExportError, export_named
from core.export.report import Comparison
from core.volume import Grid
from tests import narrow
from tests.core.export.report.sample import comparison


def mask_on_grid() -> MaskOnGrid:
    affine = np.array([[-1.0, 0, 0, 9], [0, 2.0, 0, -3], [0, 0, 3.0, 5], [0, 0, 0, 1]])
    labels = np.zeros((4, 5, 6), np.uint8)
    labels[1:3, 2:4, 3] = 2
    return MaskOnGrid(labels, Grid(shape=(4, 5, 6), affine=affine, sform_code=1, qform_code=0))


def checkpoint() -> Checkpoint:
    return narrow.checkpoint(Path(tempfile.mkdtemp()) / "narrow")


# of each type that any export says it can write, one to be written
SAMPLES: dict[type, Callable[[], Any]] = {MaskOnGrid: mask_on_grid, Comparison: comparison, Checkpoint: checkpoint}


def everything() -> Iterator[Any]:
    for name, spec in EXPORTS.items():
        for kind in spec.of:
            for suffix in spec.suffixes:
                yield pytest.param(spec, kind, suffix, id=f"{name}-{kind.__name__}{suffix}")


def test_every_entry_is_called_by_its_name() -> None:
    assert [name for name, spec in EXPORTS.items() if spec.name != name] == []


@pytest.mark.parametrize("spec", EXPORTS.values(), ids=EXPORTS)
def test_it_says_what_it_writes_and_what_its_files_end_in(spec: ExportSpec) -> None:
    assert spec.title
    assert spec.of
    assert set(spec.of) <= SAMPLES.keys(), "give the new type a sample here"
    assert spec.suffix == spec.suffixes[0]
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in spec.suffixes)


@pytest.mark.parametrize(("spec", "kind", "suffix"), list(everything()))
def test_one_file_appears_or_is_replaced_and_the_same_content_gives_the_same_bytes(
    spec: ExportSpec, kind: type, suffix: str, tmp_path: Path
) -> None:
    one, other = tmp_path / f"one{suffix}", tmp_path / f"other{suffix}"
    other.write_bytes(b"what was there before")
    for path in (one, other):
        spec.write(path, SAMPLES[kind]())
    assert sorted(path.name for path in tmp_path.iterdir()) == [one.name, other.name]
    assert one.read_bytes()
    assert one.read_bytes() == other.read_bytes()


def test_an_unknown_name_answers_with_the_known_ones() -> None:
    with pytest.raises(UnknownExportError, match="no export is called 'docx'; known: nifti, report"):
        export_named("docx")
