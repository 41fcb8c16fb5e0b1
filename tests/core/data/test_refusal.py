"""A finding is one sentence, and the error that carries findings survives the way from another process."""

from __future__ import annotations

import copy

from core.data.refusal import Finding, InputRefusedError
from core.errors import JobFailedError, RefusedError, UsageError

GRID = Finding("error", "grid_mismatch", "p1", "p1-t1c.nii", "shape 2 × 2 × 2", "3 × 3 × 3", "resample it")


def test_a_finding_says_where_what_expected_and_what_to_do() -> None:
    assert GRID.sentence == "p1-t1c.nii: found shape 2 × 2 × 2; expected 3 × 3 × 3; resample it."
    nowhere = Finding("error", "layout", "", "", "no folder", "a folder", "check the path")
    assert nowhere.sentence == "found no folder; expected a folder; check the path."


def test_an_error_says_all_its_findings() -> None:
    assert str(InputRefusedError(GRID, GRID)) == f"{GRID.sentence} {GRID.sentence}"


def test_an_error_comes_back_whole_from_another_process() -> None:
    """`copy` takes the road that errors take between processes: class and arguments, then the state."""
    back = copy.copy(InputRefusedError(GRID))
    assert back.findings == (GRID,)
    assert str(back) == GRID.sentence


def test_exit_codes_are_those_of_the_command_line() -> None:
    assert (RefusedError.exit_code, UsageError.exit_code, JobFailedError.exit_code) == (1, 2, 3)
    assert issubclass(InputRefusedError, RefusedError)
