"""A study over REST: brought, looked at, fetched and deleted; and everything that is refused on the way."""

from __future__ import annotations

import gzip
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import pytest
from starlette.testclient import TestClient

from core.data import limits
from core.jobs import segmentation_queue as queue
from core.jobs import segmentation_results
from core.jobs.segmentations import find_segmentation, segmentations
from core.jobs.uploads import uploads_folder
from core.jobs.worker import Worker
from core.service.api.problems import MEDIA_TYPE
from core.service.api.receiving import BLOCK_BYTES
from core.workspace import Workspace
from tests.core.jobs.studies_to_segment import NAME, study_files

Parts = list[tuple[str, tuple[str, bytes]]]


def parts(folder: Path, patient: int = 1) -> Parts:
    return [("files", (file.name, file.read_bytes())) for file in study_files(folder, patient)]


def bring(client: TestClient, folder: Path, **fields: str) -> str:
    answer = client.post("/api/segmentations", files=parts(folder), data={"checkpoint": NAME, **fields})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def said(answer: object, status: int) -> str:
    """Return what a problem says, once it is one."""
    assert answer.status_code == status, answer.text  # type: ignore[attr-defined]
    assert answer.headers["content-type"] == MEDIA_TYPE  # type: ignore[attr-defined]
    document = answer.json()  # type: ignore[attr-defined]
    assert document["status"] == status
    assert document["type"] == "about:blank"
    assert document["title"]
    return str(document["detail"])


def left(place: Workspace) -> list[Path]:
    folder = uploads_folder(place)
    return list(folder.iterdir()) if folder.exists() else []


def test_a_study_is_brought_waits_is_done_and_gives_its_mask(
    client: TestClient, place: Workspace, tmp_path: Path
) -> None:
    answer = client.post("/api/segmentations", files=parts(tmp_path), data={"checkpoint": NAME})
    assert answer.status_code == 202
    document = answer.json()
    assert (document["state"], document["position"], document["progress"]) == ("queued", 1, 0.0)
    assert answer.headers["location"] == f"/api/segmentations/{document['id']}"
    assert "is queued" in said(client.get(f"{answer.headers['location']}/result"), 409)
    job = queue.claim(place, "cpu")
    assert job is not None
    Worker(place, "cpu").do(job)
    document = client.get(answer.headers["location"]).json()
    assert (document["state"], document["position"], document["progress"]) == ("done", None, 1.0)
    assert document["cases"][0]["volumes_ml"].keys() == {"WT", "TC", "ET"}
    assert document["deleted_after"] > document["created"]
    result = client.get(f"{answer.headers['location']}/result?format=nifti")
    assert result.status_code == 200
    assert "_seg.nii.gz" in result.headers["content-disposition"]
    mask = nib.Nifti1Image.from_bytes(gzip.decompress(result.content))
    assert mask.shape == nib.load(study_files(tmp_path)[0]).shape  # type: ignore[attr-defined]
    assert client.delete(answer.headers["location"]).status_code == 204
    said(client.get(answer.headers["location"]), 404)


def test_the_list_says_who_waits_where(client: TestClient, tmp_path: Path) -> None:
    ids = [bring(client, tmp_path) for _ in range(3)]
    listed = client.get("/api/segmentations").json()["segmentations"]
    assert [(each["id"], each["position"]) for each in listed] == [(each, n + 1) for n, each in enumerate(ids)]


