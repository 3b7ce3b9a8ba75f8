"""Downloaded whole-body networks, with small ones made on the fly in their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from vivant.base.errors import WeightsCorrupt, WeightsUnavailable
from vivant.pose.estimators import estimator_by_name
from vivant.pose.whole_body import KEYPOINTS, decoded, framed, read_off, suppressed, whole_person

Array = NDArray[np.float32]

SIDE = 64
"""Of the detector's picture."""

HEIGHT, WIDTH = 32, 24
"""Of the estimator's picture; its heat has two steps a pixel."""


def save_constant(path: Path, shape: list[int], outputs: dict[str, Array]) -> None:
    """A network that takes a picture of a shape and always gives the same.

    Its outputs depend on the input by nothing times its mean, so that it must be given one.
    """
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
    ]
    constants = [numpy_helper.from_array(np.zeros((), np.float32), "zero")]
    told = []
    for name, value in outputs.items():
        constants.append(numpy_helper.from_array(value, f"{name}_value"))
        nodes.append(helper.make_node("Add", [f"{name}_value", "nothing"], [name]))
        told.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(value.shape)))
    given = [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)]
    graph = helper.make_graph(nodes, "constant", given, told, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)


def yolox(boxes: list[tuple[float, float, float, float, float]]) -> Array:
    """YOLOX's raw output for boxes: middle x, y, width, height, score in its picture."""
    cells = [(SIDE // stride) ** 2 for stride in (8, 16, 32)]
    raw = np.zeros((1, sum(cells), 6), np.float32)
    for row, (x, y, width, height, score) in enumerate(boxes):  # cells of the first row, stride 8
        raw[0, row] = (x / 8 - row, y / 8, np.log(width / 8), np.log(height / 8), score, 1)
    return raw


def heat(places: Array, score: float = 0.9) -> dict[str, Array]:
    """SimCC's two outputs for keypoints at places in the estimator's picture, 0 to 1."""
    x = np.zeros((1, KEYPOINTS, 2 * WIDTH), np.float32)
    y = np.zeros((1, KEYPOINTS, 2 * HEIGHT), np.float32)
    for point, (px, py) in enumerate(places):
        x[0, point, int(px * 2 * WIDTH)] = y[0, point, int(py * 2 * HEIGHT)] = score
    return {"simcc_x": x, "simcc_y": y}


def places() -> Array:
    """Some keypoints, each at another place."""
    steps = np.arange(KEYPOINTS)
    return np.stack([0.1 + 0.8 * steps / KEYPOINTS, 0.9 - 0.8 * steps / KEYPOINTS], 1)


def save(
    folder: Path, boxes: list[tuple[float, float, float, float, float]], score: float = 0.9
) -> None:
    save_constant(folder / "detector.onnx", [1, 3, SIDE, SIDE], {"output": yolox(boxes)})
    save_constant(folder / "pose.onnx", [1, 3, HEIGHT, WIDTH], heat(places(), score))


def test_people_come_with_hands_and_faces_in_the_picture_s_pixels(tmp_path: Path) -> None:
    save(tmp_path, [(20, 16, 12, 24, 0.9), (45, 16, 18, 28, 0.8), (20, 17, 12, 24, 0.7)])
    people = estimator_by_name(str(tmp_path)).people(Image.new("RGB", (256, 128)))
    assert len(people) == 2  # the third box is the first one again
    larger, smaller = people
    assert larger.size > smaller.size
    assert all(part is not None for part in (larger.left_hand, larger.right_hand, larger.face))
    # The picture is four times the detector's; this box is as wide by its height as the network's
    # picture or less, so that its height decides.
    height = 28 * 4 * 1.25
    width = height * WIDTH / HEIGHT
    nose = (int(0.1 * 2 * WIDTH) / (2 * WIDTH), int(0.9 * 2 * HEIGHT) / (2 * HEIGHT))
    expected = (180 - width / 2 + nose[0] * width, 64 - height / 2 + nose[1] * height)
    np.testing.assert_allclose(larger.body[0, :2], expected, atol=0.01)


def test_nobody_and_unsure_keypoints_are_nobody(tmp_path: Path) -> None:
    picture = Image.new("RGB", (100, 100))
    save(tmp_path, [(20, 16, 12, 24, 0.4)])
    assert estimator_by_name(str(tmp_path)).people(picture) == ()
    save(tmp_path, [(20, 16, 12, 24, 0.9)], score=0.2)
    assert estimator_by_name(str(tmp_path)).people(picture) == ()


def test_a_detector_that_suppresses_by_itself_is_read_too(tmp_path: Path) -> None:
    save(tmp_path, [])
    boxes = np.array([[[10, 5, 30, 60, 0.9], [0, 0, 5, 5, 0.1]]], np.float32)
    save_constant(tmp_path / "detector.onnx", [1, 3, SIDE, SIDE], {"dets": boxes})
    people = estimator_by_name(str(tmp_path)).people(Image.new("RGB", (64, 64)))
    assert len(people) == 1


def test_boxes_are_told_from_the_cells_of_three_grids() -> None:
    raw = np.zeros((84, 6), np.float32)
    raw[9] = (0.5, 0.25, np.log(2), np.log(3), 0.5, 0.8)  # the second cell of the second row
    raw[-1] = (0.5, 0.5, 0, 0, 1, 1)
    boxes, scores = decoded(raw, SIDE, SIDE)
    np.testing.assert_allclose(boxes[9], [12 - 8, 10 - 12, 12 + 8, 10 + 12])
    np.testing.assert_allclose(boxes[-1], [32, 32, 64, 64])
    assert scores[9] == pytest.approx(0.4)


def test_suppression_keeps_the_surest_of_each() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10], [0, 0, 9, 9]], np.float32)
    assert suppressed(boxes, np.array([0.6, 0.9, 0.7, 0.3], np.float32)) == [1, 2]


