"""Around every request: its id, the rate limit's headers, one line in the log, and our faults."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vivant.ledger.accounts import Room
from vivant.ledger.ids import new_id
from vivant.web.problems import our_fault

_logger = logging.getLogger("vivant.web")

REQUEST_ID = "x-request-id"


@dataclass(frozen=True)
class Answered:
    """One request that was answered.

    Attributes:
        method: its HTTP method.
        route: the path's template, so that ids do not tell them apart; "" for no route at all.
        status: of the answer; 499 where the client left before there was one.
        seconds: from the first byte to the last.
    """

    method: str
    route: str
    status: int
    seconds: float


class Envelope:
    """Middleware that nothing passes by.

    Args:
        app: what is inside.
        note: told of each answer.
    """

    def __init__(self, app: ASGIApp, note: Callable[[Answered], None]) -> None:
        self._app = app
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        state = scope.setdefault("state", {})
        state["request_id"] = request_id = new_id("http")
        status = 499

        async def stamped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _stamp(MutableHeaders(scope=message), request_id, state.get("room"))
            await send(message)

        try:
            await self._app(scope, receive, stamped)
        except Exception:
            _logger.exception("fault", extra={"id": request_id})
            if status != 499:
                raise  # the answer is under way; only breaking it off tells of the fault
            await our_fault(request_id)(scope, receive, stamped)
        finally:
            seconds = time.perf_counter() - started
            answered = Answered(scope["method"], _route(scope), status, seconds)
            self._note(answered)
            told = {
                "id": request_id,
                "method": answered.method,
                "route": answered.route,
                "status": status,
                "ms": round(1000 * seconds, 1),
            }
            _logger.info("request", extra=told | state.get("log", {}))


def _stamp(headers: MutableHeaders, request_id: str, room: Room | None) -> None:
    headers.setdefault(REQUEST_ID, request_id)
    if room is not None:
        headers["x-rate-limit-remaining"] = str(room.remaining)
        headers["x-rate-limit-reset-at-utc"] = f"{room.resets_at:%Y-%m-%dT%H:%M:%SZ}"


def _route(scope: Scope) -> str:
    # Ids and slugs that do not exist would make a line of the metrics each.
    return str(getattr(scope.get("route"), "path", ""))