def test_names_of_files_are_written_down_and_never_paths(client: TestClient, place: Workspace, tmp_path: Path) -> None:
    job = find_segmentation(place, bring(client, tmp_path))
    assert sorted(path.name for path in (job.folder / "input" / "files").iterdir()) == [f"{n:06d}" for n in range(4)]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "a/../../b", "..", "a\x01b", "a\\..\\b", "x" * 2000]
)
def test_a_name_that_leads_elsewhere_is_refused_and_leaves_nothing(
    client: TestClient, place: Workspace, name: str
) -> None:
    boundary = "b" * 20
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="checkpoint"\r\n\r\n{NAME}\r\n--{boundary}\r\n'
        f'Content-Disposition: form-data; name="files"; filename="{name}"\r\n\r\nx\r\n--{boundary}--\r\n'
    ).encode()
    answer = client.post(
        "/api/segmentations", content=body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"}
    )
    assert "the name of file 1" in said(answer, 422)
    assert not left(place)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "'checkpoint' is missing"),
        ({"checkpoint": "nobody"}, "no checkpoint is called 'nobody'; known: "),
        ({"checkpoint": "../checkpoints/narrow"}, "no checkpoint is called"),
        ({"checkpoint": NAME, "colour": "red"}, "no field is called 'colour'; known: files, checkpoint"),
        ({"checkpoint": NAME, "options": "[]"}, "no JSON object"),
        ({"checkpoint": NAME, "options": "{" * 5000}, "no JSON object"),
        ({"checkpoint": NAME, "options": '{"fast": 1}'}, "no option is called 'fast'"),
        ({"checkpoint": NAME, "scheme": "binary"}, "predicts WT, TC, ET; binary has foreground"),
        ({"checkpoint": NAME, "formats": "nifti,docx"}, "'docx'"),
        ({"checkpoint": NAME, "layout": "x" * 201}, "more than 200 characters"),
    ],
)
def test_fields_that_cannot_be_used_are_422_and_the_files_go(
    client: TestClient, place: Workspace, tmp_path: Path, fields: dict[str, str], sentence: str
) -> None:
    answer = client.post("/api/segmentations", files=parts(tmp_path), data=fields)
    assert sentence in said(answer, 422)
    assert not left(place)
    assert segmentations(place) == []


def test_a_study_without_files_is_422(client: TestClient, place: Workspace) -> None:
    nothing: Parts = [("checkpoint", (None, NAME.encode()))]  # type: ignore[list-item]
    assert "no file" in said(client.post("/api/segmentations", files=nothing), 422)
    elsewhere = [("scan", ("a.nii", b"x"))]
    assert "'scan'" in said(client.post("/api/segmentations", files=elsewhere), 422)
    assert not left(place)


def test_what_is_no_form_is_415_and_a_torn_one_400(client: TestClient, place: Workspace) -> None:
    said(client.post("/api/segmentations", json={"checkpoint": NAME}), 415)
    said(client.post("/api/segmentations", headers={"Content-Type": "multipart/form-data"}), 415)
    kind = {"Content-Type": "multipart/form-data; boundary=abc"}
    torn = b'--abc\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nhalf'
    assert "last boundary" in said(client.post("/api/segmentations", content=torn, headers=kind), 400)
    said(client.post("/api/segmentations", content=b"no form at all", headers=kind), 400)
    said(client.post("/api/segmentations", content=b"", headers=kind), 400)
    assert not left(place)


