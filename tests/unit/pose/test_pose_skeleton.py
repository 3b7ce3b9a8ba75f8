import numpy as np
import pytest

from vivant.pose.presets import load_preset
from vivant.pose.skeleton import BODY_18, HAND_EDGES, LIMBS, Person, Pose, fit


def body(**joints: tuple[float, float]) -> np.ndarray:
    points = np.zeros((18, 3), np.float32)
    for name, xy in joints.items():
        points[BODY_18.index(name)] = (*xy, 1)
    return points


def test_limbs_are_a_tree_over_all_joints() -> None:
    reached = {1}
    for _ in LIMBS:
        reached |= {b for a, b in LIMBS if a in reached} | {a for a, b in LIMBS if b in reached}
    assert len(LIMBS) == 17
    assert reached == set(range(18))


def test_hand_edges_are_the_published_twenty() -> None:
    assert len(HAND_EDGES) == 20
    assert HAND_EDGES[:5] == ((0, 1), (1, 2), (2, 3), (3, 4), (0, 5))
    assert HAND_EDGES[-1] == (19, 20)


def test_a_person_refuses_wrong_shapes_and_nan() -> None:
    with pytest.raises(ValueError, match="body"):
        Person(np.zeros((17, 3), np.float32))
    with pytest.raises(ValueError, match="left_hand"):
        Person(np.zeros((18, 3), np.float32), left_hand=np.zeros((20, 3), np.float32))
    with pytest.raises(ValueError, match="finite"):
        Person(np.full((18, 3), np.nan, np.float32))


def test_a_person_cannot_be_changed() -> None:
    person = Person(body(nose=(1, 2)))
    with pytest.raises(ValueError, match="read-only"):
        person.body[0, 0] = 5


def test_box_and_size_count_present_joints_only() -> None:
    person = Person(body(nose=(10, 20), neck=(40, 25)))
    assert person.box == (10, 20, 40, 25)
    assert person.size == 30
    assert Person(body()).box == (0, 0, 0, 0)


def test_largest_person_comes_first() -> None:
    small, large = Person(body(nose=(0, 0), neck=(5, 5))), Person(body(nose=(0, 0), neck=(50, 9)))
    assert Pose((small, large), 100, 100).largest_first().people == (large, small)


def test_fit_letterboxes_instead_of_stretching() -> None:
    pose = Pose((Person(body(nose=(0, 0), neck=(100, 200))),), 100, 200)
    fitted = fit(pose, 400, 400)
    assert (fitted.width, fitted.height) == (400, 400)
    assert fitted.people[0].body[0].tolist() == [100, 0, 1]
    assert fitted.people[0].body[1].tolist() == [300, 400, 1]


def test_fit_moves_hands_and_face_along() -> None:
    points = np.ones((21, 3), np.float32)
    person = Person(body(nose=(1, 1)), points, points, points[:5])
    moved = fit(Pose((person,), 10, 10), 20, 20).people[0]
    for part in (moved.left_hand, moved.right_hand, moved.face):
        assert part is not None
        assert (part == [2, 2, 1]).all()


def test_fit_to_its_own_size_is_the_pose_itself() -> None:
    pose = load_preset("standing")
    assert fit(pose, pose.width, pose.height) is pose
