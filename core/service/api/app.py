"""The API put together. It never loads torch: what it is asked to compute, workers do."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from core import __version__
from core.jobs.segmentation_choices import named_checkpoints
from core.service.api.docs_page import POLICY, docs_page
from core.service.api.documents import Health, Models, models_document
from core.service.api.gate import Holder
from core.service.api.places import Places
from core.service.api.problems import OnlyProblems, Problem, answer_with_problems, problems_of
from core.service.api.rates import Rates
from core.service.api.studies import router as studies
from core.service.api.tokens import Tokens
from core.workspace import Workspace

TITLE = "Segscope"
DESCRIPTION = (
    "Bring a study, wait for its job, fetch its masks. For research; not a medical device. Every request but "
    "/health and the two descriptions needs a bearer token of the workspace's `api-token`. Errors are problem "
    "documents (RFC 9457)."
)
SILENT = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False}
router = APIRouter()


@router.get("/health", response_model=Health, summary="Is the server there", tags=["server"])
async def health() -> Health:
    """Answer at once, whatever the workers do; needs no token."""
    return Health()


@router.get(
    "/models",
    response_model=Models,
    summary="List the checkpoints",
    tags=["models"],
    responses=problems_of(401, 429, 503),
)
def models(request: Request, _: Holder) -> Models:
    """Return every checkpoint that can segment: what it reads, what it finds, its id and its licences."""
    return models_document(named_checkpoints(request.app.state.workspace))


@router.get("/", include_in_schema=False)
def root(request: Request) -> RedirectResponse:
    """Show who opens the API's own address what it can do."""
    own = request.scope.get("root_path", "")
    if request.scope["path"] != f"{own}/":  # a line break passes the end of a route's pattern
        raise HTTPException(404)
    return RedirectResponse(f"{own}/docs")


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> HTMLResponse:
    """Show the description as a page without scripts, from this server alone."""
    return HTMLResponse(docs_page(request.app.openapi()), headers={"Content-Security-Policy": POLICY})


def build_api(workspace: Workspace, rates: Rates | None = None) -> ASGIApp:
    """Return the API of a workspace as an ASGI app, to be mounted or served alone.

    Args:
        workspace: whose checkpoints, jobs and tokens.
        rates: how often it may be asked.
    """
    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version=__version__,
        docs_url=None,  # FastAPI's own page loads its scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        telemetry=SILENT,  # type: ignore[arg-type]
    )
    app.state.workspace = workspace
    app.state.tokens = Tokens(workspace.root)
    app.state.rates = rates or Rates()
    app.state.places = Places(workspace)
    answer_with_problems(app)
    app.include_router(router)
    app.include_router(studies)
    _describe_problems(app)
    return OnlyProblems(app)


def _describe_problems(app: FastAPI) -> None:
    """Let the description hold the schema that every operation's errors refer to, and not FastAPI's own."""
    document = app.openapi()
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {})
    schemas["Problem"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    # FastAPI hands out the same document from now on
