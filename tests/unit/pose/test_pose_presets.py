import numpy as np
import pytest

from vivant.base.errors import InvalidInput
from vivant.pose.presets import load_preset, preset_names
from vivant.pose.skeleton import BODY_18


def test_there_are_enough_to_choose_from() -> None:
    assert len(preset_names()) >= 24
    assert {"standing", "sitting", "lying", "leaping"} <= set(preset_names())


@pytest.mark.parametrize("name", preset_names())
def test_each_is_one_whole_well_proportioned_person_on_the_canvas(name: str) -> None:
    pose = load_preset(name)
    (person,) = pose.people
    assert (pose.width, pose.height) == (768, 768)
    assert set(np.flatnonzero(~person.present)) <= {BODY_18.index("left_ear")}
    left, top, right, bottom = person.box
    assert min(left, top) > 30
    assert max(right, bottom) < 738
    # Nose to neck is the measure of the head: an adult's torso is about 2.5 of it.
    nose, neck, hip = person.body[0, :2], person.body[1, :2], person.body[[8, 11], :2].mean(axis=0)
    assert 2 < np.linalg.norm(hip - neck) / np.linalg.norm(nose - neck) < 3.2


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="standing"):
        load_preset("../standing")


@pytest.mark.parametrize("name", preset_names())
def test_above_each_nose_there_is_room_for_hair_and_a_hat(name: str) -> None:
    """A drawn head's crown is 0.9 to 1.6 times as far above its nose as the neck is below."""
    (person,) = load_preset(name).people
    nose, neck = person.body[0, :2], person.body[1, :2]
    assert nose[1] > 2.25 * np.linalg.norm(nose - neck)
