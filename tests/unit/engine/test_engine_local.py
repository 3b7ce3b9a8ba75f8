"""The engine with its own thread; what must wait, waits for events."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from vivant.base.contract import Event, Progress
from vivant.base.errors import Cancelled, EngineStopped
from vivant.engine.engine import Engine, Phase
from vivant.engine.fake import FakeRunner
from vivant.engine.job import Job
from vivant.engine.local import LocalEngine
from vivant.engine.models import Model, Warmth
from vivant.engine.tickets import Failed, Finished, Started

SOON = 20.0
"""Seconds that nothing here takes, unless it hangs."""


class Gate:
    """A runner whose every step waits to be let through."""

    def __init__(self) -> None:
        self.reached = threading.Semaphore(0)
        self.let = threading.Semaphore(0)
        self.threads: set[int] = set()

    def start(self, model: Any, request: Any) -> Iterator[Event]:  # noqa: ARG002
        for step in range(1, 4):
            self.threads.add(threading.get_ident())
            self.reached.release()
            assert self.let.acquire(timeout=SOON)
            yield Progress(step, 3)

    def open(self, steps: int = 1) -> None:
        for _ in range(steps):
            self.let.release()

    def wait_for_step(self) -> None:
        assert self.reached.acquire(timeout=SOON)


def job(job_id: str, endpoint: str = "gate", **settings: Any) -> Job:
    return Job(job_id, "ada", endpoint, "net", None, **settings)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def engine(gate: Gate) -> Iterator[LocalEngine]:
    engine = LocalEngine(
        {"gate": gate, "fake": FakeRunner()}, [Model("net", object, size=3, preload=True)]
    )
    yield engine
    gate.open(100)
    engine.stop()


def test_the_local_engine_is_an_engine(engine: LocalEngine) -> None:
    as_engine: Engine = engine
    assert as_engine.state().phase is Phase.NEW


def test_jobs_that_came_before_the_start_run_after_it(engine: LocalEngine) -> None:
    ticket = engine.submit(job("1", "fake"))
    assert not engine.state().ready
    assert engine.position("1") == 0
    engine.start()
    assert len(ticket.result(SOON)) == 1
    assert engine.ticket("1") is None
    assert engine.position("1") is None


def test_the_state_tells_what_is_going_on(engine: LocalEngine, gate: Gate) -> None:
    engine.start()
    first = engine.submit(job("1"))
    gate.wait_for_step()
    engine.submit(job("2"))
    state = engine.state()
    assert (state.phase, state.ready, state.waiting, state.running) == (Phase.RUNNING, True, 1, 1)
    (net,) = state.models
    assert (net.name, net.warmth, net.size) == ("net", Warmth.READY, 3)
    assert engine.ticket("1") is first


def test_one_thread_does_all_the_work(engine: LocalEngine, gate: Gate) -> None:
    engine.start()
    gate.open(9)
    for ticket in [engine.submit(job(str(i))) for i in range(3)]:
        ticket.result(SOON)
    assert len(gate.threads) == 1
    assert threading.get_ident() not in gate.threads


def test_cancelling_from_another_thread(engine: LocalEngine, gate: Gate) -> None:
    engine.start()
    ticket = engine.submit(job("1"))
    gate.wait_for_step()
    assert engine.cancel("1")
    gate.open()
    with pytest.raises(Cancelled):
        ticket.result(SOON)


def test_stopping_ends_what_runs_and_what_waits(engine: LocalEngine, gate: Gate) -> None:
    engine.start()
    tickets = [engine.submit(job("1")), engine.submit(job("2"))]
    gate.wait_for_step()
    gate.open(100)
    engine.stop()
    assert all(ticket.end is not None for ticket in tickets)
    assert isinstance(tickets[1].end, Failed)
    assert isinstance(tickets[1].end.error, EngineStopped)
    with pytest.raises(EngineStopped, match="the engine is stopped and takes no jobs"):
        engine.submit(job("3"))
    assert engine.state().phase is Phase.STOPPED


def test_draining_takes_no_jobs_and_finishes_those_here(engine: LocalEngine, gate: Gate) -> None:
    tickets = [engine.submit(job("1")), engine.submit(job("2"))]
    engine.start()
    gate.wait_for_step()
    stopper = threading.Thread(target=engine.stop, kwargs={"drain": True})
    stopper.start()
    assert engine._news.wait(SOON)
    with pytest.raises(EngineStopped, match="the engine is draining and takes no jobs"):
        engine.submit(job("3"))
    gate.open(100)
    stopper.join(SOON)
    assert all(isinstance(ticket.end, Finished) for ticket in tickets)
    assert engine.state().phase is Phase.STOPPED


def test_draining_has_a_limit() -> None:
    endless = FakeRunner(steps=10**9)
    engine = LocalEngine({"fake": endless}, [Model("net", object)])
    engine.start()
    ticket = engine.submit(job("1", "fake"))
    engine.stop(drain=True, timeout=0.0)
    assert isinstance(ticket.end, Failed)
    assert isinstance(ticket.end.error, EngineStopped)


def test_it_starts_again_with_its_models_warm() -> None:
    loads: list[object] = []

    def load() -> object:
        loads.append(object())
        return loads[-1]

    engine = LocalEngine({"fake": FakeRunner()}, [Model("net", load)])
    for round_ in range(3):
        engine.start()
        with pytest.raises(RuntimeError, match="works already"):
            engine.start()
        engine.submit(job(str(round_), "fake")).result(SOON)
        engine.stop()
        engine.stop()
    assert len(loads) == 1


def test_jobs_that_never_started_are_told_of_the_stop(engine: LocalEngine) -> None:
    ticket = engine.submit(job("1"))
    engine.stop()
    assert isinstance(ticket.end, Failed)


def test_what_the_engine_does_not_know_is_refused(engine: LocalEngine) -> None:
    with pytest.raises(ValueError, match="endpoint: 'other' has no runner"):
        engine.submit(job("1", "other"))
    with pytest.raises(ValueError, match="model: 'other' is unknown"):
        engine.submit(Job("1", "ada", "fake", "other", None))


def test_a_fault_of_the_engine_itself_hangs_nobody() -> None:
    class Liar(FakeRunner):
        def start(self, model: Any, request: Any) -> Any:  # noqa: ARG002
            raise SystemError("not even this stops it")

    engine = LocalEngine({"fake": Liar()}, [Model("net", object)])
    engine.start()
    ticket = engine.submit(job("1", "fake"))
    with pytest.raises(SystemError):
        ticket.result(SOON)
    assert engine.state().phase is Phase.RUNNING
    engine.worker._end_unwanted = None  # type: ignore[method-assign,assignment]
    crashed = engine.submit(job("2", "fake"))
    with pytest.raises(TypeError):
        crashed.result(SOON)
    assert engine.state().phase is Phase.CRASHED
    assert not engine.state().ready
    with pytest.raises(EngineStopped, match="the engine is crashed"):
        engine.submit(job("3", "fake"))
    engine.stop()


@pytest.mark.parametrize("field", ["cost", "steps", "time_limit"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_jobs_have_sensible_numbers(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{field}: .* expected a positive number"):
        job("1", **{field: value})


def test_many_submitters_and_listeners_at_once(engine: LocalEngine) -> None:
    engine.start()
    ends: list[Finished | Failed | None] = []

    def use(account: str) -> None:
        for i in range(20):
            ticket = engine.submit(Job(f"{account} {i}", account, "fake", "net", i))
            if i % 5 == 0:
                engine.cancel(ticket.job.id)
            events = list(ticket.events(SOON))
            ends.append(ticket.end)
            assert isinstance(events[0], Started | Failed)

    users = [threading.Thread(target=use, args=(account,)) for account in "abcd"]
    for user in users:
        user.start()
    for user in users:
        user.join(SOON)
    assert len(ends) == 80
    assert sum(isinstance(end, Finished) for end in ends) >= 64
    assert engine.state().waiting == engine.state().running == 0
