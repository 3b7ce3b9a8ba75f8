"""The worker, stepped by hand in simulated time."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from tests.unit.engine.stage import Stage, Work
from vivant.base.contract import Picture, Progress
from vivant.base.errors import Cancelled, DeadlinePassed, WeightsUnavailable
from vivant.engine.models import Model
from vivant.engine.tickets import Failed, Finished, Started, Ticket


def told(ticket: Ticket) -> list[str]:
    """What happened so far, late listeners' way."""
    return [type(event).__name__ for event in ticket.listen().take()]


def error_of(ticket: Ticket) -> Exception:
    assert isinstance(ticket.end, Failed)
    return ticket.end.error


def test_a_job_goes_from_the_line_to_its_pictures() -> None:
    stage = Stage()
    stage.watch.pass_by(1.0)
    ticket = stage.submit(Work(steps=3, seconds=2.0))
    listener = ticket.listen()
    stage.watch.pass_by(4.0)
    stage.to_the_end()
    *events, picture, end = listener.take()
    assert events == [Started(4.0), Progress(1, 3), Progress(2, 3), Progress(3, 3)]
    assert isinstance(picture, Picture)
    assert end == Finished(waited=4.0, used=6.0, total=10.0)
    assert stage.engine.state().running == 0


def test_models_load_when_a_job_needs_them_and_only_once() -> None:
    loads: list[str] = []
    stage = Stage(
        Model("net", lambda: loads.append("net") or object()),
        Model("other", lambda: loads.append("other") or object()),
        Model("first", lambda: loads.append("first") or object(), preload=True),
    )
    stage.steps(1)
    assert loads == ["first"]
    stage.submit(Work())
    stage.submit(Work())
    stage.to_the_end()
    assert loads == ["first", "net"]


def test_a_failure_ends_its_job_and_no_other() -> None:
    stage = Stage()
    bad = stage.submit(Work(steps=3, fails_at=2))
    good = stage.submit(Work(steps=3))
    stage.to_the_end()
    assert told(bad) == ["Started", "Progress", "Failed"]
    assert str(error_of(bad)) == "step 2 failed"
    assert isinstance(good.end, Finished)
    assert len(stage.solo.closed) == 2


def test_a_request_that_cannot_even_start_ends_alone() -> None:
    stage = Stage()
    good = stage.submit(Work(), "pose")
    bad = stage.submit(Work(steps=0), "pose")
    stage.to_the_end()
    assert isinstance(good.end, Finished)
    assert str(error_of(bad)) == "no steps"


def test_errors_keep_nothing_of_the_model_alive() -> None:
    class Net:
        pass

    net = Net()
    alive = weakref.ref(net)
    stage = Stage(Model("net", [net].pop))
    del net
    ticket = stage.submit(Work(fails_at=1))
    stage.to_the_end()
    stage.engine._models.drop("net")
    gc.collect()
    assert isinstance(error_of(ticket), RuntimeError)
    assert alive() is None


def test_cancelling_closes_the_generator_before_the_next_step() -> None:
    stage = Stage()
    ticket = stage.submit(Work(steps=50))
    stage.until(lambda: stage.watch.now == 3.0)
    assert stage.engine.cancel(ticket.job.id)
    assert ticket.end is None
    assert stage.solo.closed == []
    assert not stage.engine.worker.step()
    assert isinstance(error_of(ticket), Cancelled)
    assert stage.solo.closed == [ticket.job.request]
    assert stage.watch.now == 3.0
    assert not stage.engine.cancel(ticket.job.id)


def test_cancelling_a_waiting_job_takes_effect_at_once() -> None:
    stage = Stage()
    ticket = stage.submit(Work())
    assert stage.engine.cancel(ticket.job.id)
    assert isinstance(error_of(ticket), Cancelled)
    assert not stage.engine.worker.step()
    assert not stage.engine.cancel("unknown")


def test_a_job_of_a_batch_is_cancelled_and_the_others_go_on() -> None:
    stage = Stage()
    tickets = [stage.submit(Work(steps=4), "pose") for _ in range(2)]
    stage.until(lambda: len(stage.batch.advanced) == 2)
    stage.engine.cancel("1")
    stage.to_the_end()
    assert stage.batch.advanced == [["1", "2"]] * 2 + [["2"]] * 2
    assert isinstance(error_of(tickets[0]), Cancelled)
    assert isinstance(tickets[1].end, Finished)


def test_deadlines_end_jobs_that_wait_and_jobs_that_run() -> None:
    stage = Stage()
    running = stage.submit(Work(steps=50), cost=1.0, time_limit=3.0)
    waiting = stage.submit(Work(steps=50), time_limit=2.0)
    relaxed = stage.submit(Work(steps=50), time_limit=200.0)
    stage.to_the_end()
    assert str(error_of(running)) == "not done within 3 s"
    assert isinstance(error_of(waiting), DeadlinePassed)
    assert told(waiting) == ["Failed"]
    assert isinstance(relaxed.end, Finished)
    assert running.end is not None
    assert running.end.total == 3.0


def test_jobs_of_one_batch_advance_together_and_a_full_one_lets_others_wait() -> None:
    stage = Stage(room=2)
    tickets = [stage.submit(Work(steps=2), "pose") for _ in range(3)]
    stage.to_the_end()
    assert stage.batch.advanced == [["1", "2"]] * 2 + [["3"]] * 2
    assert all(isinstance(ticket.end, Finished) for ticket in tickets)


def test_who_comes_later_joins_a_batch_that_runs() -> None:
    stage = Stage()
    stage.submit(Work(steps=3), "pose")
    stage.until(lambda: len(stage.batch.advanced) == 1)
    stage.submit(Work(steps=3), "pose")
    stage.to_the_end()
    assert stage.batch.advanced == [["1"], ["1", "2"], ["1", "2"], ["2"]]


