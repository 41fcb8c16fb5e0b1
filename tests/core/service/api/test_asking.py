"""What a form may ask for: everything that the command can be told of one study, several checkpoints included."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.cli import main
from core.errors import UsageError
from core.jobs import segmentation_queue as queue
from core.jobs.worker import Worker
from core.service.api.asking import FIELDS, form_schema, request_from
from core.workspace import Workspace
from tests import narrow
from tests.core.jobs.studies_to_segment import NAME, study_files
from tests.core.service.api.test_studies import parts, said

OTHER = "other"


@pytest.mark.parametrize("sent", [["a", "b", "c"], ["a,b,c"], [" a , b", "", "c,"]])
def test_checkpoints_are_named_in_fields_of_their_own_or_between_commas(sent: list[str]) -> None:
    assert request_from({"checkpoint": sent}).checkpoint == "a,b,c"


def test_what_the_command_can_be_told_can_be_asked() -> None:
    options = '{"tta": true, "planes": ["axial", "coronal"]}'
    asked = request_from({"checkpoint": ["a"], "options": [options], "fast": ["true"], "as_is": ["true"]})
    assert asked.inference.tta
    assert asked.inference.planes == ("axial", "coronal")
    assert (asked.fast, asked.as_is) == (True, True)
    plain = request_from({"checkpoint": ["a"]})
    assert (plain.fast, plain.as_is, plain.inference.to_json()) == (False, False, {}), "as the command without options"


@pytest.mark.parametrize("text", ["yes", "True", "1", "truetrue"])
def test_only_true_and_false_are_truth(text: str) -> None:
    with pytest.raises(UsageError, match=r"'fast' is .*; expected true or false"):
        request_from({"checkpoint": ["a"], "fast": [text]})


def test_a_layout_that_there_is_not_is_refused_before_the_study_waits() -> None:
    with pytest.raises(UsageError, match=r"no layout is called 'zzz'; known: .*brats.*; left out, it is recognised"):
        request_from({"checkpoint": ["a"], "layout": ["zzz"]})
    assert request_from({"checkpoint": ["a"], "layout": ["brats"]}).layout == "brats"


def test_the_form_is_described_field_by_field() -> None:
    form = form_schema()["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert set(form) == {"files", *FIELDS}
    assert form["checkpoint"]["type"] == "array"
    assert form["fast"]["enum"] == ["true", "false"]


def bring(client: TestClient, folder: Path, **fields: Any) -> str:
    answer = client.post("/api/segmentations", files=parts(folder), data=fields)
    assert answer.status_code == 202, answer.text
    return str(answer.headers["location"])


def work(place: Workspace) -> None:
    job = queue.claim(place, "cpu")
    assert job is not None
    Worker(place, "cpu").do(job)


def test_several_checkpoints_give_the_mean_that_the_command_gives(
    client: TestClient, place: Workspace, tmp_path: Path
) -> None:
    narrow.checkpoint(place.made_checkpoint(OTHER), seed=1)
    location = bring(client, tmp_path, checkpoint=[NAME, OTHER])
    work(place)
    document = client.get(location).json()
    assert (document["state"], document["message"]) == ("done", "")
    assert document["checkpoint"] == f"{NAME},{OTHER}"
    folder, out = study_files(tmp_path)[0].parent, tmp_path / "out"
    assert main(["segment", str(folder), "--checkpoint", f"{NAME},{OTHER}", "--out", str(out)]) == 0
    assert main(["segment", str(folder), "--checkpoint", NAME, "--out", str(tmp_path / "alone")]) == 0
    (mask,) = out.glob("*.nii.gz")
    (alone,) = (tmp_path / "alone").glob("*.nii.gz")
    assert client.get(f"{location}/result").content == mask.read_bytes()
    assert gzip.decompress(alone.read_bytes())[352:] != gzip.decompress(mask.read_bytes())[352:], "the other counts"


@pytest.mark.slow
def test_several_checkpoints_are_exported_without_a_network(
    client: TestClient, place: Workspace, tmp_path: Path
) -> None:
    narrow.checkpoint(place.made_checkpoint(OTHER), seed=1)
    location = bring(client, tmp_path, checkpoint=f"{NAME},{OTHER}")
    work(place)
    measured = client.get(f"{location}/result?format=json")
    assert measured.status_code == 200, measured.text
    found = {name: region["ml"] for name, region in measured.json()["measurements"]["regions"].items()}
    (case,) = client.get(location).json()["cases"]
    assert found == pytest.approx(case["volumes_ml"])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"checkpoint": [NAME, "nobody"]}, "no checkpoint is called 'nobody'"),
        ({"checkpoint": f"{NAME},{NAME}"}, "are the same checkpoint; name each once"),
        ({"checkpoint": ["auto", NAME]}, "auto stands alone"),
        ({"checkpoint": " , "}, "'checkpoint' is missing"),
        ({"checkpoint": [NAME, "x" * 201]}, "'checkpoint' has more than 200 characters"),
        ({"checkpoint": NAME, "fast": "perhaps"}, "'fast' is 'perhaps'; expected true or false"),
        ({"checkpoint": NAME, "options": '{"planes": ["oblique"]}'}, "found ['oblique'] for the option planes; "),
    ],
)
def test_what_cannot_be_asked_is_422(client: TestClient, tmp_path: Path, fields: dict[str, Any], sentence: str) -> None:
    answer = client.post("/api/segmentations", files=parts(tmp_path), data=fields)
    assert sentence in said(answer, 422)
