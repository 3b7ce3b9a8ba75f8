"""What went wrong, as HTTP: one table from domain errors to status codes, one shape of body.

Every error that leaves here is JSON with the key `error`, where clients of the hosted service look.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from vivant.base import errors
from vivant.base.errors import VivantError
from vivant.web.origin import ForeignPage, OwnersOnly

_logger = logging.getLogger(__name__)


class MalformedBody(VivantError):
    """A body is neither JSON nor form data, or is broken."""


class BodyTooLarge(VivantError):
    """A body has more bytes than are read."""


class BodyTooSlow(VivantError):
    """A body did not come within its time."""


class Overloaded(VivantError):
    """The server is busy with as many requests as it can hold; nothing was begun."""


STATUS: Mapping[type[VivantError], int] = MappingProxyType(
    {
        MalformedBody: 400,
        errors.UnknownKey: 401,
        ForeignPage: 403,
        OwnersOnly: 403,
        errors.NotFound: 404,
        errors.BadLink: 404,
        errors.NotEnoughCredits: 406,
        BodyTooSlow: 408,
        errors.IdempotencyConflict: 409,
        errors.JobClosed: 409,
        errors.Cancelled: 409,
        errors.OutputExpired: 410,
        BodyTooLarge: 413,
        errors.PictureTooLarge: 413,
        errors.InvalidInput: 422,
        errors.UnreadablePicture: 422,
        errors.NobodyFound: 422,
        errors.Unfetchable: 422,
        errors.RateLimited: 429,
        errors.LineFull: 503,
        errors.ModelLoading: 503,
        errors.EngineStopped: 503,
        errors.StoreUnavailable: 503,
        errors.StorageFull: 503,
        errors.WeightsUnavailable: 503,
        Overloaded: 503,
        errors.DeadlinePassed: 504,
    }
)
"""The nearest class of an error's own line of ancestors decides; what is not here is our fault."""

MEANING: Mapping[int, str] = MappingProxyType(
    {
        400: "The body is not JSON or form data, or is malformed",
        401: "No key, or a key that is unknown, expired or revoked",
        403: "Not from the studio's own page, or not by whoever runs the server",
        404: "No such endpoint, request or file, or it is another account's",
        405: "The method is not allowed here",
        406: "Not enough credits; the answer names price and balance",
        408: "The body came too slowly",
        409: "In conflict with what was asked before: the Idempotency-Key, or the request's end",
        410: "The stored output has expired",
        413: "The body or the picture is too large",
        422: "A field is missing, of the wrong type, out of range or not an allowed value; nobody "
        "was found in the picture; or the picture cannot be read",
        429: "Rate limit; Retry-After tells when to come back",
        500: "Our fault; nothing was charged; quote the id",
        503: "The waiting line is full, or the model is loading; nothing was charged",
        504: "The request's deadline passed; nothing was charged",
    }
)
"""The rows of the error table, for people; the API's own description carries them."""

RETRY_AFTER_S = 5
"""When to come back, where the error itself does not tell."""


def status_of(kind: type[Exception]) -> int:
    """The status code of a class of errors; 500 for those that nobody is told about."""
    return next((STATUS[each] for each in kind.__mro__ if each in STATUS), 500)


def status_of_kind(name: str | None) -> int:
    """The status code of an error by its class's name, as jobs keep it."""
    kind = getattr(errors, name or "", None)
    return status_of(kind) if isinstance(kind, type) else 500


def problem(status: int, text: str, *, retry_after: float | None = None) -> JSONResponse:
    """An error as an answer."""
    headers: dict[str, str] = {}
    if status in {429, 503}:
        headers["Retry-After"] = str(math.ceil(retry_after or RETRY_AFTER_S))
    if status == 408:
        headers["Connection"] = "close"
    return JSONResponse({"error": text}, status, headers)


def problem_of(error: VivantError, request_id: str) -> JSONResponse:
    """An error of the domain as an answer; `request_id` is quoted where it is our fault."""
    status = status_of(type(error))
    if status == 500 and not isinstance(error, errors.Fault):
        _logger.error("request %s failed", request_id, exc_info=error)
        return our_fault(request_id)
    return problem(status, str(error), retry_after=getattr(error, "retry_after", None))


def our_fault(request_id: str) -> JSONResponse:
    """What is said of a fault of ours: an id to quote, nothing of the inside."""
    return problem(500, str(errors.Fault(request_id)))


def install(app: FastAPI, slugs: Sequence[str]) -> None:
    """Let an application answer all its errors in this way; `slugs` are its endpoints."""

    async def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, VivantError)  # noqa: S101  # it is registered for these
        return problem_of(error, request.state.request_id)

    async def from_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101  # it is registered for these
        answer = problem(error.status_code, _in_words(error, request.url.path, slugs))
        answer.headers.update(error.headers or {})
        return answer

    async def from_parameters(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101  # likewise
        first = error.errors()[0]
        allowed = str(first["msg"]).removeprefix("Input should be ")
        return problem_of(
            errors.InvalidInput(str(first["loc"][-1]), first.get("input"), allowed),
            request.state.request_id,
        )

    app.add_exception_handler(VivantError, known)
    app.add_exception_handler(HTTPException, from_http)
    app.add_exception_handler(RequestValidationError, from_parameters)


def _in_words(error: HTTPException, path: str, slugs: Sequence[str]) -> str:
    if error.status_code == 404:
        if path.startswith(("/v1/", "/v2/")):
            return f"no endpoint is at {path!r:.100}; there are: {', '.join(slugs)}"
        return "there is nothing at this address; /docs tells what there is"
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another one")
        return f"this method is not allowed here; expected {allowed}"
    return HTTPStatus(error.status_code).phrase
