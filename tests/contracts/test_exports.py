"""What every registered export promises, for everything that it says it can write."""

from __future__ import annotations

import contextlib
import gzip
import re
import resource
import signal
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.checkpoints import Checkpoint
from core.export import (
    EXPORTS,
    RESEARCH_ONLY,
    ExportSpec,
    MaskOnGrid,
    NotWrittenError,
    SegmentedCase,
    SegmentedRegion,
    UnknownExportError,
    export_named,
)
from core.export.report import Comparison
from core.volume import Grid
from tests import narrow
from tests.core.export.report.sample import comparison
from tests.core.export.segmented import FIRST, changed, on_series, segmented


def mask_on_grid() -> MaskOnGrid:
    affine = np.array([[-1.0, 0, 0, 9], [0, 2.0, 0, -3], [0, 0, 3.0, 5], [0, 0, 0, 1]])
    labels = np.zeros((4, 5, 6), np.uint8)
    labels[1:3, 2:4, 3] = 2
    return MaskOnGrid(labels, Grid(shape=(4, 5, 6), affine=affine, sform_code=1, qform_code=0))


def checkpoint() -> Checkpoint:
    return narrow.checkpoint(Path(tempfile.mkdtemp()) / "narrow")


def of_one_modality() -> SegmentedCase:
    case = segmented()
    return changed(case, images={"t2f": case.images["t2f"]})


# of each type that any export says it can write, one to be written
SAMPLES: dict[type, Callable[[], Any]] = {
    MaskOnGrid: mask_on_grid,
    Comparison: comparison,
    Checkpoint: checkpoint,
    SegmentedCase: lambda: on_series(of_one_modality()),
    SegmentedRegion: lambda: SegmentedRegion(segmented(), "TC"),
}


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


def of_a_case(without: str = "") -> Iterator[Any]:
    for name, spec in EXPORTS.items():
        for kind in {SegmentedCase, SegmentedRegion} & set(spec.of):
            for suffix in (each for each in spec.suffixes if each != without):
                yield pytest.param(spec, kind, suffix, id=f"{name}{suffix}")


@pytest.mark.parametrize(("spec", "kind", "suffix"), list(of_a_case()))
def test_every_file_of_a_case_says_which_checkpoint_made_it_and_what_it_is_not_for(
    spec: ExportSpec, kind: type, suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"one{suffix}"
    spec.write(path, SAMPLES[kind]())
    said = text_of(path)
    assert RESEARCH_ONLY.rstrip(".") in said or suffix == ".stl"  # 80 bytes in all
    assert "not for diagnosis" in said
    assert FIRST[:12] in said
    if suffix != ".stl":
        assert FIRST in said
        assert "narrow" in said


def text_of(path: Path) -> str:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    if path.suffix == ".pdf":
        import pypdfium2

        pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content)]
        return re.sub(r"[\r\n\x02\ufffe]+", "", "".join(pages))  # a hash is broken where the line ends
    return content.decode("latin-1")


@pytest.mark.parametrize(("spec", "kind", "suffix"), list(of_a_case(without=".pdf")))
def test_neither_clock_nor_place_nor_person_is_in_any_file_of_a_case(
    spec: ExportSpec, kind: type, suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"one{suffix}"
    spec.write(path, SAMPLES[kind]())
    said = text_of(path)
    for word in (str(tmp_path), f"{date.today():%Y%m%d}", f"{date.today():%Y-%m-%d}"):  # noqa: DTZ011
        assert word not in said
    assert "1.2.3.6" not in said or suffix == ".dcm"  # the source's identifiers


@pytest.mark.parametrize(("spec", "kind", "suffix"), list(of_a_case(without=".pdf")))
def test_a_full_disk_is_a_sentence_and_leaves_what_was_there_before(
    spec: ExportSpec, kind: type, suffix: str, tmp_path: Path
) -> None:
    """Files of this process end after two hundred bytes, as they do where the disk has no more room."""
    path = tmp_path / f"one{suffix}"
    path.write_bytes(b"before")
    sample = SAMPLES[kind]()
    with (
        room_for(200),
        pytest.raises(NotWrittenError, match=f"one{suffix} was not written, for the disk is full or takes no"),
    ):
        spec.write(path, sample)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@contextlib.contextmanager
def room_for(count: int) -> Iterator[None]:
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.parametrize(("spec", "kind", "suffix"), list(of_a_case(without=".pdf")))
def test_a_folder_that_is_a_file_is_a_sentence(spec: ExportSpec, kind: type, suffix: str, tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(NotWrittenError, match="choose a folder that can be written"):
        spec.write(tmp_path / "out" / f"one{suffix}", SAMPLES[kind]())


@pytest.mark.parametrize("name", [name for name, spec in EXPORTS.items() if SegmentedCase in spec.of])
def test_an_empty_mask_is_written_too(name: str, tmp_path: Path) -> None:
    labels = np.zeros(segmented().bits.shape, np.uint8)
    path = tmp_path / f"one{EXPORTS[name].suffix}"
    case = changed(on_series(segmented(labels=labels)))
    assert EXPORTS[name].why_not(case) == ""
    EXPORTS[name].write(path, case)
    assert path.stat().st_size


def test_an_unknown_name_answers_with_the_known_ones() -> None:
    with pytest.raises(UnknownExportError, match="no export is called 'docx'; known: nifti, nifti-probabilities, "):
        export_named("docx")
