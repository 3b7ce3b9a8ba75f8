"""Pictures of a request, however they came."""

from __future__ import annotations

import base64

import pytest

from tests.support.origin import Page, origin
from vivant.base.errors import InvalidInput, PictureTooLarge, Unfetchable
from vivant.base.network import Reachable
from vivant.web.fetch import Fetcher, Limits
from vivant.web.inputs import Inputs, from_data_uri

PICTURE = bytes(range(256))
TEXT = base64.b64encode(PICTURE).decode()


def read(value: object, *, max_bytes: int = 1000) -> object:
    inputs = Inputs(Fetcher(Reachable(), Limits()), max_bytes)
    given = {"image": value, "prompt": "a girl"}
    fields = inputs.read(inputs.fetched(given, ["image"], lambda _url: None), ["image"])
    assert fields["prompt"] == "a girl"
    return fields["image"]


@pytest.mark.parametrize(
    "value",
    [
        PICTURE,
        TEXT,
        f"  {TEXT}\n",
        TEXT.rstrip("="),
        TEXT.replace("+", " "),
        base64.urlsafe_b64encode(PICTURE).decode(),
        "\r\n".join(TEXT[i : i + 76] for i in range(0, len(TEXT), 76)),
        f"data:image/png;base64,{TEXT}",
        f"DATA:;BASE64,{TEXT}",
        "data:image/png," + "".join(f"%{byte:02x}" for byte in PICTURE),
    ],
)
def test_every_spelling_gives_the_same_bytes(value: object) -> None:
    assert read(value) == PICTURE


@pytest.mark.parametrize("value", [{"people": []}, '{"people": []}'])
def test_a_pose_in_json_stays_json(value: object) -> None:
    assert read(value) == b'{"people": []}'


@pytest.mark.parametrize("value", [None, "", "  ", b"", "preset:waving"])
def test_blanks_and_presets_are_left_alone(value: object) -> None:
    assert read(value) == value


@pytest.mark.parametrize("value", [3, True, 0.5, "no base64!", "a", "ä", "data:image/png;base64"])
def test_what_is_no_picture_is_refused_with_its_field(value: object) -> None:
    with pytest.raises(InvalidInput, match=r"image: .* is not allowed; expected"):
        read(value)


def test_large_pictures_are_refused() -> None:
    with pytest.raises(PictureTooLarge, match="image: 256 bytes; expected at most 255"):
        read(TEXT, max_bytes=255)


def test_a_url_that_must_not_be_followed_names_the_field() -> None:
    with pytest.raises(Unfetchable, match=r"image: http://127\.0\.0\.1/ cannot be fetched: .*pub"):
        read("http://127.0.0.1/")


def test_urls_are_fetched_and_own_links_are_not() -> None:
    with origin({"/a.png": Page(PICTURE)}) as site:
        inputs = Inputs(Fetcher(Reachable(["127.0.0.1"]), Limits()), 1000)
        own = {"http://vivant.example/assets/1": b"own"}
        fetched = inputs.fetched({"image": f"{site.url}/a.png"}, ["image"], own.get)
        kept = inputs.fetched({"image": "http://vivant.example/assets/1"}, ["image"], own.get)
    assert (fetched["image"], kept["image"]) == (PICTURE, b"own")
    assert site.asked == ["/a.png"]


@pytest.mark.parametrize("uri", ["image/png;base64,AAAA", "data:image/png;base64", ""])
def test_what_is_no_data_uri_is_refused(uri: str) -> None:
    with pytest.raises(InvalidInput, match="a data URI"):
        from_data_uri("data_urls", uri)
