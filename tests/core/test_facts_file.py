"""What a user tells of cases in a table: kept with the cohort, and nothing else of the table is."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.evaluation.subgroups import case_facts
from core.importing.facts_file import FactsRefusedError, tell_facts
from core.workspace import Cohort, Workspace
from tests.cases import case_id


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "facts.csv"


def rows(head: str, *lines: str) -> str:
    return "\n".join((head, *lines)) + "\n"


def test_sites_are_kept_with_the_cohort(workspace: Workspace, small: Cohort, table: Path) -> None:
    first, second = list(small.cases)[:2]
    table.write_text(rows("case,site,field_strength", f"{first},A,3", f"{second},B,1.5 T"))
    tell_facts(workspace, "small", table)
    facts = case_facts(workspace.cohort("small"))
    assert (facts[first]["site"], facts[first]["field_strength"]) == ("A", "3 T")
    assert (facts[second]["site"], facts[second]["field_strength"]) == ("B", "1.5 T")
    assert [facts[case]["site"] for case in list(small.cases)[2:]] == [None] * 4


def test_a_later_table_replaces_its_columns_and_keeps_the_others(
    workspace: Workspace, small: Cohort, table: Path
) -> None:
    first = next(iter(small.cases))
    table.write_text(rows("case,site,vendor", f"{first},A,GE"))
    tell_facts(workspace, "small", table)
    table.write_text(rows("case;site", f"{first};B"), encoding="utf-8-sig")
    tell_facts(workspace, "small", table)
    facts = case_facts(workspace.cohort("small"))[first]
    assert (facts["site"], facts["vendor"]) == ("B", "GE")


def test_a_line_may_speak_of_a_patient_with_all_its_cases(workspace: Workspace, small: Cohort, table: Path) -> None:
    entry = next(iter(small.cases.values())).case
    table.write_text(rows("patient,site", f"{entry.patient_id},A"))
    tell_facts(workspace, "small", table)
    assert case_facts(workspace.cohort("small"))[entry.case_id]["site"] == "A"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the first column is not the key; expected case or patient, then any of site, scanner"),
        (rows("name,site", "x,A"), "the first column is not the key"),
        (rows("case,site,patient name", "CASE,A,Jane"), "1 unknown or repeated columns"),
        (rows("case,site,site", "CASE,A,B"), "0 unknown or repeated columns"),
        (rows("case", "CASE"), "0 unknown or repeated columns"),
        (rows("case,site", "someone,A"), "line 2 speaks of a case that cohort small lacks"),
        (rows("case,site", "CASE,A,B"), "line 2 has 3 fields, the first line 2"),
        (rows("case,site", "CASE,A", "CASE,B"), "line 3 contradicts an earlier line"),
        (rows("case,site", "CASE,"), "nothing is told of any case"),
        (rows("case,field_strength", "CASE,strong"), "line 2: a field strength that is no number of tesla"),
        (rows("case,field_strength", "CASE,0"), "line 2: a field strength that is no number of tesla"),
        (rows("case,site", "CASE,<b>A</b>"), "line 2: a site that is no short name"),
        (rows("case,site", f"CASE,{'x' * 41}"), "line 2: a site that is no short name"),
    ],
)
def test_a_table_that_is_none_is_refused_and_changes_nothing(
    workspace: Workspace, small: Cohort, table: Path, text: str, sentence: str
) -> None:
    table.write_text(text.replace("CASE", next(iter(small.cases))))
    with pytest.raises(FactsRefusedError, match=sentence) as refused:
        tell_facts(workspace, "small", table)
    assert "Jane" not in str(refused.value)
    assert "someone" not in str(refused.value), "a name of the table is not repeated"
    assert workspace.cohort("small") == small


def test_files_that_are_no_text_or_not_there_are_refused(workspace: Workspace, small: Cohort, table: Path) -> None:
    with pytest.raises(FactsRefusedError, match="cannot be read"):
        tell_facts(workspace, "small", table)
    table.write_bytes(b"case,site\n\xff\xfe,A\n")
    with pytest.raises(FactsRefusedError, match="no UTF-8 text"):
        tell_facts(workspace, "small", table)


def test_the_reference_is_counted_at_import(small: Cohort) -> None:
    facts = small.cases[case_id(1)].facts
    voxel_ml = 1.0 * 1.5 * 2.0 / 1000
    assert facts["volumes_ml"] == pytest.approx({name: n * voxel_ml for name, n in facts["reference_voxels"].items()})
    assert facts["reference_voxels"]["WT"] > facts["reference_voxels"]["TC"] > 0
