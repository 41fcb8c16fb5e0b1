"""The verbs `facts` and `split` when a cohort comes from several sites."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.workspace import Cohort, Workspace
from tests.core.cli.conftest import Ask


@pytest.fixture
def sites(small: Cohort, tmp_path: Path) -> Path:
    path = tmp_path / "sites.csv"
    lines = [f"{case},{'AB'[number % 2]}" for number, case in enumerate(small.cases)]
    path.write_text("\n".join(["case,site", *lines]))
    return path


def test_facts_are_counted_and_a_site_is_asked_to_be_a_pseudonym(ask: Ask, small: Cohort, sites: Path) -> None:
    assert "Site             not known" in ask("facts", "small").out
    answer = ask("facts", "small", sites)
    assert answer.code == 0
    assert "Site             A: 3; B: 3" in answer.out
    assert "call a site by a pseudonym" in answer.out
    document = ask("facts", "small", "--json").document
    assert (document["cohort"], document["cases"], document["axes"]["site"]) == ("small", 6, {"A": 3, "B": 3})
    assert document["axes"]["vendor"] == {}


def test_one_fold_tests_each_site(ask: Ask, workspace: Workspace, small: Cohort, sites: Path) -> None:
    ask("facts", "small", sites)
    answer = ask("split", "small", "--name", "sites", "--leave-one-out", "site")
    assert answer.code == 0
    assert "fold 0: 2 train, 1 validation, 3 test (site A)" in answer.out
    assert "fold 1: 2 train, 1 validation, 3 test (site B)" in answer.out
    assert "audit: clean" in answer.out
    split = workspace.split("small", "sites")
    assert split.left_out == ("site A", "site B")
    assert set(split.folds[0].test) == set(list(small.cases)[::2])


def test_folds_get_their_share_of_each_site(ask: Ask, workspace: Workspace, small: Cohort, sites: Path) -> None:
    ask("facts", "small", sites)
    document = ask("split", "small", "--name", "even", "--folds", 3, "--stratify", "site,has_ET", "--json").document
    assert document["stratified_by"] == ["site", "has_ET"]
    first = set(list(small.cases)[::2])
    assert [len(first & set(fold["test"])) for fold in document["folds"]] == [1, 1, 1]


def test_a_plain_split_is_written_as_before(ask: Ask, small: Cohort) -> None:
    document = ask("split", "small", "--name", "plain", "--json").document
    assert set(document) == {"schema_version", "group_kind", "seed", "folds", "audit"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--leave-one-out", "site"), "site is not known of 6 of 6 cases"),
        (("--stratify", "scanner"), "scanner is not known of 6 of 6 cases"),
        (("--leave-one-out", "age"), "cannot leave out one age; expected one of site, scanner"),
        (("--stratify", "age"), "cannot stratify by age"),
    ],
)
def test_missing_facts_are_said_in_a_sentence(ask: Ask, small: Cohort, options: tuple[str, ...], sentence: str) -> None:
    answer = ask("split", "small", "--name", "other", *options)
    assert answer.code == 1
    assert sentence in answer.err


def test_leaving_out_and_folds_exclude_each_other(ask: Ask, small: Cohort) -> None:
    assert ask("split", "small", "--leave-one-out", "site", "--folds", 3).code == 2
