"""What a client wants to get, by its Accept header."""

from __future__ import annotations

import pytest

from vivant.web.accepting import wanted


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "picture"),
        ("*/*", "picture"),
        ("image/*", "picture"),
        ("application/json, text/plain, */*", "picture"),
        ("image/avif,image/webp,*/*;q=0.8", "picture"),
        ("application/json", "json"),
        ("application/json, image/*;q=0.5", "json"),
        ("application/*", "json"),
        ("application/zip", "zip"),
        ("Application/ZIP; q=0.9, application/json;q=0.8", "zip"),
        ("application/json;q=0, */*", "picture"),
        ("text/html", "picture"),
        ("application/json;q=nonsense", "picture"),
        (";;;,,q=", "picture"),
    ],
)
def test_the_best_liked_form_is_chosen(accept: str, form: str) -> None:
    assert wanted(accept, "image/jpeg") == form
