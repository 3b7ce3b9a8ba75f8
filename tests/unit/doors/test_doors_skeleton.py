"""`vivant skeleton` and photos for `vivant pose`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from tests.support.photos import photo
from vivant.base.errors import InvalidInput, NobodyFound, WeightsUnavailable
from vivant.doors.skeleton_command import skeleton
from vivant.pose.openpose import pose_from_json

app = typer.Typer()
app.command()(skeleton)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def astronaut(tmp_path: Path) -> Path:
    path = tmp_path / "astronaut.jpg"
    photo("astronaut").save(path, quality=90)
    return path


def test_a_photo_becomes_json_in_the_terminal_or_a_file(astronaut: Path) -> None:
    told = run(astronaut)
    pose = pose_from_json(told.stdout)
    assert (pose.width, pose.height, len(pose.people)) == (512, 512, 1)
    path = astronaut.parent / "new" / "pose.json"
    assert run(astronaut, "-o", path).stdout == f"{path}\n"
    assert json.loads(path.read_text()) == json.loads(told.stdout)


def test_a_photo_becomes_a_drawing_that_reads_back(astronaut: Path) -> None:
    path = astronaut.with_name("pose.png")
    assert run(astronaut, "-o", path).exit_code == 0
    asked, read = (pose_from_json(run(each).stdout).people[0] for each in (astronaut, path))
    assert (asked.present == read.present).all()
    apart = np.linalg.norm(asked.body[:, :2] - read.body[:, :2], axis=1)[asked.present]
    assert np.median(apart) < 0.01 * asked.size


def test_an_overlay_shows_the_photo_under_the_skeleton(astronaut: Path) -> None:
    path = astronaut.with_name("over.png")
    assert run(astronaut, "-o", path, "--overlay").exit_code == 0
    with Image.open(path) as image:
        shown = np.asarray(image, float)
    under = np.asarray(Image.open(astronaut), float)
    body = pose_from_json(run(astronaut).stdout).people[0].body
    x, y = body[0, :2].astype(int)
    assert abs(shown[y, x] - (255, 0, 0)).max() < 40  # the nose is red
    assert np.median(abs(shown - under / 2)) <= 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["preset:waving", "--overlay"], "overlay: None is not allowed; expected a picture"),
        (["preset:waving", "--overlay", "-o", "x.json"], "overlay: 'x.json'"),
        (["preset:waving", "--overlay", "-o", "x.png"], "a picture to draw over"),
        (["preset:waving", "-o", "x.gif"], "output: 'x.gif'"),
        (["preset:waving", "--estimator", "nothing"], "estimator: 'nothing'"),
        (["preset:waving", "--pose-input", "video"], "pose_input: 'video'"),
    ],
)
def test_bad_options_are_one_clear_line(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    error = run(*arguments).exception
    assert isinstance(error, InvalidInput)
    assert words in str(error)
    assert "\n" not in str(error)
    assert not list(tmp_path.iterdir())


def test_nobody_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    Image.new("RGB", (64, 48), "white").save(tmp_path / "white.png")
    error = run(tmp_path / "white.png", "-o", tmp_path / "pose.png").exception
    assert isinstance(error, NobodyFound)
    assert "64x48" in str(error)
    assert not (tmp_path / "pose.png").exists()


def test_without_the_networks_one_line_says_how_to_get_them(
    astronaut: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(astronaut.parent / "empty"))
    error = run(astronaut).exception
    assert isinstance(error, WeightsUnavailable)
    assert "`vivant weights pull blazepose`" in str(error)


def test_a_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    photo("astronaut").save(buffer, "WEBP")
    (tmp_path / "photo.dat").write_bytes(buffer.getvalue())
    assert len(pose_from_json(run(tmp_path / "photo.dat").stdout).people) == 1
