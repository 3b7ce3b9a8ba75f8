"""A job's events as server-sent events (HTML Living Standard, section 9.2)."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from functools import partial

from PIL import Image

from vivant.base.contract import Picture, Progress
from vivant.engine.tickets import Failed, Finished, Started, TicketEvent
from vivant.ledger.keys import Caller
from vivant.ledger.rules import JobStatus
from vivant.service.views import JobView
from vivant.web.shapes import Status
from vivant.web.site import Site
from vivant.web.waiting import events

PREVIEW_SIDE = 256
"""Pixels of a preview's longer side: to look at while one waits."""

PAUSE_S = 2.0
"""Seconds without an event until the place in the line is looked up, and the connection is kept
alive by telling it."""


async def stream(
    site: Site, caller: Caller, view: JobView, body: Callable[[JobView], Status]
) -> AsyncIterator[bytes]:
    """Tell what happens to a job until its end.

    The events are `queued` (position), `started`, `progress` (step, total, preview), `picture`
    (index, kind, seed, preview), and at last `completed` or `failed` with what the result's own
    address answers.

    Args:
        site: where it runs.
        caller: whose it is.
        view: as it stands.
        body: makes the last event's data.
    """
    look = partial(site.service.job, caller, view.request_id)
    yield _event("queued" if view.status is JobStatus.QUEUED else "status", _standing(view))
    async with aclosing(events(site, caller, view.request_id, PAUSE_S)) as happening:
        async for event in happening:
            if event is None:
                view = await site.call(look)
                name = "queued" if view.status is JobStatus.QUEUED else "status"
                yield _event(name, _standing(view))
            elif isinstance(event, Finished | Failed):
                ended = await site.call(look)
                name = "completed" if ended.status is JobStatus.COMPLETED else "failed"
                yield _event(name, body(ended).model_dump())
            else:
                yield await site.call(partial(_told, event))


def _told(event: TicketEvent) -> bytes:
    if isinstance(event, Started):
        return _event("started", {"waited": event.waited})
    if isinstance(event, Progress):
        preview = None if event.preview is None else _preview(event.preview)
        data = {"step": event.step, "total": event.total, "panels": list(event.panels)}
        return _event("progress", data | {"preview": preview})
    assert isinstance(event, Picture)  # noqa: S101  # the ends are told elsewhere
    data = {"index": event.index, "kind": event.kind, "seed": str(event.seed)}
    return _event("picture", data | {"preview": _preview(event.image)})


def _standing(view: JobView) -> dict[str, object]:
    return {
        "status": view.status.value,
        "position": view.position,
        "step": view.step,
        "total": view.total,
    }


def _preview(image: Image.Image) -> str:
    """A small JPEG as a data URI."""
    small = image.convert("RGB")
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _event(name: str, data: Mapping[str, object]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
