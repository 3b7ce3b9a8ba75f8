"""The network of drawn people: its squares, what it is asked, its file, and that it learns."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from training.collages import Collages
from training.drawn_people import CELLS, CHANNELS, DrawnPeople, batch_of, loss, read, targets
from training.export_drawings import export
from training.make_data import facts
from training.world.render import paint, sample
from vivant.pose.drawings import JOINTS, REACH, SIDE, STEP
from vivant.pose.skeleton import BODY_18
from vivant.pose.squares.network import Network

NECK = BODY_18.index("neck")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered")
    drawn = [sample(seed) for seed in range(12)] + [sample(90, empty=1.0)]
    np.save(folder / "pictures.npy", np.stack([paint(each) for each in drawn]))
    lines = [json.dumps(facts(each, 1.0)) for each in drawn]
    (folder / "samples.jsonl").write_text("\n".join(lines))
    return folder


def test_collages_are_the_same_each_time_and_hold_up_to_six_people(rendered: Path) -> None:
    collages = Collages([rendered], count=40, seed=1)
    people = []
    for index in range(len(collages)):
        picture, joints = collages[index]
        assert picture.shape == (SIDE, SIDE, 3)
        assert joints.shape == (6, 18, 3)
        there = joints[..., 2] > 0
        assert (joints[there][:, :2] >= 0).all()
        assert (joints[there][:, :2] < SIDE).all()
        people.append(int(there[:, NECK].sum()))
    assert {0, 1, 2} <= set(people)
    again = Collages([rendered], count=40, seed=1)[7]
    np.testing.assert_array_equal(again[0], collages[7][0])
    np.testing.assert_array_equal(again[1], collages[7][1])
    with pytest.raises(IndexError):
        collages[40]


def test_joints_of_a_collage_lie_where_its_picture_shows_them(rendered: Path) -> None:
    """A dot is painted on every neck, and looked for at every neck of the squares."""
    pictures = np.load(rendered / "pictures.npy")
    marked = rendered.parent / "marked"
    marked.mkdir()
    lines = (rendered / "samples.jsonl").read_text().splitlines()
    for picture, line in zip(pictures, lines, strict=True):
        picture[:] = 90
        for person in json.loads(line)["joints"]:
            x, y, _ = person[NECK]
            picture[max(int(y) - 4, 0) : int(y) + 4, max(int(x) - 4, 0) : int(x) + 4] = 250
    np.save(marked / "pictures.npy", pictures)
    (marked / "samples.jsonl").write_text("\n".join(lines))
    collages = Collages([marked], count=30, seed=2)
    bright = []
    for index in range(len(collages)):
        picture, joints = collages[index]
        ground = np.median(picture.astype(float).mean(-1))
        for x, y, shown in joints[:, NECK]:
            if shown:
                around = picture[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2]
                bright.append(float(around.mean()) > ground + 20)
    assert len(bright) >= 20
    assert np.mean(bright) > 0.9


def _somebody(x: float, y: float, size: float) -> torch.Tensor:
    rng = torch.Generator().manual_seed(int(x))
    joints = torch.rand(18, 3, generator=rng) * size
    joints[:, :2] += torch.tensor([x, y])
    joints[:, 2] = 1
    joints[NECK, :2] = torch.tensor([x, y]) + size / 2
    return joints


def test_the_cells_near_a_neck_are_asked_for_its_owner() -> None:
    people = torch.zeros(1, 6, 18, 3)
    people[0, 0], people[0, 3] = _somebody(20, 30, 60), _somebody(150, 120, 90)
    peaks, near, size = targets(people)
    assert (peaks == 1).sum() == 2
    for person in (people[0, 0], people[0, 3]):
        column, row = (person[NECK, :2] / STEP).int().tolist()
        assert peaks[0, row, column] == 1
        torch.testing.assert_close(near[0, row, column], person)
        extent = (person[:, :2].amax(0) - person[:, :2].amin(0)).max()
        torch.testing.assert_close(size[0, row, column], extent)


def test_a_perfect_answer_costs_next_to_nothing_and_any_other_more() -> None:
    people = torch.zeros(1, 6, 18, 3)
    people[0, 0] = _somebody(60, 70, 100)
    peaks, near, _ = targets(people)
    maps = torch.zeros(1, CHANNELS, CELLS, CELLS)
    maps[:, 0] = torch.where(peaks == 1, 12.0, -12.0)
    cells, _ = read(maps)
    ways = (near[..., :2] - cells) / REACH
    maps[:, 1 : 1 + 2 * JOINTS] = ways.flatten(-2).permute(0, 3, 1, 2)
    maps[:, 1 + 2 * JOINTS :] = torch.where(near[..., 2] > 0, 12.0, -12.0).permute(0, 3, 1, 2)
    torch.testing.assert_close(read(maps)[0], near[..., :2], atol=1e-3, rtol=0)
    total, _ = loss(maps, people)
    assert total < 0.01
    for channel in (0, 1, 1 + 2 * JOINTS):
        wrong = maps.clone()
        wrong[:, channel] *= -1
        wrong[:, channel] += 0.1
        assert loss(wrong, people)[0] > total + 0.001


def test_the_file_says_what_the_network_says(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = DrawnPeople()
    picture = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    shown = batch_of(picture[None])
    with torch.no_grad():
        for _ in range(20):  # batch norm learns what comes in
            net(shown)
        expected = net.eval()(shown)[0].permute(1, 2, 0).numpy()
    export(net, tmp_path / "people.tflite")
    (maps,) = Network(tmp_path / "people.tflite", 1).in_order(np.float32(picture / 255))
    assert maps.shape == (CELLS, CELLS, CHANNELS)
    np.testing.assert_allclose(maps, expected, atol=0.02 * np.abs(expected).max())


def test_what_has_no_counterpart_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="GELU has no counterpart"):
        export(torch.nn.Sequential(torch.nn.GELU()), tmp_path / "people.tflite")
    with pytest.raises(TypeError, match="without a bias"):
        export(torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1, bias=False)), tmp_path / "x.tflite")


def test_it_learns_where_somebody_is(rendered: Path) -> None:
    torch.manual_seed(0)
    collages = Collages([rendered], count=4, seed=3)
    pictures, joints = zip(*[collages[index] for index in range(4)], strict=True)
    shown, asked = batch_of(np.stack(pictures)), torch.from_numpy(np.stack(joints))
    net = DrawnPeople()
    optimiser = torch.optim.AdamW(net.parameters(), 2e-3)
    losses = []
    for _ in range(12):
        total, _ = loss(net(shown), asked)
        total.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(total.item())
    assert losses[-1] < 0.6 * losses[0]
