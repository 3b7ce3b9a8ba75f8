"""`make demo`: starts the service, sends it the product pages' own requests, keeps the pictures."""

from __future__ import annotations

import base64
import io
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import httpx

from vivant.endpoints.sd3_med_pose.request import EXAMPLE as PAGES_POSE
from vivant.endpoints.storydiffusion.request import CHARACTER_DESCRIPTION
from vivant.endpoints.storydiffusion.request import EXAMPLE as PAGES_STORY
from vivant.pose.draw import draw
from vivant.pose.presets import load_preset

PAIRS = (
    ("waving", "a woman with red hair in a yellow dress, at the sea, by day"),
    ("running", "a man in a blue jacket running on the road in the forest"),
    ("sitting", "an old man with a hat and glasses, at home"),
    ("arms_raised", "a boy in a green shirt, in the mountains, at sunset"),
)
"""Four more poses that ship, each with a prompt; everything else as in the page's request."""

PATIENCE_S = 180.0
"""How long the service may take to be ready, and a request to be answered."""


@dataclass(frozen=True)
class Answer:
    """What came of a request.

    Attributes:
        path: of the picture.
        seconds: from asking to having it.
        credits_left: of the account.
    """

    path: Path
    seconds: float
    credits_left: str


def make_demo(client: httpx.Client, folder: Path, say: Callable[[str], object]) -> list[Answer]:
    """Send all requests and keep what comes back.

    Args:
        client: with the service's address and a key.
        folder: for the pictures.
        say: told a line for each.

    Raises:
        httpx.HTTPStatusError: the service refused a request.
    """
    poses = [("standing", str(PAGES_POSE["prompt"])), *PAIRS]
    answers = []
    for number, (pose, prompt) in enumerate(poses, start=1):
        fields = {**PAGES_POSE, "prompt": prompt, "image": skeleton(pose)}
        path = folder / f"{number}-{pose}.jpg"
        answers.append(_keep(client, path, partial(_post_json, client, fields)))
        say(_line(answers[-1], prompt))
    page = folder / "6-story.webp"
    answers.append(_keep(client, page, partial(_post_form, client, PAGES_STORY)))
    say(_line(answers[-1], f"{CHARACTER_DESCRIPTION}: the page's own story"))
    return answers


def skeleton(pose: str) -> str:
    """A shipped pose's drawing as base64."""
    data = io.BytesIO()
    draw(load_preset(pose)).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


def _post_json(client: httpx.Client, fields: Mapping[str, object]) -> httpx.Response:
    return client.post("/v1/sd3-med-pose", json=dict(fields))


def _post_form(client: httpx.Client, fields: Mapping[str, object]) -> httpx.Response:
    form = [(name, (None, str(value))) for name, value in fields.items()]
    return client.post("/v1/storydiffusion", files=form)


def _keep(client: httpx.Client, path: Path, post: Callable[[], httpx.Response]) -> Answer:
    started = time.perf_counter()
    response = post()
    seconds = time.perf_counter() - started
    response.raise_for_status()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(response.content)
    # A story's page comes first, and then its panels.
    for number, url in enumerate(response.headers.get("x-output-urls", "").split(",")[1:], start=1):
        panel = client.get(url.strip()).raise_for_status()
        path.with_name(f"{path.stem}-{number}{path.suffix}").write_bytes(panel.content)
    return Answer(path, seconds, response.headers["x-remaining-credits"])


def _line(answer: Answer, words: str) -> str:
    took = f"{answer.path}  {answer.seconds:6.2f} s"
    return f"{took}  {answer.credits_left} credits left  {words}\n"


@contextmanager
def running_service(*options: str) -> Iterator[tuple[str, str]]:
    """A service of its own, in a folder that is thrown away; gives its URL and a key.

    Raises:
        RuntimeError: it did not start; the message ends with what it said.
    """
    command = [sys.executable, "-m", "vivant.doors.cli", "serve", "--port", "0", *options]
    with tempfile.TemporaryDirectory() as data, (Path(data) / "log").open("w+b") as log:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        server = subprocess.Popen(  # noqa: S603  # our own program
            [*command, "--data", str(Path(data) / "vivant")],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        try:
            yield _when_ready(server, log)
        finally:
            server.terminate()
            server.wait()


def _when_ready(server: subprocess.Popen[bytes], log: IO[bytes]) -> tuple[str, str]:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        log.seek(0)
        said = log.read().decode(errors="replace")
        url = re.search(r"serves at (\S+)", said)
        key = re.search(r"^vivant_\S+", said, re.MULTILINE)
        if url and key and _is_ready(url[1]):
            return url[1], key[0]
        time.sleep(0.1)
    log.seek(0)
    last = log.read().decode(errors="replace").strip().splitlines()[-1:] or ["nothing"]
    raise RuntimeError(f"the service did not start; it said: {last[0]}")


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False


def main(folder: str = "out") -> None:
    """Run the demonstration and say how long it took."""
    started = time.perf_counter()
    try:
        with running_service() as (url, key):
            sys.stdout.write(f"service ready at {url} in {time.perf_counter() - started:.1f} s\n")
            headers = {"x-api-key": key}
            with httpx.Client(base_url=url, headers=headers, timeout=PATIENCE_S) as client:
                answers = make_demo(client, Path(folder), _say)
    except (RuntimeError, httpx.HTTPError) as error:
        sys.exit(f"vivant: {error}")
    seconds = sum(answer.seconds for answer in answers)
    sys.stdout.write(f"{len(answers)} requests in {seconds:.1f} s, in {folder}\n")


def _say(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
