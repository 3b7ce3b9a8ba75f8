import numpy as np
import pytest

from vivant.pose.draw import COLOURS, default_line_width, draw, hand_colour
from vivant.pose.presets import load_preset
from vivant.pose.skeleton import LIMBS, Person, Pose


def lone_limb(limb: int) -> Pose:
    body = np.zeros((18, 3), np.float32)
    body[LIMBS[limb][0]] = (40, 64, 1)
    body[LIMBS[limb][1]] = (200, 130, 1)
    return Pose((Person(body),), 256, 192)


@pytest.mark.parametrize("limb", range(17))
def test_each_limb_and_joint_has_its_published_colour(limb: int) -> None:
    start, end = LIMBS[limb]
    picture = draw(lone_limb(limb), line_width=8)
    assert picture.mode == "RGB"
    assert picture.size == (256, 192)
    assert picture.getpixel((40, 64)) == COLOURS[start]
    assert picture.getpixel((200, 130)) == COLOURS[end]
    assert picture.getpixel((120, 97)) == tuple(round(0.6 * part) for part in COLOURS[limb])
    assert picture.getpixel((5, 5)) == (0, 0, 0)


def test_a_limb_is_an_ellipse_as_wide_as_asked() -> None:
    body = np.zeros((18, 3), np.float32)
    body[2], body[3] = (50, 100, 1), (250, 100, 1)
    pixels = np.asarray(draw(Pose((Person(body),), 300, 200), line_width=10)).astype(float)
    height = pixels.max(axis=2).sum(axis=0) / (0.6 * 255)
    assert height[150] == pytest.approx(10, abs=0.1)
    # At a quarter of the length an ellipse has sqrt(3) / 2 of its width.
    assert height[100] == pytest.approx(10 * 3**0.5 / 2, abs=0.15)


def test_a_joint_is_a_disc_of_the_right_area() -> None:
    body = np.zeros((18, 3), np.float32)
    body[0] = (30.3, 31.8, 1)
    pixels = np.asarray(draw(Pose((Person(body),), 64, 64), line_width=9)).astype(float)
    assert pixels[:, :, 0].sum() / 255 == pytest.approx(np.pi * 4.5**2, rel=0.01)
    rows, columns = np.mgrid[:64, :64] + 0.5
    weight = pixels[:, :, 0] / pixels[:, :, 0].sum()
    assert (columns * weight).sum() == pytest.approx(30.3, abs=0.02)
    assert (rows * weight).sum() == pytest.approx(31.8, abs=0.02)


def test_joints_lie_over_limbs_and_later_limbs_over_earlier() -> None:
    body = np.zeros((18, 3), np.float32)
    body[2], body[3] = (20, 100, 1), (180, 100, 1)
    body[12], body[13] = (100, 20, 1), (100, 180, 1)
    picture = draw(Pose((Person(body),), 200, 200), line_width=8)
    assert picture.getpixel((100, 100)) == tuple(round(0.6 * part) for part in COLOURS[11])
    body[0] = (100, 100, 1)
    picture = draw(Pose((Person(body),), 200, 200), line_width=8)
    assert picture.getpixel((100, 100)) == COLOURS[0]


def test_absent_joints_and_their_limbs_are_not_drawn() -> None:
    pose = load_preset("standing")
    body = pose.people[0].body.copy()
    body[:, 2] = 0
    assert draw(Pose((Person(body),), 768, 768)).getbbox() is None


def test_another_aspect_ratio_is_letterboxed() -> None:
    picture = draw(lone_limb(0), 512, 512, line_width=8)
    scale, top = 2, (512 - 2 * 192) // 2
    assert picture.size == (512, 512)
    assert picture.getpixel((40 * scale, 64 * scale + top)) == COLOURS[1]
    assert picture.getpixel((200 * scale, 130 * scale + top)) == COLOURS[2]


def test_only_a_width_keeps_the_height() -> None:
    assert draw(lone_limb(0), width=512).size == (512, 192)


@pytest.mark.parametrize(
    ("size", "width"),
    [
        ((512, 512), 8),
        ((1024, 1024), 8),
        ((1216, 832), 8),
        ((384, 768), 6),
        ((256, 256), 4),
        ((128, 128), 4),
        ((2048, 2048), 16),
    ],
)
def test_default_line_width_follows_the_shorter_side(size: tuple[int, int], width: float) -> None:
    assert default_line_width(*size) == width


def test_hands_have_their_hues_and_blue_joints() -> None:
    hand = np.ones((21, 3), np.float32)
    for point in range(21):
        hand[point, :2] = (20 + 8 * point, 20 + 30 * (point % 4))
    person = Person(np.zeros((18, 3), np.float32), left_hand=hand)
    pose = Pose((person,), 256, 256)
    picture = draw(pose, line_width=8)
    assert picture.getpixel((20, 20)) == (0, 0, 255)
    middle = tuple(((hand[9, :2] + hand[10, :2]) / 2).astype(int).tolist())
    assert picture.getpixel(middle) == hand_colour(9)
    assert draw(pose, hands=False).getbbox() is None


def test_face_points_are_white_dots() -> None:
    person = Person(np.zeros((18, 3), np.float32), face=np.array([[30, 40, 1]], np.float32))
    pose = Pose((person,), 64, 64)
    assert draw(pose, line_width=8).getpixel((30, 40)) == (255, 255, 255)
    assert draw(pose, face=False).getbbox() is None


def test_what_lies_off_the_canvas_is_cut_not_an_error() -> None:
    body = np.zeros((18, 3), np.float32)
    body[2], body[3], body[4] = (-500, 30, 1), (30, 30, 1), (900, 900, 1)
    assert draw(Pose((Person(body),), 64, 64)).getpixel((30, 30)) == COLOURS[3]


def test_joints_in_one_place_are_drawn() -> None:
    body = np.tile(np.array([32, 32, 1], np.float32), (18, 1))
    assert draw(Pose((Person(body),), 64, 64)).getpixel((32, 32)) == COLOURS[17]


def test_a_line_without_width_is_refused() -> None:
    with pytest.raises(ValueError, match="line_width"):
        draw(lone_limb(0), line_width=0)
