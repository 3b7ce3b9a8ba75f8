"""Photos through real HTTP: read by the pose tools and by the endpoint."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.support.photos import photo
from tests.support.shop import Shop, open_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("photos")) as opened:
        yield opened


def encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def test_a_photo_s_people_come_as_json_and_as_a_drawing(shop: Shop) -> None:
    files = {"image": ("photo.jpg", encoded(photo("astronaut")), "image/jpeg")}
    read = shop.client.post("/v1/pose", files=files).json()
    assert read["people"] == 1
    assert (read["pose"]["canvas_width"], read["pose"]["canvas_height"]) == (512, 512)
    with Image.open(io.BytesIO(base64.b64decode(read["image"]))) as drawing:
        assert drawing.size == (512, 512)
    again = shop.client.post("/v1/pose/render", json=read["pose"])
    assert again.headers["content-type"] == "image/png"


def test_a_picture_is_made_from_a_photo(shop: Shop) -> None:
    files = {"image": ("photo.jpg", encoded(photo("astronaut")), "image/jpeg")}
    response = shop.client.post("/v1/sd3-med-pose", data={"prompt": "a girl"}, files=files)
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize("path", ["/v1/pose", "/v1/sd3-med-pose"])
def test_nobody_is_told_and_costs_nothing(shop: Shop, path: str) -> None:
    spent = shop.spent()
    files = {"image": ("white.jpg", encoded(Image.new("RGB", (80, 60), "white")), "image/jpeg")}
    response = shop.client.post(path, data={"prompt": "a girl"}, files=files)
    assert response.status_code == 422
    assert "picture 80x60: no person is to be seen in it" in response.json()["error"]
    assert shop.spent() == spent


def test_who_says_skeleton_gets_no_photo_read(shop: Shop) -> None:
    files = {"image": ("photo.jpg", encoded(photo("camera")), "image/jpeg")}
    answer = shop.client.post("/v1/pose", data={"pose_input": "skeleton"}, files=files)
    assert answer.status_code == 422


def test_a_server_without_the_networks_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with open_shop(tmp_path / "data") as bare:
        files = {"image": ("photo.jpg", encoded(photo("astronaut")), "image/jpeg")}
        response = bare.client.post("/v1/pose", files=files)
        assert response.status_code == 503
        assert "`vivant weights pull blazepose`" in response.json()["error"]
