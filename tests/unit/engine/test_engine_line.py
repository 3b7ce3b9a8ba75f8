from __future__ import annotations

import threading
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from vivant.base.errors import LineFull
from vivant.engine.job import Job
from vivant.engine.line import Line
from vivant.engine.tickets import Ticket


def ticket(job_id: str, account: str = "ada") -> Ticket:
    return Ticket(Job(job_id, account, "story", "net", None), 0.0)


def fill(line: Line, account: str, prefix: str) -> int:
    """Puts jobs until the line refuses one; returns how many it took."""
    taken = 0
    while True:
        try:
            line.put(ticket(f"{prefix} {taken}", account), 1.0)
        except LineFull:
            return taken
        taken += 1


def test_one_account_alone_leaves_a_third_of_the_line_free() -> None:
    line = Line(capacity=30)
    assert fill(line, "greedy", "a") == 20
    assert fill(line, "other", "b") > 0


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 64), st.integers(1, 5), st.floats(0.1, 8))
def test_however_greedy_some_accounts_are_the_capacity_holds(
    capacity: int, accounts: int, greed: float
) -> None:
    line = Line(capacity, greed)
    taken = [fill(line, f"account {i}", f"{i}") for i in range(accounts)]
    assert sum(taken) <= capacity
    assert taken[0] >= 1
    assert line.counts() == (sum(taken), 0)


def test_a_refusal_says_when_the_next_job_should_be_done() -> None:
    line = Line(capacity=1)
    line.put(ticket("1"), 41.5)
    with pytest.raises(LineFull, match="try again in 42 s") as refused:
        line.put(ticket("2", "eve"), 1.0)
    assert refused.value.retry_after == 42.0


def test_jobs_from_before_a_restart_are_let_in_though_the_line_is_full() -> None:
    line = Line(capacity=1)
    line.put(ticket("1"), 1.0)
    line.put(ticket("2"), 1.0, even_if_full=True)
    assert line.counts() == (2, 0)


def test_running_jobs_take_no_place_in_the_line() -> None:
    line = Line(capacity=1)
    line.put(ticket("1"), 1.0)
    assert line.take("1")
    line.put(ticket("2"), 1.0)
    assert line.counts() == (1, 1)


def test_an_id_is_present_once() -> None:
    line = Line()
    line.put(ticket("1"), 1.0)
    with pytest.raises(ValueError, match="job 1 is waiting or running already"):
        line.put(ticket("1"), 1.0)


def test_positions_count_the_waiting_jobs_ahead() -> None:
    line = Line()
    for job_id, expected in (("long", 9.0), ("short", 1.0), ("middle", 5.0)):
        line.put(ticket(job_id), expected)
    assert [line.position(job_id) for job_id in ("short", "middle", "long")] == [0, 1, 2]
    line.take("short")
    assert [line.position(job_id) for job_id in ("short", "middle", "long")] == [None, 0, 1]


def test_what_was_used_moves_an_account_back() -> None:
    line = Line()
    line.put(ticket("1", "ada"), 3.0)
    line.put(ticket("2", "eve"), 3.0)
    line.spend("1", 8.0)
    assert [each.job.id for each in line.turns()] == ["2", "1"]
    line.expect("2", 30.0)
    assert [each.job.id for each in line.turns()] == ["1", "2"]


class LineMachine(RuleBasedStateMachine):
    """Any order of calls, against plain sets."""

    def __init__(self) -> None:
        super().__init__()
        self.line = Line(capacity=5)
        self.waiting: dict[str, str] = {}
        self.running: set[str] = set()
        self.count = 0

    @rule(account=st.sampled_from("abc"), expected=st.floats(0.1, 10))
    def put(self, account: str, expected: float) -> None:
        self.count += 1
        free = 5 - len(self.waiting)
        own = Counter(self.waiting.values())[account]
        try:
            self.line.put(ticket(str(self.count), account), expected)
        except LineFull:
            assert free == 0 or own >= 2 * free
        else:
            assert free > 0
            self.waiting[str(self.count)] = account

    @rule(data=st.data())
    @precondition(lambda self: self.waiting)
    def take(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.waiting)))
        assert self.line.take(job_id)
        assert not self.line.take(job_id)
        assert self.line.withdraw(job_id) is None
        del self.waiting[job_id]
        self.running.add(job_id)

    @rule(data=st.data())
    @precondition(lambda self: self.waiting)
    def withdraw(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.waiting)))
        assert self.line.withdraw(job_id) is not None
        assert not self.line.take(job_id)
        del self.waiting[job_id]

    @rule(data=st.data(), seconds=st.floats(0, 5))
    @precondition(lambda self: self.running)
    def spend(self, data: st.DataObject, seconds: float) -> None:
        self.line.spend(data.draw(st.sampled_from(sorted(self.running))), seconds)

    @rule(data=st.data())
    @precondition(lambda self: self.waiting or self.running)
    def leave(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.running | set(self.waiting))))
        assert self.line.leave(job_id)
        assert not self.line.leave(job_id)
        self.line.spend(job_id, 1.0)
        self.line.expect(job_id, 1.0)
        self.waiting.pop(job_id, None)
        self.running.discard(job_id)

    @invariant()
    def everybody_is_somewhere(self) -> None:
        present = self.running | set(self.waiting)
        assert self.line.counts() == (len(self.waiting), len(self.running))
        assert {each.job.id for each in self.line.turns()} == present
        assert {each.job.id for each in self.line.present()} == present
        positions = [self.line.position(job_id) for job_id in self.waiting]
        assert sorted(p for p in positions if p is not None) == list(range(len(self.waiting)))


TestAnyOrder = LineMachine.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_many_threads_put_and_take_and_nothing_is_lost() -> None:
    line = Line(capacity=10_000)
    taken: list[str] = []

    def put(account: str) -> None:
        for i in range(100):
            line.put(ticket(f"{account} {i}", account), 1.0)

    def take(account: str) -> None:
        taken.extend(f"{account} {i}" for i in range(100) if line.take(f"{account} {i}"))

    for work in (put, take):
        threads = [threading.Thread(target=work, args=(account,)) for account in "abcab"[:3]]
        threads += [threading.Thread(target=take, args=(account,)) for account in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert sorted(taken) == sorted(f"{account} {i}" for account in "abc" for i in range(100))
    assert line.counts() == (0, 300)
