"""The demonstration, against a served engine that makes pictures up."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from PIL import Image

from vivant.doors.demo import PAIRS, make_demo, running_service
from vivant.endpoints.sd3_med_pose.request import EXAMPLE as PAGES_POSE
from vivant.endpoints.sd3_med_pose.request import Request as PoseRequest
from vivant.endpoints.storydiffusion.request import EXAMPLE as PAGES_STORY
from vivant.endpoints.storydiffusion.request import Request as StoryRequest
from vivant.pose.presets import preset_names


def test_it_asks_a_service_of_its_own_over_http(tmp_path: Path) -> None:
    lines: list[str] = []
    with running_service("--fake") as (url, key):
        headers = {"x-api-key": key}
        with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
            answers = make_demo(client, tmp_path, lines.append)
            left = client.get("/v1/get-user-credits").json()["credits"]
    assert len(answers) == len(lines) == 6
    assert float(answers[-1].credits_left) == pytest.approx(left)
    for answer, line in zip(answers, lines, strict=True):
        assert str(answer.path) in line
        with Image.open(answer.path) as picture:
            assert picture.format == {".jpg": "JPEG", ".webp": "WEBP"}[answer.path.suffix]
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/healthz", timeout=5)


def test_a_service_that_cannot_start_says_why() -> None:
    with pytest.raises(RuntimeError, match="port"), running_service("--port", "99999"):
        pass


def test_the_pages_requests_are_the_default_ones() -> None:
    least = {"prompt": PAGES_POSE["prompt"], "image": "x"}
    assert PoseRequest.from_fields({**PAGES_POSE, "image": "x"}) == PoseRequest.from_fields(least)
    assert StoryRequest.from_fields(PAGES_STORY) == StoryRequest.from_fields({})


def test_the_poses_ship() -> None:
    assert {pose for pose, _ in PAIRS} <= set(preset_names())
