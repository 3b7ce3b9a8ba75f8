from __future__ import annotations

import pytest

from vivant.base.errors import InvalidInput
from vivant.base.settings import Settings, read_settings, sources


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_the_command_line_counts() -> None:
    settings = read_settings(port=81, host=None, public_url="https://pictures.example/")
    assert (settings.port, settings.host) == (81, "127.0.0.1")
    assert settings.public_url == "https://pictures.example"


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("port", 65536, "--port: 65536 is not allowed; expected less than or equal to 65535"),
        ("public_url", "pictures.example", "expected http://HOST or https://HOST"),
        ("worker", "a b", "--worker: 'a b' is not allowed"),
        ("deadline", 0, "--deadline"),
    ],
)
def test_what_is_not_allowed_is_told(option: str, value: object, told: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_settings(**{option: value})
    assert told in str(refused.value)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_settings().port = 1  # type: ignore[misc]


def test_each_setting_has_a_source() -> None:
    assert sources().keys() == Settings.model_fields.keys()
