"""What the submitter of a job holds: its events, for any number of listeners on any threads.

A listener that reads too slowly loses steps of progress, never a picture nor the end. One that
comes late is told what still matters: that the job started, the latest progress, all pictures.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from vivant.base.contract import Event, Picture, Progress
from vivant.engine.job import Job

_logger = logging.getLogger(__name__)

BUFFER = 64
"""Events that a listener may leave unread before it loses progress."""


@dataclass(frozen=True)
class Started:
    """The job left the line.

    Attributes:
        waited: seconds since it was submitted.
    """

    waited: float


@dataclass(frozen=True)
class Finished:
    """The job is done; nothing follows.

    Attributes:
        waited: seconds between its submission and its start.
        used: seconds of the worker's time; of a shared batch, its share.
        total: seconds since it was submitted.
    """

    waited: float
    used: float
    total: float


@dataclass(frozen=True)
class Failed:
    """The job is over without success; nothing follows.

    Attributes:
        error: a `VivantError` where the reason is known: `Cancelled`, `DeadlinePassed`,
            `EngineStopped` or what the endpoint found wrong. Anything else is a fault of ours.
        used: seconds of the worker's time.
        total: seconds since it was submitted.
    """

    error: Exception
    used: float
    total: float


TicketEvent: TypeAlias = Started | Event | Finished | Failed


class Listener:
    """One reader's place in a ticket's events; made by `Ticket.listen`."""

    def __init__(self, ticket: Ticket, limit: int, wake: Callable[[], None]) -> None:
        self._ticket = ticket
        self._limit = limit
        self._wake = wake
        self._unread: deque[TicketEvent] = deque()
        self._news = threading.Condition()

    def take(self) -> list[TicketEvent]:
        """What came since the last call, without waiting."""
        with self._news:
            events = list(self._unread)
            self._unread.clear()
        return events

    def wait(self, timeout: float | None = None) -> list[TicketEvent]:
        """What came since the last call, at least one event.

        Raises:
            TimeoutError: nothing came within so many seconds.
        """
        with self._news:
            if not self._news.wait_for(lambda: self._unread, timeout):
                raise TimeoutError(f"no event within {timeout} s")
        return self.take()

    def close(self) -> None:
        """Listen no longer."""
        self._ticket.forget(self)

    def put(self, event: TicketEvent) -> None:
        """Hand over an event; the ticket's part."""
        with self._news:
            if len(self._unread) >= self._limit:
                _drop_oldest_progress(self._unread)
            self._unread.append(event)
            self._news.notify_all()
        self._wake()


class Ticket:
    """A submitted job and what has happened to it. Thread-safe.

    Attributes:
        job: what was asked for.
        submitted: when, on the engine's stopwatch.
    """

    def __init__(self, job: Job, submitted: float) -> None:
        self.job = job
        self.submitted = submitted
        self._lock = threading.Lock()
        self._told: list[TicketEvent] = []
        self._listeners: list[Listener] = []
        self._end: Finished | Failed | None = None

    @property
    def end(self) -> Finished | Failed | None:
        """How the job ended; None as long as it has not."""
        return self._end

    def publish(self, event: TicketEvent) -> None:
        """Tell all listeners; the engine's part. Nothing is told after the end."""
        with self._lock:
            if self._end is not None:
                return
            if isinstance(event, Progress):
                self._told = [told for told in self._told if not isinstance(told, Progress)]
            self._told.append(event)
            if isinstance(event, Finished | Failed):
                self._end = event
            for listener in tuple(self._listeners):
                self._tell(listener, event)

    def _tell(self, listener: Listener, event: TicketEvent) -> None:
        try:
            listener.put(event)
        except Exception:  # a listener's fault must not become the job's
            _logger.exception("a listener of job %s failed and is dropped", self.job.id)
            self._listeners.remove(listener)

    def listen(self, wake: Callable[[], None] = lambda: None, *, limit: int = BUFFER) -> Listener:
        """Read events from here on, after those that still matter.

        Args:
            wake: called on the worker's thread after each event; it must return at once, and must
                not call this ticket. The event is then there for `Listener.take`.
            limit: events that may stay unread before progress is lost, 1 or more.
        """
        listener = Listener(self, limit, wake)
        with self._lock:
            self._listeners.append(listener)
            for event in self._told:
                self._tell(listener, event)
        return listener

    def forget(self, listener: Listener) -> None:
        """Tell a listener nothing more; one that is not known is ignored."""
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def events(self, timeout: float | None = None) -> Iterator[TicketEvent]:
        """Wait for events, the last of which is `Finished` or `Failed`.

        Raises:
            TimeoutError: nothing came within so many seconds.
        """
        listener = self.listen()
        try:
            while True:
                for event in listener.wait(timeout):
                    yield event
                    if isinstance(event, Finished | Failed):
                        return
        finally:
            listener.close()

    async def stream(self) -> AsyncIterator[TicketEvent]:
        """Wait for events without blocking the event loop, as `events` does."""
        loop = asyncio.get_running_loop()
        news = asyncio.Event()
        listener = self.listen(lambda: _set(loop, news))
        try:
            while True:
                await news.wait()
                news.clear()
                for event in listener.take():
                    yield event
                    if isinstance(event, Finished | Failed):
                        return
        finally:
            listener.close()

    def result(self, timeout: float | None = None) -> list[Picture]:
        """Wait for the end, and return the pictures in the order they came.

        Raises:
            TimeoutError: nothing happened for so many seconds.
            Exception: what `Failed` carries.
        """
        pictures = []
        for event in self.events(timeout):
            if isinstance(event, Picture):
                pictures.append(event)
            elif isinstance(event, Failed):
                raise event.error
        return pictures


def _drop_oldest_progress(events: deque[TicketEvent]) -> None:
    for event in events:
        if isinstance(event, Progress):
            events.remove(event)
            return


def _set(loop: asyncio.AbstractEventLoop, news: asyncio.Event) -> None:
    """Wake a reader on another thread's event loop; raises RuntimeError if that is closed."""
    loop.call_soon_threadsafe(news.set)
