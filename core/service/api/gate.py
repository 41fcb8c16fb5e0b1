"""Who comes in: holders of a token, not too often."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from core.service.api.rates import Rate
from core.service.api.tokens import TokenFileError, Tokens

BEARER = HTTPBearer(
    auto_error=False, scheme_name="token", description="A line of the file `api-token` in the server's workspace."
)
SAYS_WHERE = (
    "this needs a token of this server, sent as 'Authorization: Bearer TOKEN'; tokens are the lines of the file "
    "api-token in the server's workspace"
)


def holder_of_token(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
) -> str:
    """Return what stands for the holder of the token that a request brings.

    Raises:
        HTTPException: there is none, or it opens nothing (401); too many came (429); there are no tokens (503).
    """
    try:
        tokens: Tokens = request.app.state.tokens
        holder = tokens.holder(credentials.credentials) if credentials else None
    except TokenFileError as error:
        raise HTTPException(503, str(error)) from None
    if holder is None:
        _count(request.app.state.rates.strangers, "")
        raise HTTPException(401, SAYS_WHERE, {"WWW-Authenticate": "Bearer"})
    _count(request.app.state.rates.requests, holder)
    return holder


def holder_with_a_study(request: Request, holder: Annotated[str, Depends(holder_of_token)]) -> str:
    """Return the same for a request that brings a study.

    Raises:
        HTTPException: too many studies came (429).
    """
    _count(request.app.state.rates.studies, holder)
    return holder


def _count(rate: Rate, asker: str) -> None:
    if wait_s := rate.wait_s(asker):
        raise HTTPException(429, f"too many requests; ask again in {wait_s} s", {"Retry-After": str(wait_s)})


Holder = Annotated[str, Depends(holder_of_token)]
HolderWithAStudy = Annotated[str, Depends(holder_with_a_study)]
