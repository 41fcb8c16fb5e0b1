"""A label scheme written down by the user is read as meant, or the sentence says what to write instead."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.data import limits
from core.data.label_files import SchemeFileError, load_scheme, scheme_of_name_or_file
from core.labels import SCHEMES, LabelScheme, UnknownLabelError, UnknownSchemeError

TISSUE = """
labels:
  0: background
  1: grey matter
  2: white matter
  400: lesion
regions:
  - {name: brain, title: brain tissue, labels: [1, 2, 400]}
  - {name: lesion, labels: [400]}
"""


def written(folder: Path, text: str, name: str = "tissue.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def refused(folder: Path, text: str, name: str = "tissue.yaml") -> str:
    with pytest.raises(SchemeFileError) as error:
        load_scheme(written(folder, text, name))
    return str(error.value)


def test_labels_and_regions_are_read_as_written(tmp_path: Path) -> None:
    scheme = load_scheme(written(tmp_path, TISSUE))
    assert scheme.name == "tissue"
    assert scheme.labels == {1: "grey matter", 2: "white matter", 400: "lesion"}
    assert [(r.name, r.title, r.labels) for r in scheme.regions] == [
        ("brain", "brain tissue", (1, 2, 400)),
        ("lesion", "lesion", (400,)),
    ]
    assert scheme.to_regions(np.array([0, 1, 2, 400])).tolist() == [0, 0b01, 0b01, 0b11]
    assert scheme.to_labels(np.array([0b01, 0b11], np.uint8)).tolist() == [1, 400]


def test_without_regions_each_label_is_one(tmp_path: Path) -> None:
    scheme = load_scheme(written(tmp_path, "name: eye\nlabels: {2: left eye (OS), 7: Hornhaut, 9: 晶状体}"))
    assert scheme.name == "eye"
    assert [(r.name, r.title, r.labels) for r in scheme.regions] == [
        ("left-eye-OS", "left eye (OS)", (2,)),
        ("Hornhaut", "Hornhaut", (7,)),
        ("label-9", "晶状体", (9,)),
    ]


def test_json_says_the_same_and_its_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    document = {"labels": {"1": "a", "2": "b"}, "regions": [{"name": "both", "labels": [1, 2]}]}
    path = tmp_path / "pair.json"
    path.write_text(json.dumps(document), encoding="utf-8-sig")
    assert load_scheme(path).regions[0].labels == (1, 2)


def test_a_label_in_no_region_is_known_and_read_as_background(tmp_path: Path) -> None:
    """Truth of 2013 marks tissues 1 to 3, oedema 4 and tumour 5: only the last two are wanted."""
    text = "labels: {1: wm, 2: gm, 3: csf, 4: oedema, 5: tumour}\nregions: [{name: WT, labels: [4, 5]}]"
    scheme = load_scheme(written(tmp_path, text))
    assert scheme.to_regions(np.arange(6)).tolist() == [0, 0, 0, 0, 1, 1]
    with pytest.raises(UnknownLabelError, match=r"found label value\(s\) 6, 7; tissue knows"):
        scheme.to_regions(np.arange(8))


def test_a_scheme_of_a_file_survives_in_a_record(tmp_path: Path) -> None:
    scheme = load_scheme(written(tmp_path, TISSUE))
    assert LabelScheme.from_json(json.loads(json.dumps(scheme.to_json()))) == scheme


def test_a_scheme_is_asked_for_by_name_or_by_file(tmp_path: Path) -> None:
    assert scheme_of_name_or_file("binary") is SCHEMES["binary"]
    assert scheme_of_name_or_file(str(written(tmp_path, TISSUE))).name == "tissue"
    with pytest.raises(UnknownSchemeError, match=r"called 'brats'; known: brats-2021.* ends in \.yaml or \.yml or"):
        scheme_of_name_or_file("brats")
    with pytest.raises(SchemeFileError, match=r"no scheme file at .*No such file"):
        scheme_of_name_or_file(str(tmp_path / "none.yaml"))


def test_nine_regions_are_refused_with_how_to_group_them(tmp_path: Path) -> None:
    text = "labels: {" + ", ".join(f"{n}: part {n}" for n in range(1, 10)) + "}"
    assert refused(tmp_path, text) == (
        "tissue.yaml: found 9 regions; expected at most 8; group them under regions: [{name: ..., labels: [1, 2]}, ...]"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "found no labels; expected labels: {1: name, 2: name}"),
        ("[1, 2]", "found no labels"),
        ("labels: {}", "found labels {}; expected labels: {1: name"),
        ("labels: {0: background}", "found background alone"),
        ("labels: {0: air, 1: a}", "found 0 called 'air'; 0 is always background"),
        (
            "labels: {oedema: 1}",
            "found the label value 'oedema'; expected a whole number up to 65535, written as value",
        ),
        ("labels: {70000: a}", "found the label value 70000"),
        ("labels: {-1: a}", "found the label value -1"),
        ("labels: {yes: a}", "found the label value True"),
        ("labels: {1.0: a}", "found 1.0 before a colon"),
        ("labels: {1: ''}", "found '' as the name of label 1; expected 1 to 60 characters"),
        ("labels: {1: [a]}", "found ['a'] as the name of label 1"),
        ('labels: {1: "a\\u202eb"}', "as the name of label 1"),
        ("labels: {1: a, 1: b}", "found '1' twice"),
        ("labels: {1: a}\nlabels: {2: b}", "found 'labels' twice"),
        ("labels: {1: a}\ncolours: red", "found the field 'colours'; expected name, labels and regions"),
        ("name: binary\nlabels: {1: a}", "found the name binary, which is taken"),
        ("name: ../up\nlabels: {1: a}", "found the name '../up'"),
        ("labels: {1: a, 2: A}", "found two regions called 'a'"),
        ("labels: {1: a}\nregions: a", "found regions 'a'; expected a list"),
        ("labels: {1: a}\nregions: [a]", "found the region 'a'"),
        ("labels: {1: a}\nregions: [{name: x y, labels: [1]}]", "found the region name 'x y'"),
        ("labels: {1: a}\nregions: [{name: x, labels: 1}]", "found 1 as labels of region x; expected some of 1"),
        ("labels: {1: a}\nregions: [{name: x, labels: [2]}]", "found label 2 in region x"),
        ("labels: {1: a", "found a file that is not YAML"),
        ("labels: !!python/object/apply:os.getcwd []", "found a file that is not YAML"),
        ("labels: &a {1: *a}", "found a file that is not YAML"),
        ("[" * 5000, "found a file that is not YAML"),
    ],
)
def test_whatever_is_wrong_is_said_with_what_to_write(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in refused(tmp_path, text)


def test_json_that_is_none_or_says_a_label_twice_is_refused(tmp_path: Path) -> None:
    assert "not JSON" in refused(tmp_path, "labels: {1: a}", "x.json")
    assert "found '1' twice" in refused(tmp_path, '{"labels": {"1": "a", "1": "b"}}', "x.json")


def test_a_list_that_stands_for_a_billion_values_is_not_written_out(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert len(refused(tmp_path, "\n".join([*lines, "labels: *a9"]))) < 400
    assert len(refused(tmp_path, "\n".join([*lines, "labels: {? *a9 : b}"]))) < 400


def test_a_file_larger_than_any_list_of_names_is_not_read(tmp_path: Path) -> None:
    text = "labels: {1: a} #" + "x" * limits.MAX_SCHEME_BYTES
    assert "found more than 65,536 bytes" in refused(tmp_path, text)
