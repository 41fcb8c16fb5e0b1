"""The routes of studies: bring one, see how far it is, fetch its masks, delete it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from core.jobs.segmentation_choices import export_formats
from core.jobs.segmentation_queue import remove, submit
from core.jobs.segmentation_results import result_file
from core.jobs.segmentations import SegmentationJob, find_segmentation, segmentations
from core.service.api.asking import form_schema, request_from
from core.service.api.documents import Segmentation, Segmentations, segmentation_document
from core.service.api.gate import Holder, HolderWithAStudy
from core.service.api.places import Places
from core.service.api.problems import problems_of
from core.service.api.receiving import Form, receive
from core.workspace import NotInWorkspaceError, Workspace

router = APIRouter(prefix="/segmentations", tags=["segmentations"])
FORMATS = tuple(export_formats())
MEDIA_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".dcm": "application/dicom",
    ".glb": "model/gltf-binary",
    ".gz": "application/gzip",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".stl": "model/stl",
    ".zip": "application/zip",
}
OTHER = "application/octet-stream"
GONE = "this segmentation is not here any more"


@router.post(
    "",
    status_code=202,
    response_model=Segmentation,
    summary="Bring a study",
    responses=problems_of(400, 401, 413, 415, 422, 429, 503, 507),
    openapi_extra=form_schema(),
)
async def bring(request: Request, response: Response, _: HolderWithAStudy) -> Segmentation:
    """Take a study's files and put it into the queue; `Location` says where to ask how far it is.

    The files are streamed to the server's disk. They and the masks are deleted some time after the study has ended.
    """
    place: Workspace = request.app.state.workspace
    form = await receive(request, place)
    document = await run_in_threadpool(_submit, place, request.app.state.places, form)
    response.headers["Location"] = f"{request.scope.get('root_path', '')}{router.prefix}/{document.id}"
    return document


@router.get("", response_model=Segmentations, summary="List the studies", responses=problems_of(401, 429, 503))
def every(request: Request, _: Holder) -> Segmentations:
    """Return every study that is not deleted yet, the oldest first."""
    place: Workspace = request.app.state.workspace
    found, waiting = [], 0
    for job, status in segmentations(place):
        waiting += status.state == "queued"
        try:
            found.append(segmentation_document(job, status, waiting if status.state == "queued" else None))
        except FileNotFoundError:  # deleted while it was read
            continue
    return Segmentations(segmentations=found)


@router.get(
    "/{segmentation}",
    response_model=Segmentation,
    summary="See how far a study is",
    responses=problems_of(401, 404, 422, 429, 503),
)
def one(request: Request, segmentation: str, _: Holder) -> Segmentation:
    """Return one study: its state, its progress, and what was found once it is done."""
    job = _found(request, segmentation)
    return _document(request.app.state.places, job)


@router.get(
    "/{segmentation}/result",
    summary="Fetch the masks",
    response_class=FileResponse,
    responses={
        304: {"description": "the masks are those that If-None-Match names"},
        200: {
            "description": "one file, or a zip of several",
            "content": {kind.partition(";")[0]: {} for kind in (*MEDIA_TYPES.values(), OTHER)},
        },
        **problems_of(401, 404, 409, 422, 429, 503, 507),
    },
)
def result(
    request: Request,
    segmentation: str,
    _: Holder,
    wanted: Annotated[str, Query(alias="format", json_schema_extra={"enum": list(FORMATS)})] = "nifti",
    case: Annotated[str | None, Query(description="of several cases this one alone")] = None,
) -> Response:
    """Return a study's masks in one of the formats that `/models` lists; 409 until the study is done.

    Who names in `If-None-Match` the `ETag` that they came with is told that they are the same (304), without them.
    """
    job = _found(request, segmentation)
    try:
        path = result_file(job, wanted, case)
        stat = path.stat()
    except NotInWorkspaceError as error:
        raise HTTPException(404, str(error)) from None
    except FileNotFoundError:  # deleted while the format was made
        raise HTTPException(404, GONE) from None
    media_type = MEDIA_TYPES.get(path.suffix, OTHER)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    found = FileResponse(path, media_type=media_type, filename=path.name, headers=headers, stat_result=stat)
    if _names(request.headers.getlist("if-none-match"), found.headers["etag"]):
        return Response(status_code=304, headers={**headers, "ETag": found.headers["etag"]})
    return found


@router.delete(
    "/{segmentation}",
    status_code=204,
    summary="Cancel and delete a study",
    responses=problems_of(401, 404, 422, 429, 503),
)
def delete(request: Request, segmentation: str, _: Holder) -> Response:
    """End a study if it has not ended, and delete its files and masks; it is not found any more from now on."""
    remove(request.app.state.workspace, _found(request, segmentation))
    return Response(status_code=204)


def _names(asked: list[str], etag: str) -> bool:
    """Tell whether `If-None-Match` names an entity tag, compared weakly, or any by its asterisk.

    Reference: RFC 9110, HTTP Semantics, 13.1.2.
    """
    tags = [tag.strip() for line in asked for tag in line.split(",")]
    return "*" in tags or etag in (tag.removeprefix("W/") for tag in tags)


def _submit(place: Workspace, places: Places, form: Form) -> Segmentation:
    try:
        job = submit(place, form.upload, request_from(form.fields))
    except BaseException:
        form.upload.remove()
        raise
    return _document(places, job)


def _document(places: Places, job: SegmentationJob) -> Segmentation:
    try:
        status = job.status
        return segmentation_document(job, status, places.of(job.id) if status.state == "queued" else None)
    except FileNotFoundError:  # deleted while it was read
        raise HTTPException(404, GONE) from None


def _found(request: Request, segmentation: str) -> SegmentationJob:
    try:
        return find_segmentation(request.app.state.workspace, segmentation)
    except NotInWorkspaceError as error:
        raise HTTPException(404, str(error)) from None
