"""Wait for a job on the event loop: no thread is kept, however many callers wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from vivant.base.errors import JobClosed
from vivant.engine.tickets import Failed, Finished, TicketEvent
from vivant.ledger.keys import Caller
from vivant.service.service import Service
from vivant.service.views import JobView


class HungUp(Exception):
    """The caller closed the connection; nobody is there to answer."""


async def events(
    service: Service, caller: Caller, request_id: str, pause: float | None = None
) -> AsyncGenerator[TicketEvent | None, None]:
    """What happens to a job, until its end.

    Args:
        service: where it runs.
        caller: whose it is.
        request_id: which.
        pause: None is yielded after so many seconds without an event.

    Raises:
        NoSuchJob: there is none, or it is another account's.
    """
    loop = asyncio.get_running_loop()
    news = asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(news.set)

    listener = await run_in_threadpool(service.events, caller, request_id, wake)
    try:
        while True:
            try:
                async with asyncio.timeout(pause):
                    await news.wait()
            except TimeoutError:
                yield None
            news.clear()
            for event in listener.take():
                yield event
                if isinstance(event, Finished | Failed):
                    return
    finally:
        listener.close()


async def until_ended(
    service: Service, caller: Caller, view: JobView, request: Request, *, keep: bool
) -> JobView:
    """Wait for a job's end.

    Args:
        service: where it runs.
        caller: whose it is.
        view: as it was submitted.
        request: whose body has been read; its connection is watched.
        keep: whether the job goes on if the caller hangs up; otherwise it is cancelled, so that
            nothing is drawn, or charged, for nobody.

    Raises:
        HungUp: the caller has left.
    """
    if view.ended:
        return view
    ended = asyncio.ensure_future(_ended(service, caller, view.request_id))
    left = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({ended, left}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            ended.result()
            return await run_in_threadpool(service.job, caller, view.request_id)
    finally:
        for task in (ended, left):
            task.cancel()
        await asyncio.gather(ended, left, return_exceptions=True)
    if not keep:
        with suppress(JobClosed):  # it ended at this very moment
            await run_in_threadpool(service.cancel, caller, view.request_id)
    raise HungUp


async def _ended(service: Service, caller: Caller, request_id: str) -> None:
    async with aclosing(events(service, caller, request_id)) as happening:
        async for _ in happening:
            pass


async def _left(request: Request) -> None:
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            return
