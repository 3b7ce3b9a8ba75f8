from __future__ import annotations

import asyncio
import threading

import pytest

from tests.unit.engine.stage import PIXEL
from vivant.base.contract import Picture, Progress
from vivant.base.errors import Cancelled
from vivant.engine.job import Job
from vivant.engine.tickets import Failed, Finished, Started, Ticket, TicketEvent

STARTED = Started(0.5)
FINISHED = Finished(0.5, 2.0, 2.5)


def new_ticket() -> Ticket:
    return Ticket(Job("1", "ada", "story", "net", None), 0.0)


def picture(index: int) -> Picture:
    return Picture(PIXEL, 7, index)


def publish(ticket: Ticket, *events: TicketEvent) -> None:
    for event in events:
        ticket.publish(event)


def test_all_listeners_hear_everything_in_order() -> None:
    ticket = new_ticket()
    events = [STARTED, Progress(1, 2), Progress(2, 2), picture(0), FINISHED]
    listeners = [ticket.listen(), ticket.listen()]
    publish(ticket, *events)
    assert [listener.take() for listener in listeners] == [events, events]
    assert listeners[0].take() == []


def test_who_comes_late_hears_what_still_matters() -> None:
    ticket = new_ticket()
    publish(ticket, STARTED, Progress(1, 3), picture(0), Progress(2, 3), picture(1))
    listener = ticket.listen()
    assert listener.take() == [STARTED, picture(0), Progress(2, 3), picture(1)]
    publish(ticket, FINISHED)
    assert list(ticket.events(0)) == [STARTED, picture(0), Progress(2, 3), picture(1), FINISHED]


def test_who_reads_slowly_loses_progress_and_nothing_else() -> None:
    ticket = new_ticket()
    listener = ticket.listen(limit=4)
    publish(ticket, STARTED, *(Progress(step, 50) for step in range(1, 51)))
    assert listener.take() == [STARTED, Progress(48, 50), Progress(49, 50), Progress(50, 50)]
    pictures = [picture(index) for index in range(9)]
    publish(ticket, Progress(50, 50), *pictures, FINISHED)
    assert listener.take() == [*pictures, FINISHED]


def test_nothing_is_told_after_the_end() -> None:
    ticket = new_ticket()
    listener = ticket.listen()
    assert ticket.end is None
    publish(ticket, FINISHED, Failed(Cancelled("late"), 0, 0), Progress(1, 1))
    assert listener.take() == [FINISHED]
    assert ticket.end is FINISHED


def test_a_listener_that_fails_is_dropped_and_the_others_are_not() -> None:
    ticket = new_ticket()

    def fail() -> None:
        raise RuntimeError("the loop is closed")

    broken = ticket.listen(fail)
    sound = ticket.listen()
    publish(ticket, STARTED, picture(0), FINISHED)
    assert broken.take() == [STARTED]
    assert sound.take() == [STARTED, picture(0), FINISHED]


def test_a_closed_listener_hears_no_more() -> None:
    ticket = new_ticket()
    listener = ticket.listen()
    listener.close()
    listener.close()
    publish(ticket, STARTED)
    assert listener.take() == []


def test_a_reader_on_another_thread_is_woken_for_each_event() -> None:
    ticket = new_ticket()
    heard: list[TicketEvent] = []
    hears = threading.Semaphore(0)

    def read() -> None:
        for event in ticket.events(10):
            heard.append(event)
            hears.release()

    reader = threading.Thread(target=read)
    reader.start()
    for event in (STARTED, picture(0), FINISHED):
        ticket.publish(event)
        assert hears.acquire(timeout=10)
    reader.join(10)
    assert heard == [STARTED, picture(0), FINISHED]


def test_waiting_has_a_limit() -> None:
    with pytest.raises(TimeoutError, match="no event within 0 s"):
        next(new_ticket().events(0))


def test_a_reader_that_gives_up_is_forgotten() -> None:
    ticket = new_ticket()
    ticket.publish(STARTED)
    events = ticket.events(10)
    assert next(events) == STARTED
    assert len(ticket._listeners) == 1
    events.close()  # type: ignore[attr-defined]
    assert ticket._listeners == []


def test_the_result_is_the_pictures_or_the_error() -> None:
    good, bad = new_ticket(), new_ticket()
    publish(good, STARTED, picture(0), Progress(1, 1), picture(1), FINISHED)
    publish(bad, STARTED, picture(0), Failed(Cancelled("cancelled"), 1.0, 2.0))
    assert good.result(0) == [picture(0), picture(1)]
    with pytest.raises(Cancelled):
        bad.result(0)


def test_an_event_loop_is_woken_from_the_workers_thread() -> None:
    ticket = new_ticket()
    told = [Progress(1, 1), picture(0), FINISHED]

    async def read() -> list[TicketEvent]:
        worker = threading.Thread(target=publish, args=(ticket, *told))
        heard = []
        async for event in ticket.stream():
            heard.append(event)
            if not heard[1:]:
                worker.start()
        worker.join(10)
        return heard

    ticket.publish(STARTED)
    assert asyncio.run(asyncio.wait_for(read(), 10)) == [STARTED, *told]
    assert ticket._listeners == []
