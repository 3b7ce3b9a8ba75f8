"""Wait for a job on the event loop: no thread is kept, however many callers wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from functools import partial

from fastapi import Request

from vivant.base.errors import JobClosed
from vivant.engine.tickets import Failed, Finished, Listener, TicketEvent
from vivant.ledger.keys import Caller
from vivant.service.service import Service
from vivant.web.site import Site


class Ending:
    """A job's end, to be awaited. Made on any thread.

    Args:
        service: where the job runs.
        caller: whose it is.
        request_id: which.
        loop: where it is awaited.
    """

    def __init__(
        self, service: Service, caller: Caller, request_id: str, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._loop = loop
        self._over = loop.create_future()
        self._listener: Listener | None = None
        self._listener = service.events(caller, request_id, self._wake)
        self._wake()  # for what was told before the listener was known

    async def reached(self, request: Request) -> bool:
        """Wait for it; False if the caller hangs up before.

        Args:
            request: whose body has been read; its connection is watched.
        """
        left = asyncio.ensure_future(_left(request))
        try:
            await asyncio.wait({self._over, left}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            left.cancel()
            if self._listener is not None:
                self._listener.close()
        return self._over.done()

    def _wake(self) -> None:
        """On the thread of whoever tells: the loop is only woken by the end."""
        told = [] if self._listener is None else self._listener.take()
        if any(isinstance(event, Finished | Failed) for event in told):
            self._loop.call_soon_threadsafe(self._over.set_result, None)


async def give_up(site: Site, caller: Caller, request_id: str) -> None:
    """Cancel a job whose caller has hung up, so that nothing is drawn, or charged, for nobody."""
    with suppress(JobClosed):  # it ended at this very moment
        await site.call(partial(site.service.cancel, caller, request_id))


async def events(
    site: Site, caller: Caller, request_id: str, pause: float
) -> AsyncGenerator[TicketEvent | None, None]:
    """What happens to a job, until its end; None after so many seconds without an event.

    Raises:
        NoSuchJob: there is none, or it is another account's.
    """
    loop = asyncio.get_running_loop()
    news = asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(news.set)

    listener = await site.call(partial(site.service.events, caller, request_id, wake))
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


async def _left(request: Request) -> None:
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            return
