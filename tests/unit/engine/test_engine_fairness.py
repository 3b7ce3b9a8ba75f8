"""What users are promised, with the whole engine in simulated time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.engine.stage import Stage, Work
from vivant.engine.models import Model
from vivant.engine.tickets import Finished, Ticket

STORY = Work(steps=50, seconds=1.2)
POSE = Work(steps=20, seconds=0.065)


def stage_with_models(room: int = 2) -> Stage:
    """Both models loaded: the time it takes to load one is not what is measured here."""
    models = (Model("sdxl", object, preload=True), Model("sd3", object, preload=True))
    stage = Stage(*models, room=room)
    stage.steps(2)
    return stage


def total(ticket: Ticket) -> float:
    assert isinstance(ticket.end, Finished)
    return ticket.end.total


@pytest.mark.parametrize("account", ["storyteller", "poser"])
@settings(max_examples=25, deadline=None)
@given(at=st.floats(0, 59.9))
def test_a_pose_waits_at_most_its_own_time_behind_a_story_of_fifty_steps(
    account: str, at: float
) -> None:
    stage = stage_with_models()
    stage.submit(STORY, account="storyteller", model="sdxl")
    stage.until(lambda: stage.watch.now >= at)
    pose = stage.submit(POSE, "pose", account=account, model="sd3")
    stage.to_the_end()
    own = POSE.steps * POSE.seconds
    assert total(pose) - own <= own + 1e-6


def test_a_pose_comes_while_a_step_of_the_story_is_under_way() -> None:
    stage = stage_with_models()
    stage.submit(STORY, model="sdxl")
    stage.until(lambda: stage.watch.now >= 10 * 1.2)
    poses: list[Ticket] = []
    tick = stage.watch.pass_by

    def submit_halfway(seconds: float) -> None:
        tick(seconds / 2)
        if not poses:
            poses.append(stage.submit(POSE, "pose", account="poser", model="sd3"))
        tick(seconds / 2)

    stage.watch.pass_by = submit_halfway  # type: ignore[method-assign]
    stage.to_the_end()
    assert total(poses[0]) == pytest.approx(0.6 + 1.3)


def test_a_story_that_outlives_its_estimate_still_lets_short_jobs_pass() -> None:
    stage = stage_with_models()
    stage.submit(STORY, model="sdxl", cost=6.0)
    stage.until(lambda: stage.watch.now >= 12.0)
    pose = stage.submit(POSE, "pose", account="poser", model="sd3")
    stage.to_the_end()
    assert total(pose) == pytest.approx(1.3)


def test_a_story_among_poses_of_another_account_takes_at_most_twice_as_long() -> None:
    stage = stage_with_models(room=1)
    story = stage.submit(STORY, account="storyteller", model="sdxl")
    for _ in range(100):
        stage.submit(POSE, "pose", account="poser", model="sd3")
    stage.until(lambda: story.end is not None)
    assert total(story) <= 2 * 60 + 1.2


def test_accounts_get_equal_shares_whatever_the_length_and_number_of_their_jobs() -> None:
    stage = stage_with_models(room=1)
    tickets: dict[str, list[Ticket]] = {}
    for account, steps in {"a": 2, "b": 5, "c": 10, "d": 40}.items():
        work = Work(steps=steps, seconds=0.1)
        tickets[account] = [
            stage.submit(work, "pose", account=account, model="sd3") for _ in range(200 // steps)
        ]
    stage.until(lambda: stage.watch.now >= 20.0)
    done = {
        account: sum(ticket.end.used for ticket in own if ticket.end is not None)
        for account, own in tickets.items()
    }
    longest = 4.0
    assert all(abs(seconds - 5.0) <= longest for seconds in done.values())
    assert done["a"] == pytest.approx(5.0, abs=longest / 4)
