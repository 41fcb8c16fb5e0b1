"""The verb that downloads."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from core.data.addresses import DATA_SETS, Checksum, DataSet
from core.fetch import fetchable
from tests.core.cli.conftest import Ask
from tests.core.data.hostile_archives import zip_of
from tests.core.data.serving import Site, serving

ZIP = zip_of({"a.txt": b"one"})


@pytest.mark.usefixtures("workspace_dir")
def test_fetch_says_where_it_is_how_it_was_verified_and_what_comes_next(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Site(ZIP)) as site:
        checksum = Checksum("sha256", hashlib.sha256(ZIP).hexdigest(), "its publisher")
        monkeypatch.setitem(DATA_SETS, "small", DataSet("Small", site.url, checksum, None, None, "CC0"))
        answer = ask("fetch", "small")
        assert answer.code == 0
        assert "its SHA256 is the one stated by its publisher" in answer.out
        folder = Path(answer.out.split()[0])
        assert (folder / "a.txt").read_text() == "one"
        assert f"next: python -m core import {folder} --cohort small" in answer.out
        assert "MB of small" in answer.err
        assert ask("fetch", "small", "--json").document["path"] == str(folder)


def test_without_a_name_it_lists_what_there_is(ask: Ask) -> None:
    assert [row["name"] for row in ask("fetch", "--json").document] == list(fetchable())
    assert "msd-brain-tumour  Medical Segmentation Decathlon" in ask("fetch").out


@pytest.mark.usefixtures("workspace_dir")
def test_an_unknown_name_is_refused_and_an_unreachable_server_is_a_failed_job(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask("fetch", "nothing").code == 1
    nowhere = DataSet("Nowhere", "http://127.0.0.1:9/set", None, None, None, "CC0")
    monkeypatch.setitem(DATA_SETS, "nowhere", nowhere)
    answer = ask("fetch", "nowhere")
    assert answer.code == 3
    assert "cannot be reached" in answer.err
