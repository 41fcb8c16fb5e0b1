"""From a case's files to one volume that can be segmented, a study as the scanner left it included."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from core.case import Case
from core.data.gate import examine
from core.data.image import StoredImage
from core.data.load import CaseFiles, assemble, read_files
from core.data.refusal import Finding, InputRefusedError
from core.harmonise import Harmonised, Harmonising, planned_steps
from core.harmonise.noticing import WHOLE, why_raw
from core.importing import ImportChoices
from core.importing.naming import without_file_names
from core.importing.one_grid import on_one_grid, single_channels
from core.inference.cancelling import OnStep, tell_step
from core.inference.segment import Stopwatch
from core.volume import Grid, Volume

READ_AHEAD_BYTES = 256 * 1024**2  # a case larger than this waits until the one before it is done
AS_BEFORE = "take the study as it was aligned before"
STEPS_AFTER = 3  # segment, carry back, write


@dataclass(frozen=True, slots=True, eq=False)
class ReadyCase:
    """A case that passed the gate, on one grid.

    Attributes:
        case: what its sources are.
        volume: its channels.
        findings: warnings and notes about it.
        watch: seconds by step; the rest is added to it.
        harmonised: what was done to bring it onto one grid; None where nothing was.
        series: of a harmonised study, each series's own grid.
    """

    case: Case
    volume: Volume
    findings: tuple[Finding, ...]
    watch: Stopwatch
    harmonised: Harmonised | None = None
    series: Mapping[str, Grid] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class RawStudy:
    """A case whose series are about to be brought onto one grid.

    Attributes:
        case: what its sources are.
        images: series to its image, of one channel each, as the scanner left them.
        findings: that it was taken for a raw one, and why; empty where somebody asked for it.
        planned: what will be done, as it will be told.
    """

    case: Case
    images: Mapping[str, StoredImage]
    findings: tuple[Finding, ...]
    planned: tuple[str, ...]


# the case as it was brought onto one grid before, if it was, in the way that is asked for
FindAligned = Callable[[Case, Harmonising], "ReadyCase | None"]


def _never(_case: Case, _asked: Harmonising) -> ReadyCase | None:
    return None


def ready_case(
    case: Case,
    choices: ImportChoices,
    private: bool = False,
    brains: bool = False,
    files: CaseFiles | InputRefusedError | None = None,
    on_step: OnStep = lambda _what, _done, _total: None,
    on_raw: Callable[[RawStudy], None] = lambda _raw: None,
    find_aligned: FindAligned = _never,
) -> ReadyCase:
    """Read a case and bring it onto one grid where that was asked for, or where it is a study as the scanner left it.

    Args:
        case: which.
        choices: how it is read.
        private: call its files by their sequence.
        brains: it will be segmented by a model that knows brains alone; without, no study is taken for a raw one.
        files: what `read_files` gave of it or said, where somebody has read it already.
        on_step: told each step as it happens; it may ask to stop.
        on_raw: told of a study that is about to be brought onto one grid.
        find_aligned: knows it if that was done before; its files are not read again then.

    Raises:
        InputRefusedError: the case cannot be used.
        Cancelled: `on_step` asked to stop.
    """
    wanted = choices.harmonise or (WHOLE if brains else None)
    if wanted is not None and (before := find_aligned(case, wanted)) is not None:
        tell_step(on_step, AS_BEFORE, 0, 0)
        return before
    watch = Stopwatch()
    with _about(case, private):
        if files is None:
            tell_step(on_step, "read the files", 0, 0)
            files = read_files(case, reference=False)
        if isinstance(files, InputRefusedError):
            raise files
        single = single_channels(files)
        why = why_raw(single) if brains and choices.harmonise is None else ""
        noticed = (_was_raw(why),) if why else ()
        asked = WHOLE if why else choices.harmonise
        watch.lap("load")
        done, series = None, {}
        if asked:
            series = {name: image.grid for name, image in single.items()}
            on_raw(RawStudy(case, single, noticed, tuple(planned_steps(single, asked))))
            files, done = _harmonised(files, single, asked, on_step, watch)
        loaded = assemble(files, None)
        findings = [*noticed, *(done.findings if done else ()), *examine(loaded, None)]
        volume = loaded.volume
    about = [finding.about(case.case_id, "") for finding in findings]
    told = without_file_names(about, case) if private else tuple(about)
    del files, single, loaded  # a CT does not stay in memory twice
    watch.lap("load")
    return ReadyCase(case, volume, told, watch, done, series)


class HandedOver:
    """What was read of a case, which whoever takes it alone still holds: a CT does not stay in memory twice."""

    def __init__(self, found: CaseFiles | InputRefusedError) -> None:
        self._found: list[CaseFiles | InputRefusedError] = [found]

    def take(self) -> CaseFiles | InputRefusedError:
        """Return it, once."""
        return self._found.pop()


def read_ahead(cases: Sequence[Case]) -> Iterator[tuple[Case, HandedOver]]:
    """Yield each case with what its files hold, the next one being read meanwhile unless it is large."""
    with ThreadPoolExecutor(1) as pool:
        waiting: Future[CaseFiles] | None = None
        for number, case in enumerate(cases):
            found: CaseFiles | InputRefusedError
            try:
                found = waiting.result() if waiting else read_files(case, reference=False)
            except InputRefusedError as error:
                found = error
            waiting = None
            if number + 1 < len(cases) and _voxel_bytes(found) <= READ_AHEAD_BYTES:
                waiting = pool.submit(read_files, cases[number + 1], reference=False)
            handed = HandedOver(found)
            del found
            yield case, handed
            gc.collect(0)


def _voxel_bytes(found: CaseFiles | InputRefusedError) -> int:
    return 0 if isinstance(found, InputRefusedError) else sum(image.stored.nbytes for image in found.images.values())


def _harmonised(
    files: CaseFiles, single: Mapping[str, StoredImage], asked: Harmonising, on_step: OnStep, watch: Stopwatch
) -> tuple[CaseFiles, Harmonised]:
    running = ""

    def told(what: str, done: int, total: int) -> None:
        nonlocal running
        if running:
            watch.lap(running)
        running = what
        tell_step(on_step, what, done + 1, total + 1 + STEPS_AFTER)

    moved, outcome = on_one_grid(files, single, asked, told)
    watch.lap(running)
    return moved, outcome


def _was_raw(why: str) -> Finding:
    fix = "its series were aligned, brought onto 1 mm and stripped of the skull first; --as-is leaves them as they are"
    return Finding("note", "raw_study", "", "", f"a study as a scanner leaves it: {why}", "brains on one grid", fix)


@contextmanager
def _about(case: Case, private: bool) -> Iterator[None]:
    """Say of which case the gate complains, and call its files by their sequence where their names are private."""
    try:
        yield
        return
    except InputRefusedError as error:
        about = tuple(finding.about(case.case_id, "") for finding in error.findings)
    raise InputRefusedError(*(without_file_names(about, case) if private else about))