def test_a_frame_has_the_network_s_shape_and_holds_the_box() -> None:
    for box in ([0, 0, 10, 100], [5, 5, 100, 20]):
        frame = framed(np.array(box, np.float32), 0.75)
        assert frame.width / frame.height == pytest.approx(0.75)
        assert frame.left <= box[0]
        assert frame.top <= box[1]
        assert frame.left + frame.width >= box[2]
        assert frame.top + frame.height >= box[3]


def test_a_keypoint_is_as_sure_as_the_less_sure_axis() -> None:
    x, y = np.zeros((1, 8), np.float32), np.zeros((1, 4), np.float32)
    x[0, 6], y[0, 1] = 0.9, 0.4
    np.testing.assert_allclose(read_off(x, y), [[0.75, 0.25, 0.4]])


def test_coco_becomes_body_18_with_a_neck() -> None:
    points = np.column_stack([np.arange(133), np.arange(133) * 2, np.full(133, 0.9)])
    points = points.astype(np.float32)
    person = whole_person(points)
    np.testing.assert_allclose(person.body[1, :2], [5.5, 11])
    assert person.body[:, 0].tolist() == [
        0, 5.5, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3,
    ]  # fmt: skip
    assert person.left_hand is not None
    assert person.right_hand is not None
    assert person.left_hand[0, 0] == 91
    assert person.right_hand[-1, 0] == 132
    points[5] = points[91:112] = 0
    person = whole_person(points)
    assert not person.present[1]
    assert person.left_hand is None


def test_what_is_missing_or_no_network_is_told_on_one_line(tmp_path: Path) -> None:
    picture = Image.new("RGB", (8, 8))
    with pytest.raises(WeightsUnavailable, match=r"detector\.onnx: there is no such file"):
        estimator_by_name(str(tmp_path)).people(picture)
    (tmp_path / "detector.onnx").write_bytes(b"nothing of the kind")
    with pytest.raises(WeightsCorrupt) as error:
        estimator_by_name(str(tmp_path)).people(picture)
    assert "\n" not in str(error.value)
