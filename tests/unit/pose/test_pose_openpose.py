import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivant.base.errors import InvalidInput
from vivant.pose.openpose import pose_from_json, pose_to_json
from vivant.pose.presets import load_preset
from vivant.pose.skeleton import Person, Pose

FLAT = [value for joint in range(18) for value in (10.0 * joint + 20, 5.0 * joint + 30, 1.0)]
BARE = {"pose_keypoints_2d": FLAT}
FRAME = {"people": [BARE], "canvas_width": 512, "canvas_height": 640}


def keypoints(count: int) -> st.SearchStrategy[np.ndarray]:
    """Points of which some, but not all, may be absent."""

    def build(seed: int, present: int) -> np.ndarray:
        there = np.array([present >> point & 1 for point in range(count)])
        xy = np.random.default_rng(seed).uniform(3, 8000, (count, 2))
        return (np.column_stack([xy, there]) * there[:, None]).astype(np.float32)

    return st.builds(build, st.integers(0, 2**32), st.integers(1, 2**count - 1))


people = st.builds(
    Person,
    keypoints(18),
    st.none() | keypoints(21),
    st.none() | keypoints(21),
    st.none() | keypoints(5),
)


@settings(deadline=None)  # a busy machine is not a failure
@given(
    st.lists(people, max_size=2),
    st.integers(1, 8192),
    st.integers(1, 8192),
    st.sampled_from((json.dumps, dict)),
)
def test_what_is_written_is_read_back(
    persons: list[Person], width: int, height: int, write: Callable[[object], object]
) -> None:
    back = pose_from_json(write(pose_to_json(Pose(tuple(persons), width, height))))
    assert (back.width, back.height) == (width, height)
    assert len(back.people) == len(persons)
    for one, other in zip(persons, back.people, strict=True):
        for name in ("body", "left_hand", "right_hand", "face"):
            mine, theirs = getattr(one, name), getattr(other, name)
            assert (mine is None) == (theirs is None)
            if mine is not None:
                np.testing.assert_allclose(theirs, mine, atol=2e-3)


@settings(deadline=None)  # a busy machine is not a failure
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(("people", "pose_keypoints_2d", "canvas_width")), inner
            )
        ),
    )
)
def test_any_other_json_is_a_clear_error_or_a_pose(data: object) -> None:
    message = ""
    try:
        pose_from_json(data)
    except InvalidInput as error:
        message = str(error)
    assert "\n" not in message


@pytest.mark.parametrize(
    "data",
    [
        FRAME,
        [FRAME],
        [FRAME, {"people": []}],
        {**FRAME, **BARE},
        json.dumps(FRAME),
        json.dumps(FRAME).encode(),
        {**FRAME, "people": [{**BARE, "hand_left_keypoints_2d": None, "face_keypoints_2d": []}]},
        {**FRAME, "people": [{"pose_keypoints_2d": np.reshape(FLAT, (18, 3)).tolist()}]},
        {**FRAME, "people": [{"pose_keypoints_2d": np.reshape(FLAT, (18, 3))[:, :2].tolist()}]},
        {**FRAME, "people": [{"pose_keypoints": FLAT}]},
        {**BARE, "canvas_width": 512, "canvas_height": 640},
    ],
)
def test_every_shape_that_tools_write_is_read(data: object) -> None:
    pose = pose_from_json(data)
    assert (pose.width, pose.height) == (512, 640)
    np.testing.assert_allclose(pose.people[0].body.ravel(), FLAT)


@pytest.mark.parametrize("data", [[BARE, BARE], {"people": [BARE, BARE]}])
def test_a_missing_canvas_has_room_for_everyone(data: object) -> None:
    pose = pose_from_json(data)
    assert len(pose.people) == 2
    assert (pose.width, pose.height) == (256, 128)


def test_body_25_becomes_body_18() -> None:
    points = [[float(joint + 10), 50.0, 1.0] for joint in range(25)]
    body = (
        pose_from_json([{"pose_keypoints_2d": [value for point in points for value in point]}])
        .people[0]
        .body
    )
    # 8 is the mid-hip that body-18 does not have; 19 to 24 are feet.
    assert body[:, 0].tolist() == [float(j + 10) for j in (*range(8), *range(9, 19))]


def test_coordinates_from_0_to_1_are_scaled_to_the_canvas() -> None:
    flat = [0.5, 0.25, 1] * 18
    pose = pose_from_json({**FRAME, "people": [{"pose_keypoints_2d": flat}]})
    assert pose.people[0].body[3].tolist() == [256, 160, 1]
    alone = pose_from_json([{"pose_keypoints_2d": flat}])
    assert (alone.width, alone.height) == (1024, 1024)


def test_a_joint_without_confidence_is_absent_and_written_as_zero() -> None:
    flat = [*FLAT[:51], 300.0, 300.0, 0.01]
    pose = pose_from_json({**FRAME, "people": [{"pose_keypoints_2d": flat}]})
    assert not pose.people[0].present[17]
    written = pose_to_json(pose)["people"][0]["pose_keypoints_2d"]
    assert written[51:] == [0, 0, 0]


def test_partial_confidence_is_written_as_one() -> None:
    flat = [10.0, 20.0, 0.4] * 18
    written = pose_to_json(pose_from_json([{"pose_keypoints_2d": flat}]))
    assert written["people"][0]["pose_keypoints_2d"][:3] == [10, 20, 1]


def test_people_without_any_joint_are_dropped() -> None:
    assert pose_from_json({"people": [{"pose_keypoints_2d": [0] * 54}, {}]}).people == ()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("{", "JSON"),
        (b"\xff\xfe\x00", "JSON"),
        ("[" * 100_000, "nested"),
        ("null", "OpenPose JSON"),
        ([], "OpenPose JSON"),
        ({"people": "many"}, "pose.people"),
        ({"people": [BARE] * 21}, "at most 20"),
        ({"people": [3]}, "people[0]"),
        ({"people": [{"pose_keypoints_2d": FLAT[:-1]}]}, "53 numbers"),
        ({"people": [{"pose_keypoints_2d": FLAT[:51]}]}, "54 or 75"),
        ({"people": [{**BARE, "hand_left_keypoints_2d": [1, 2, 1]}]}, "hand_left"),
        ({"people": [{"pose_keypoints_2d": [float("nan"), *FLAT[1:]]}]}, "finite"),
        ({"people": [{"pose_keypoints_2d": [10**400, *FLAT[1:]]}]}, "finite"),
        ({"people": [{"pose_keypoints_2d": [True, *FLAT[1:]]}]}, "finite"),
        ({"people": [{"pose_keypoints_2d": ["1", *FLAT[1:]]}]}, "finite"),
        ({"people": [{"pose_keypoints_2d": "1,2,3"}]}, "list of numbers"),
        ({"people": [{"pose_keypoints_2d": [[1, 2, 3, 4]] * 18}]}, "points"),
        ({"people": [{**BARE, "face_keypoints_2d": [1.0] * 10**6}]}, "at most"),
        ({**FRAME, "canvas_width": 9000}, "canvas_width"),
        ({**FRAME, "canvas_height": 0}, "canvas_height"),
        ({**FRAME, "canvas_height": "tall"}, "canvas_height"),
    ],
)
def test_malformed_input_is_one_clear_line(data: object, told: str) -> None:
    with pytest.raises(InvalidInput) as error:
        pose_from_json(data)
    assert told in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


def test_presets_survive_the_round_trip() -> None:
    pose = load_preset("running")
    back = pose_from_json(pose_to_json(pose))
    np.testing.assert_allclose(back.people[0].body, pose.people[0].body, atol=1e-3)