def test_different_models_share_no_batch() -> None:
    stage = Stage(Model("net", object), Model("other", object))
    stage.submit(Work(steps=2), "pose")
    stage.submit(Work(steps=2), "pose", model="other")
    stage.to_the_end()
    assert stage.batch.advanced == [["1"]] * 2 + [["2"]] * 2


def test_a_batch_is_paid_for_by_what_each_member_costs() -> None:
    stage = Stage()
    large = stage.submit(Work(steps=2, seconds=3.0), "pose", cost=6.0)
    small = stage.submit(Work(steps=2, seconds=3.0), "pose", cost=2.0)
    stage.to_the_end()
    assert large.end is not None
    assert small.end is not None
    assert (large.end.used, small.end.used) == (4.5, 1.5)


def test_a_known_culprit_leaves_its_batch() -> None:
    stage = Stage()
    bad = stage.submit(Work(steps=3, fails_at=2), "pose")
    good = stage.submit(Work(steps=3), "pose")
    stage.to_the_end()
    assert stage.batch.advanced == [["1", "2"]] * 2 + [["2"]]
    assert isinstance(error_of(bad), RuntimeError)
    assert isinstance(good.end, Finished)


def test_a_batch_that_fails_as_a_whole_is_run_again_one_by_one() -> None:
    stage = Stage(room=2)
    bad = stage.submit(Work(steps=4, fails_at=3, harms=True), "pose")
    good = stage.submit(Work(steps=4), "pose")
    waiting = stage.submit(Work(steps=4), "pose")
    listener = good.listen()
    stage.to_the_end()
    assert stage.batch.advanced[:3] == [["1", "2"]] * 3
    assert sorted(stage.batch.advanced[3:]) == [["1"]] * 3 + [["2"]] * 4 + [["3"]] * 4
    assert str(error_of(bad)) == "out of memory"
    heard = listener.take()
    assert [e.step for e in heard if isinstance(e, Progress)] == [1, 2, 2, 3, 4]
    assert sum(isinstance(e, Picture) for e in heard) == 1
    assert sum(isinstance(e, Started) for e in heard) == 1
    assert isinstance(good.end, Finished)
    assert isinstance(waiting.end, Finished)


def test_a_model_that_cannot_be_loaded_fails_its_jobs_until_it_is_tried_again() -> None:
    answers: list[Any] = [WeightsUnavailable("no such folder"), object()]

    def load() -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    stage = Stage(Model("net", load), Model("other", object))
    lost = [stage.submit(Work()) for _ in range(2)]
    kept = stage.submit(Work(), model="other")
    stage.to_the_end()
    assert {str(error_of(ticket)) for ticket in lost} == {"no such folder"}
    assert isinstance(kept.end, Finished)
    stage.watch.pass_by(30.0)
    later = stage.submit(Work())
    stage.to_the_end()
    assert isinstance(later.end, Finished)


@pytest.mark.parametrize("endpoint", ["story", "pose"])
def test_a_job_whose_model_has_no_room_is_next_once_there_is(endpoint: str) -> None:
    """Two models that do not fit together, and no end of short jobs for the one that is loaded."""
    models = [Model(name, object, size=6) for name in ("net", "other")]
    stage = Stage(*models, memory_budget=10)
    stage.submit(Work(steps=5), endpoint, account="ada")
    stage.steps(3)
    wanting = stage.submit(Work(steps=5), model="other", account="eve", cost=0.1)
    later = [stage.submit(Work(steps=1), endpoint, account="ada") for _ in range(20)]
    stage.until(lambda: wanting.end is not None)
    assert sum(ticket.end is not None for ticket in later) == 0
    stage.to_the_end()
    assert all(isinstance(ticket.end, Finished) for ticket in later)


def test_a_model_to_preload_waits_for_room_as_well() -> None:
    answers: list[Any] = [WeightsUnavailable("not yet"), object()]

    def load() -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    stage = Stage(
        Model("net", object, size=6), Model("late", load, size=6, preload=True), memory_budget=10
    )
    ticket = stage.submit(Work(steps=50))
    stage.until(lambda: stage.watch.now >= 45.0)
    assert len(answers) == 1
    stage.to_the_end()
    assert isinstance(ticket.end, Finished)
    assert answers == []
    assert stage.engine._models.ready


def test_places_bound_what_is_under_way() -> None:
    stage = Stage(places=2)
    tickets = []
    for length in (30, 20, 10, 5):
        tickets.append(stage.submit(Work(steps=length)))
        stage.steps(3)
    assert stage.engine.state().running == 2
    stage.to_the_end()
    assert all(isinstance(ticket.end, Finished) for ticket in tickets)


def test_the_speed_is_measured_over_the_latest_steps() -> None:
    stage = Stage()
    stage.submit(Work(steps=9, seconds=0.5))
    stage.to_the_end()
    state = stage.engine.state()
    # The tenth step only finds the generator at its end, after 9 and the picture.
    assert state.steps == 11
    assert state.busy_seconds == 4.5
    assert state.steps_per_second == pytest.approx(11 / 4.5)


def test_expected_times_are_learned_by_endpoint_and_model() -> None:
    stage = Stage()
    stage.submit(Work(steps=4, seconds=5.0), cost=1.0)
    stage.to_the_end()
    slow = stage.submit(Work(steps=4, seconds=5.0), cost=1.0)
    quick = stage.submit(Work(steps=4, seconds=1.0), "pose", cost=4.0)
    stage.to_the_end()
    assert slow.end is not None
    assert quick.end is not None
    assert quick.end.total == 4.0
    assert slow.end.total == 24.0
