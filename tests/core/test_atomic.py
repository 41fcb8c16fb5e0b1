"""Writes happen whole or not at all."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from core.atomic import new_folder, read_json, replacing, write_json


class PowerCutError(Exception):
    """Something ends a write half way."""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_that_fails_half_way_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    path.write_bytes(b"old")
    with contextlib.suppress(PowerCutError), replacing(path) as stream:
        stream.write(b"new, but not all of")
        raise PowerCutError
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["status.json"]


def test_while_a_file_is_written_readers_see_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    path.write_bytes(b"old")
    with replacing(path) as stream:
        stream.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_a_folder_that_fails_half_way_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "step-10"
    with new_folder(folder) as new:
        (new / "weights").write_bytes(b"old")
    with contextlib.suppress(PowerCutError), new_folder(folder) as new:
        (new / "weights").write_bytes(b"half")
        raise PowerCutError
    assert (folder / "weights").read_bytes() == b"old"
    assert names(tmp_path) == ["step-10"]


def test_a_new_folder_takes_the_place_of_a_full_one(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    for content in ("first", "second"):
        with new_folder(folder) as new:
            (new / content).mkdir()
            (new / content / "file").write_text(content)
    assert names(folder) == ["second"]
    assert names(tmp_path) == ["case"]


def test_json_comes_back_as_it_went_and_never_holds_nan(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "facts.json"
    write_json(path, {"a": [1, 2.5, None], "ä": "é"})
    assert read_json(path) == {"a": [1, 2.5, None], "ä": "é"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"loss": float("nan")})
    assert read_json(path) == {"a": [1, 2.5, None], "ä": "é"}
