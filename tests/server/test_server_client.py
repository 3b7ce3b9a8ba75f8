"""The hosted service's own Python client, unchanged but for the base URL."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from segmind import SegmindClient
from segmind.exceptions import SegmindError
from segmind.files import Files
from segmind.v2 import InferenceFailed

from tests.support.shop import POSE, STORY, Shop, open_shop, skeleton

SLUGS = {"sd3-med-pose": POSE, "storydiffusion": STORY}


@pytest.fixture
def client(shop: Shop) -> Iterator[SegmindClient]:
    client = SegmindClient(api_key=shop.secret, base_url=f"{shop.url}/v1")
    yield client
    client._client.close()


def picture(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


@pytest.mark.parametrize(("slug", "kind"), [("sd3-med-pose", "JPEG"), ("storydiffusion", "WEBP")])
def test_run_sync_gives_the_picture(client: SegmindClient, slug: str, kind: str) -> None:
    response = client.run_sync(slug, **SLUGS[slug])
    assert picture(response.content).format == kind
    assert response.headers["content-type"] == f"image/{kind.lower()}"


@pytest.mark.parametrize("slug", SLUGS)
def test_run_gives_the_result(client: SegmindClient, slug: str) -> None:
    result = client.run(slug, **SLUGS[slug])
    assert result["status"] == "COMPLETED"
    assert picture(client._client.get(result["output"]).content).size
    assert {"status", "output", "images", "seed", "prompt", "timings", "metrics"} <= set(result)
    assert {"url", "content_type", "file_name", "file_size"} <= set(result["images"][0])
    assert {"cost", "remaining_credits", "inference_time", "queue_time", "total_time"} <= set(
        result["metrics"]
    )
    assert isinstance(result["seed"], str)


@pytest.mark.parametrize("slug", SLUGS)
def test_submit_async_can_be_waited_for(client: SegmindClient, slug: str) -> None:
    job = client.submit_async(slug, **SLUGS[slug])
    assert job.submit_response["status"] == "QUEUED"
    assert job.submit_response["poll_url"]
    assert job.wait(interval=0.05)["status"] == "COMPLETED"
    assert job.status()["status"] == "COMPLETED"


def test_a_failed_request_raises_with_our_text(tmp_path: Path) -> None:
    with open_shop(tmp_path, fail=lambda _: RuntimeError("inside")) as shop:
        client = SegmindClient(api_key=shop.secret, base_url=f"{shop.url}/v1")
        job = client.submit_async("sd3-med-pose", **POSE)
        with pytest.raises(InferenceFailed) as failed:
            job.wait(interval=0.05)
        assert "something went wrong on our side" in str(failed.value.detail)
        assert job.result()["metrics"]["cost"] == 0
        client._client.close()


def test_a_wrong_key_raises_with_our_text(shop: Shop) -> None:
    client = SegmindClient(api_key="vivant_wrong", base_url=f"{shop.url}/v1")
    for call in (client.run_sync, client.run):
        with pytest.raises(SegmindError) as refused:
            call("sd3-med-pose", **POSE)
        assert (refused.value.status, refused.value.detail) == (401, "the API key is unknown")
    client._client.close()


def test_too_few_credits_raise_with_our_text(shop: Shop) -> None:
    with shop.for_another(balance=0.01) as poor:
        client = SegmindClient(api_key=poor.secret, base_url=f"{shop.url}/v1")
        for call in (client.run_sync, client.run):
            with pytest.raises(SegmindError) as refused:
                call("sd3-med-pose", **POSE)
            assert refused.value.status == 406
            assert "this costs 0.017, and 0.01 are left" in str(refused.value.detail)
        client._client.close()


def test_uploads_are_used_as_inputs(shop: Shop, client: SegmindClient, tmp_path: Path) -> None:
    class OurFiles(Files):
        STORAGE_BASE_URL = shop.url

    drawing = tmp_path / "pose.png"
    drawing.write_bytes(skeleton())
    uploaded = OurFiles(client=client).upload([drawing, drawing])
    assert len(uploaded["file_urls"]) == 2
    assert uploaded["message"]
    response = client.run_sync("sd3-med-pose", **POSE | {"image": uploaded["file_urls"][0]})
    same = client.run_sync(
        "sd3-med-pose", **POSE | {"image": base64.b64encode(skeleton()).decode()}
    )
    assert picture(response.content).tobytes() == picture(same.content).tobytes()
