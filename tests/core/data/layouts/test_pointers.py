"""A checkout without its large files is called that, not a folder of damaged scans."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.data.layouts import read_layout
from core.data.refusal import InputRefusedError
from tests.cases import case_id, write_case

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"


def test_pointers_alone_are_refused_with_their_number(tmp_path: Path) -> None:
    for name in ("a.dcm", "b.dcm"):
        (tmp_path / name).write_text(POINTER)
    with pytest.raises(InputRefusedError, match=r"found 2 Git LFS pointer\(s\)"):
        read_layout(tmp_path)


def test_beside_a_whole_case_they_are_an_error_and_the_case_comes_in(tmp_path: Path) -> None:
    write_case(tmp_path, case_id(1), 1)
    (tmp_path / "b.dcm").write_text(POINTER)
    layout = read_layout(tmp_path)
    assert [case.case_id for case in layout.cases] == [case_id(1)]
    assert [finding.code for finding in layout.findings] == ["lfs_pointers"]


def test_a_small_file_that_is_none_is_not_counted(tmp_path: Path) -> None:
    write_case(tmp_path, case_id(1), 1)
    (tmp_path / "notes.txt").write_text("version 2")
    assert read_layout(tmp_path).findings == ()
