from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vivant
from vivant.doors.cli import main
from vivant.doors.options import field_option
from vivant.endpoints.sd3_med_pose.request import Request
from vivant.output.encode import read_settings
from vivant.weights.tiny import save_tiny_pose_model

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_tiny_pose_model(tmp_path_factory.mktemp("cli") / "tiny"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: exit code, standard output, standard error."""

    def command(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return int(left.value.code or 0), told.out, told.err

    return command


def pixels(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.int_]]:
    with Image.open(path) as image:
        return np.asarray(image, dtype=int)


def quick(tiny: str, *more: object) -> tuple[object, ...]:
    """Arguments of a command that is done in a blink."""
    arguments = ("pose", "preset:waving", "--prompt", "a girl", "--weights", tiny)
    return (*arguments, "--num-inference-steps", 2, "--device", "cpu", *more)


def test_a_picture_with_its_settings(run: Run, tiny: str, tmp_path: Path) -> None:
    path = tmp_path / "new" / "girl.png"
    code, out, err = run(*quick(tiny, "-o", path, "--seed", 7, "--strength", "0.5"))
    assert (code, out) == (0, f"{path}\n")
    assert "Traceback" not in err
    with Image.open(path) as image:
        assert image.size == (64, 64)
    made = read_settings(path)
    assert made["prompt"] == "a girl"
    assert (made["seed"], made["strength"], made["num_inference_steps"]) == (7, 0.5, 2)


def test_a_prompt_that_is_too_long_is_told(run: Run, tiny: str, tmp_path: Path) -> None:
    long = ("pose", "preset:waving", "--prompt", "b" * 75 + "dragons", "--weights", tiny)
    code, _, err = run(*long, "--num-inference-steps", 1, "-o", tmp_path / "girl.png")
    assert code == 0
    assert "prompt: too long for this model, which did not read its end, 'dragons'" in err


def test_twice_the_same_request_twice_the_same_bytes(run: Run, tiny: str, tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        run(*quick(tiny, "-o", tmp_path / name, "--sampler", "euler_ancestral"))
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_samples_are_numbered_and_each_can_be_made_again(
    run: Run, tiny: str, tmp_path: Path
) -> None:
    code, out, _ = run(*quick(tiny, "-o", tmp_path / "girl.png", "--samples", 3, "--seed", 5))
    paths = [Path(line) for line in out.split()]
    assert code == 0
    assert [path.name for path in paths] == ["girl-1.png", "girl-2.png", "girl-3.png"]
    assert [read_settings(path)["seed"] for path in paths] == [5, 6, 7]
    run(*quick(tiny, "-o", tmp_path / "again.png", "--seed", 6))
    assert np.abs(pixels(tmp_path / "again.png") - pixels(paths[1])).max() <= 2


def test_a_folder_gets_files_named_after_their_seeds(run: Run, tiny: str, tmp_path: Path) -> None:
    code, out, _ = run(
        *quick(tiny, "-o", f"{tmp_path}/", "--samples", 2, "--output-format", "webp")
    )
    assert code == 0
    names = [Path(line).name for line in out.split()]
    assert names == ["vivant-698845.webp", "vivant-698846.webp"]


def test_json_says_what_was_made(run: Run, tiny: str, tmp_path: Path) -> None:
    path = tmp_path / "girl.jpg"
    code, out, _ = run(*quick(tiny, "-o", path, "--json", "--width", 96, "--height", 64))
    report = json.loads(out)
    assert code == 0
    assert report["images"] == [{"path": str(path), "width": 96, "height": 64, "seed": 698845}]
    assert report["settings"]["sampler"] == "dpmpp_2m"
    assert report["seconds"]["making"] > 0


def test_base64_puts_the_picture_into_the_report(run: Run, tiny: str, tmp_path: Path) -> None:
    path = tmp_path / "girl.jpg"
    _, out, _ = run(*quick(tiny, "-o", path, "--base64"))
    data = base64.b64decode(json.loads(out)["images"][0]["base64"])
    assert data == path.read_bytes()
    assert Image.open(io.BytesIO(data)).format == "JPEG"


def test_seed_minus_one_chooses(run: Run, tiny: str, tmp_path: Path) -> None:
    seeds = set()
    for name in ("a.png", "b.png"):
        run(*quick(tiny, "-o", tmp_path / name, "--seed", -1))
        seeds.add(read_settings(tmp_path / name)["seed"])
    assert len(seeds) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--strength", "2"], "strength: '2' is not allowed; expected a number from 0 to 1"),
        (["--num-inference-steps", "0"], "expected a whole number from 1 to 100"),
        (["--sampler", "magic"], "sampler: 'magic' is not allowed; expected one of: euler"),
        (["--scheduler", "magic"], "scheduler: 'magic' is not allowed"),
        (["--guidance-scale", "x"], "guidance_scale: 'x'"),
        (["--width", "100"], "width: 100 is not allowed; expected a multiple of 16"),
        (["--prompt", " "], "prompt: ' ' is not allowed"),
        (["--output-format", "gif"], "expected one of: jpg, png, webp"),
        (["-o", "picture.gif"], "output: 'picture.gif' is not allowed"),
        (["-o", "picture.png", "--output-format", "jpg"], "output_format"),
        (["--weights", "no such model"], "weights: 'no such model' is not allowed"),
        (["--device", "tpu"], "device: 'tpu' is not allowed"),
        (["--dtype", "float8"], "dtype: 'float8' is not allowed"),
    ],
)
def test_bad_options_are_one_clear_line(
    run: Run, tiny: str, tmp_path: Path, options: list[str], words: str
) -> None:
    if "-o" not in options:
        options = [*options, "-o", str(tmp_path / "girl.png")]
    code, out, err = run(*quick(tiny), *options)
    assert code == 2
    assert out == ""
    told = err.strip().splitlines()
    assert len(told) == 1
    assert told[0].startswith("vivant: ")
    assert words in told[0]
    assert not list(tmp_path.iterdir())


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def photo(path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(path)
    return path


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: folder / "missing.png",
        lambda folder: folder,
        lambda folder: write(folder / "text.png", b"hello, I am not a picture"),
        lambda folder: write(folder / "cut.png", b"\x89PNG\r\n\x1a\n" + bytes(20)),
        lambda folder: write(folder / "empty.json", b""),
        lambda folder: write(folder / "other.json", b'{"a": 1}'),
        lambda folder: write(folder / "nobody.json", b'{"people": []}'),
        lambda folder: photo(folder / "photo.png"),
        lambda _: "preset:swimming",
    ],
    ids=["missing", "folder", "text", "cut", "empty", "other", "nobody", "photo", "preset"],
)
def test_bad_inputs_are_one_clear_line(
    run: Run, tiny: str, tmp_path: Path, make: Callable[[Path], object]
) -> None:
    code, out, err = run("pose", make(tmp_path), "--prompt", "a girl", "--weights", tiny)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert err.startswith("vivant: ")


def test_missing_weights_are_told_but_are_not_bad_input(run: Run, tmp_path: Path) -> None:
    code, _, err = run("pose", "preset:waving", "--prompt", "a girl", "--weights", tmp_path)
    assert code == 1
    assert "holds no SD3 model" in err


def test_a_place_that_cannot_be_written_is_told_before_the_work(
    run: Run, tiny: str, tmp_path: Path
) -> None:
    file = write(tmp_path / "file", b"")
    code, _, err = run(*quick(tiny, "-o", file / "girl.png"))
    assert code == 2
    assert err.startswith("vivant: output: ")


def test_every_field_of_the_request_is_an_option(run: Run) -> None:
    code, out, _ = run("pose", "--help")
    assert code == 0
    for name in Request.model_fields.keys() - {"image"}:
        assert f"--{name.replace('_', '-')}" in out
    assert {"--json", "--weights", "--output", "-o"} <= set(out.replace(",", " ").split())


def test_help_and_version_do_not_load_torch() -> None:
    code = (
        "import sys, vivant.doors.cli\n"
        "assert 'torch' not in sys.modules, 'torch'\n"
        "assert 'diffusers' not in sys.modules, 'diffusers'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603


def test_version(run: Run) -> None:
    assert run("--version")[:2] == (0, f"vivant {vivant.__version__}\n")


def test_weights_list_as_table_and_as_json(run: Run) -> None:
    code, out, _ = run("weights", "list")
    assert code == 0
    assert "sd3-medium" in out
    entries = json.loads(run("weights", "list", "--json")[1])
    gated = {entry["id"]: entry["gated"] for entry in entries}
    assert gated["sd3-medium"] is True
    assert gated["embedded"] is False


def test_weights_verify_a_folder(run: Run, tiny: str, tmp_path: Path) -> None:
    assert run("weights", "verify", tiny)[:2] == (0, f"{tiny}\tsound\n")
    code, _, err = run("weights", "verify", tmp_path)
    assert code == 1
    assert "holds no model" in err


def test_weights_pull_of_an_unknown_name(run: Run) -> None:
    code, _, err = run("weights", "pull", "sd4")
    assert code == 2
    assert "sd3-medium" in err


def test_options_are_described_by_the_request() -> None:
    option = field_option(Request, "strength")
    assert "from 0 to 1" in str(option.help)
    assert option.show_default == "0.8"
