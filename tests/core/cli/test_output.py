"""What the command line prints, and where."""

from __future__ import annotations

import contextlib
import json

import pytest

from core.cli.output import print_json, progress, report_failure
from core.errors import JobFailedError, RefusedError, UsageError


def test_progress_off_a_terminal_is_a_line_per_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    for done in range(1, 101):
        progress("case", done, 100)
    said = capsys.readouterr()
    assert said.err.splitlines() == [f"{done}/100 case" for done in range(10, 101, 10)]
    assert said.out == ""


def test_few_pieces_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    for done in range(4):
        progress("case", done, 3)
    assert capsys.readouterr().err.splitlines() == ["0/3 case", "1/3 case", "2/3 case", "3/3 case"]


@pytest.mark.parametrize(
    ("error", "code"), [(RefusedError("no"), 1), (UsageError("no"), 2), (JobFailedError("no"), 3), (OSError("no"), 3)]
)
def test_an_error_becomes_its_exit_code_and_a_sentence(
    capsys: pytest.CaptureFixture[str], error: Exception, code: int
) -> None:
    with contextlib.suppress(Exception):
        raise error  # so that it has a place where it was raised
    assert report_failure(error, as_json=True) == code
    said = capsys.readouterr()
    (line,) = said.out.splitlines()
    assert json.loads(line)["exit"] == code
    assert said.err.startswith("error: ")


def test_nan_never_becomes_json() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"x": float("nan")})