def test_more_than_the_limits_allow_is_413(
    client: TestClient, place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(limits, "MAX_UPLOAD_FILES", 3)
        said(client.post("/api/segmentations", files=parts(tmp_path), data={"checkpoint": NAME}), 413)
    with monkeypatch.context() as patched:
        patched.setattr(limits, "MAX_UPLOAD_FILE_BYTES", 1000)
        said(client.post("/api/segmentations", files=parts(tmp_path), data={"checkpoint": NAME}), 413)
    with monkeypatch.context() as patched:
        patched.setattr(limits, "MAX_UPLOAD_BYTES", 1000)
        patched.setattr(limits, "MAX_UPLOAD_LIST_BYTES", 1000)
        said(client.post("/api/segmentations", files=parts(tmp_path), data={"checkpoint": NAME}), 413)
    long = {"checkpoint": "x" * (limits.MAX_FORM_FIELD_BYTES + 1)}
    said(client.post("/api/segmentations", files=parts(tmp_path), data=long), 413)
    many = {f"f{number}": "1" for number in range(limits.MAX_FORM_FIELDS + 1)}
    said(client.post("/api/segmentations", files=parts(tmp_path), data=many), 413)
    assert not left(place)


def test_a_full_disk_is_507(
    client: TestClient, place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": limits.FREE_DISK_BYTES - 1})
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    answer = client.post("/api/segmentations", files=parts(tmp_path), data={"checkpoint": NAME})
    assert "GB free" in said(answer, 507)


def test_a_full_queue_is_429_and_says_when_to_come_back(
    client: TestClient, place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_STUDIES_WAITING", 1)
    bring(client, tmp_path)
    answer = client.post("/api/segmentations", files=parts(tmp_path), data={"checkpoint": NAME})
    said(answer, 429)
    assert int(answer.headers["retry-after"]) > 0
    assert not left(place)


def test_a_file_arrives_whole_however_it_is_cut(client: TestClient, place: Workspace) -> None:
    content = (bytes(range(256)) + b"\r\n--b\r\n") * (3 * BLOCK_BYTES // 263)

    def pieces() -> Iterator[bytes]:
        body = b'--bb\r\nContent-Disposition: form-data; name="checkpoint"\r\n\r\n' + NAME.encode() + b"\r\n--bb\r\n"
        body += b'Content-Disposition: form-data; name="files"; filename="a.nii"\r\n\r\n' + content + b"\r\n--bb--\r\n"
        stream = io.BytesIO(body)
        size = 1
        while piece := stream.read(size):
            yield piece
            size = size * 2 % 70_001 + 1

    answer = client.post(
        "/api/segmentations", content=pieces(), headers={"Content-Type": "multipart/form-data; boundary=bb"}
    )
    job = find_segmentation(place, answer.json()["id"])
    assert job.input.path(0).read_bytes() == content


@pytest.mark.parametrize(
    "path", ["segmentations/x", "segmentations/..%2f..%2fetc", "segmentations/x/result", "segmentations/x%0ay", "%0a"]
)
def test_a_study_that_is_not_there_is_404(client: TestClient, path: str) -> None:
    said(client.get(f"/api/{path}"), 404)


def test_deleting_twice_is_404(client: TestClient, tmp_path: Path) -> None:
    path = f"/api/segmentations/{bring(client, tmp_path)}"
    assert client.delete(path).status_code == 204
    said(client.delete(path), 404)


def test_a_result_in_a_format_or_of_a_case_that_is_not_there(
    client: TestClient, place: Workspace, tmp_path: Path
) -> None:
    path = f"/api/segmentations/{bring(client, tmp_path)}/result"
    job = queue.claim(place, "cpu")
    assert job is not None
    Worker(place, "cpu").do(job)
    assert "known: nifti" in said(client.get(f"{path}?format=docx"), 422)
    for wanted in ("dicom-seg", "rtstruct"):
        assert "was not read from DICOM" in said(client.get(f"{path}?format={wanted}"), 422)
    assert not (job.folder / "exports").exists(), "nothing was started for them"
    assert "no case called" in said(client.get(f"{path}?case=nobody"), 404)
    assert said(client.get(path, headers={"Range": "bytes=99999999-"}), 416)


def test_masks_that_are_there_already_are_not_sent_again(client: TestClient, place: Workspace, tmp_path: Path) -> None:
    path = f"/api/segmentations/{bring(client, tmp_path)}/result"
    job = queue.claim(place, "cpu")
    assert job is not None
    Worker(place, "cpu").do(job)
    tag = client.get(path).headers["etag"]
    for ask in (client.get, client.head):
        for named in (tag, f"W/{tag}", f'"another", {tag}', "*"):
            answer = ask(path, headers={"If-None-Match": named, "Range": "bytes=0-9"})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag), named
            assert answer.headers["cache-control"] == "no-store"
    for named in ('"another"', tag.strip('"'), ""):
        assert client.get(path, headers={"If-None-Match": named}).status_code == 200, named
    (file,) = (job.result / name for name in job.document()["cases"][0]["files"])
    os.utime(file, (0, 0))
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200, "it is another file now"


def test_a_study_that_is_deleted_while_a_format_is_made_is_404(
    client: TestClient, place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/segmentations/{bring(client, tmp_path)}"
    job = queue.claim(place, "cpu")
    assert job is not None
    Worker(place, "cpu").do(job)
    monkeypatch.setattr(segmentation_results, "_make", lambda *_given: client.delete(path))
    assert "not here any more" in said(client.get(f"{path}/result?format=json"), 404)
