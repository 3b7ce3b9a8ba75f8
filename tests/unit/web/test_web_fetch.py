"""Fetching what a request's URL names: within limits, and never what it must not reach."""

from __future__ import annotations

import pytest

from tests.support.origin import Page, origin
from vivant.base.errors import PictureTooLarge, Unfetchable
from vivant.base.network import Reachable, system_addresses
from vivant.web.fetch import Fetcher, Limits, checked_url

LOCAL = Reachable(["127.0.0.1"])


def test_a_picture_is_fetched() -> None:
    with origin({"/a%20b.png?size=1": Page(b"picture")}) as site:
        assert Fetcher(LOCAL, Limits()).fetch(f"{site.url}/a b.png?size=1#top") == b"picture"


def test_redirects_are_followed() -> None:
    pages = {
        "/old": Page(status=301, headers={"Location": "/newer"}),
        "/newer": Page(status=307, headers={"location": "new.png"}),
        "/new.png": Page(b"picture"),
    }
    with origin(pages) as site:
        assert Fetcher(LOCAL, Limits(redirects=2)).fetch(f"{site.url}/old") == b"picture"
        with pytest.raises(Unfetchable, match="more than 1 redirects"):
            Fetcher(LOCAL, Limits(redirects=1)).fetch(f"{site.url}/old")


FORBIDDEN = [
    ("http://169.254.169.254/latest/meta-data/", "not a public one"),
    ("http://[::1]/", "not a public one"),
    ("http://[::ffff:10.0.0.1]/", "not a public one"),
    ("http://localhost/", "not a public one"),
    ("http://2130706433/", "not a public one"),
    ("http://0x7f.1/", "not a public one"),
    ("file:///etc/passwd", "only http and https"),
    ("gopher://8.8.8.8/", "only http and https"),
    ("http://user:secret@8.8.8.8/", "user name or password"),
    (f"http://8.8.8.8/{'a' * 9000}", "at most 8192 characters"),
    ("http://[::1", "this is no URL|is unknown"),
    ("http://8.8.8.8:99999/", "port"),
]


@pytest.mark.parametrize(("url", "problem"), [*FORBIDDEN, ("http:///nowhere", "with a host")])
def test_what_must_not_be_reached_is_not(url: str, problem: str) -> None:
    with pytest.raises(Unfetchable, match=problem):
        Fetcher(Reachable(), Limits()).fetch(url)


@pytest.mark.parametrize(("location", "problem"), FORBIDDEN)
def test_nor_is_it_by_a_redirect(location: str, problem: str) -> None:
    def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"] if host == "listed.example" else system_addresses(host, port)

    # The list lets one name in; the address that it has is as forbidden as ever.
    fetcher = Fetcher(Reachable(["listed.example"], resolve), Limits())
    with origin({"/": Page(status=302, headers={"Location": location})}) as site:
        with pytest.raises(Unfetchable, match=problem):
            fetcher.fetch(site.url.replace("127.0.0.1", "listed.example"))
        assert site.asked == ["/"]


@pytest.mark.parametrize(
    ("page", "error", "problem"),
    [
        (Page(b"x" * 1001), PictureTooLarge, "more than the 1000 bytes"),
        (Page(b"x" * 900, endless=True), PictureTooLarge, "more than the 1000 bytes"),
        (Page(silent=True), Unfetchable, r"no complete answer within 0\.3 s"),
        (Page(status=404), Unfetchable, "status 404"),
        (Page(status=302), Unfetchable, "does not say where to"),
        (Page(b"x", headers={"Content-Length": "5"}), Unfetchable, "does not speak HTTP"),
    ],
    ids=["large", "endless", "silent", "missing", "lost", "two lengths"],
)
def test_answers_have_limits(page: Page, error: type[Exception], problem: str) -> None:
    with origin({"/": page}) as site, pytest.raises(error, match=problem):
        Fetcher(LOCAL, Limits(max_bytes=1000, seconds=0.3)).fetch(site.url)


def test_one_byte_at_a_time_does_not_outlast_the_limit() -> None:
    endless = Page(b"", headers={"X": "y"}, endless=True)
    with origin({"/": endless}) as site, pytest.raises(Unfetchable, match="no complete answer"):
        Fetcher(LOCAL, Limits(seconds=0.2)).fetch(site.url)


def test_nobody_there_is_said_so() -> None:
    with pytest.raises(Unfetchable, match="cannot be reached"):
        Fetcher(LOCAL, Limits()).fetch("http://127.0.0.1:1/")


def test_names_in_other_alphabets_are_read() -> None:
    assert checked_url("https://bücher.example/ä").raw_host == b"xn--bcher-kva.example"
