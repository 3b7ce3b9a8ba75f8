"""`vivant story` and `StoryPipeline` on a tiny random model."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from vivant import Story, StoryPipeline
from vivant.base.contract import Progress
from vivant.doors.cli import main
from vivant.output.encode import read_settings
from vivant.weights.tiny_story import save_tiny_story_model

SCRIPT = "at home #He reads.\n[NC] a tiger in the forest\nrunning, at night\n"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("story") / "tiny"
    return str(save_tiny_story_model(folder, flavour="embedded", native_size=64))


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.txt"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


@pytest.fixture
def run(tiny: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `vivant story` in this process: exit code, standard output, standard error."""

    def command(*arguments: object) -> tuple[int, str, str]:
        quick = ("--weights", tiny, "--num-ids", 1, "--num-steps", 20, "--device", "cpu")
        small = ("--image-width", 256, "--image-height", 256)
        with pytest.raises(SystemExit) as left:
            main(["story", *map(str, (*quick, *small, *arguments))])
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return int(left.value.code or 0), told.out, told.err

    return command


def test_a_page_and_its_panels(run: Run, script: Path, tmp_path: Path) -> None:
    page, panels = tmp_path / "new" / "page.webp", tmp_path / "panels"
    code, out, err = run(script, "--character", "a man", "-o", page, "--panels", panels)
    names = [panels / f"panel-0{number}.webp" for number in (1, 2, 3)]
    assert (code, out.split()) == (0, [str(path) for path in (page, *names)])
    assert "panels were enlarged" in err
    made = read_settings(names[0])
    assert (made["caption"], made["panel"], made["story_seed"]) == ("He reads.", 1, 42)
    assert "a man" in str(made["prompt"])
    assert "a man" not in str(read_settings(names[1])["prompt"])
    assert read_settings(page)["comic_description"] == SCRIPT


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_the_page_s_name_chooses_its_format(
    run: Run, script: Path, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"page.{ending}"
    assert run(script, "-o", path)[0] == 0
    with Image.open(path) as image:
        assert image.format == {"png": "PNG", "jpg": "JPEG"}[ending]


def test_books(run: Run, script: Path, tmp_path: Path) -> None:
    pdf, cbz = tmp_path / "story.pdf", tmp_path / "story.cbz"
    assert run(script, "-o", pdf)[0] == run(script, "-o", cbz)[0] == 0
    assert pdf.read_bytes().startswith(b"%PDF-")
    with zipfile.ZipFile(cbz) as book:
        pictures = [name for name in book.namelist() if name.endswith(".webp")]
        with Image.open(io.BytesIO(book.read(pictures[0]))) as image:
            assert image.width > 256


def test_a_new_take_of_one_panel(run: Run, script: Path, tmp_path: Path) -> None:
    page, panels = tmp_path / "page.png", tmp_path / "panels"
    run(script, "-o", page, "--panels", panels)
    before = {path.name: path.read_bytes() for path in sorted(panels.iterdir())}
    whole = page.read_bytes()
    code, out, _ = run(script, "-o", page, "--panels", panels, "--redo", 2, "--seed", 9)
    assert (code, out.split()) == (0, [str(page), str(panels / "panel-02.png")])
    after = {path.name: path.read_bytes() for path in sorted(panels.iterdir())}
    assert [name for name in before if before[name] != after[name]] == ["panel-02.png"]
    assert page.read_bytes() != whole
    assert read_settings(panels / "panel-02.png")["seed"] == 9


def test_a_take_without_the_other_panels_is_just_the_panel(
    run: Run, script: Path, tmp_path: Path
) -> None:
    path = tmp_path / "again.png"
    assert run(script, "-o", path, "--redo", 3, "--seed", 9)[0] == 0
    with Image.open(path) as image:
        assert image.size == (256, 256)


def test_a_report(run: Run, script: Path, tmp_path: Path) -> None:
    code, out, _ = run(script, "-o", tmp_path / "page.webp", "--json", "--seed", 5)
    report = json.loads(out)
    assert (code, report["seed"], len(report["panels"])) == (0, 5, 3)
    assert report["settings"]["num_ids"] == 1
    assert report["seconds"]["making"] > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--num-ids", 4), "num_ids: 4"),
        (("--image-width", 300), "steps of 32"),
        (("--style-name", "Vaporwave"), "Disney Charactor"),
        (("--num-steps", 5), "20 to 50"),
        (("-o", "page.gif"), ".cbz"),
        (("-o", "page.png", "--output-format", "jpg"), "png"),
        (("--redo", 9), "1 to 3"),
        (("--redo", 1, "--panels", "nowhere"), "panel-01 is missing"),
        (("--story-seed", 3), "--redo"),
    ],
)
def test_bad_input_is_one_line_and_makes_nothing(
    run: Run, script: Path, tmp_path: Path, arguments: tuple[object, ...], words: str
) -> None:
    code, out, err = run(script, *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert len(err.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == [script]


@pytest.mark.parametrize("content", [b"", b"\n  \n", b"\xff\xfe\x00", b"a\n" * 25])
def test_bad_scripts(run: Run, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    code, _, err = run(path)
    assert code == 2
    assert len(err.splitlines()) == 1


def test_a_script_that_is_not_there(run: Run, tmp_path: Path) -> None:
    code, _, err = run(tmp_path / "none.txt")
    assert code == 2
    assert "SCRIPT" in err


def test_the_python_api(tiny: str, tmp_path: Path) -> None:
    pipeline = StoryPipeline(tiny, device="cpu")
    small = {"num_ids": 1, "num_steps": 20, "image_width": 256, "image_height": 256}
    story = pipeline("a man", SCRIPT, **small)
    assert isinstance(story, Story)
    assert len(story.panels) == 3
    assert story.save(tmp_path / "page.png") == [tmp_path / "page.png"]
    assert len(story.save_panels(tmp_path / "panels")) == 3
    take = pipeline.redo("a man", SCRIPT, panel=3, seed=9, **small)
    assert take.picture.index == 2
    events = list(pipeline.events("a man", SCRIPT, **small))
    assert isinstance(events[0], Progress)
    assert events[-1].picture.kind == "page"
