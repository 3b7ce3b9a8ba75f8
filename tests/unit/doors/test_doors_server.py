"""`vivant keys`, `vivant settings`, and what `vivant serve` does before it serves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from vivant.base.credits import MICRO
from vivant.base.errors import InvalidInput, NoSuchAccount, UnknownKey
from vivant.base.settings import read_settings
from vivant.doors.cli import app
from vivant.doors.serve import first_key
from vivant.doors.settings_command import hide_password
from vivant.doors.single import only_one
from vivant.doors.wiring import open_books, open_house


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def run(folder: Path, *arguments: str, **env: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"VIVANT_DATA": str(folder), **env})


def test_a_key_from_its_making_to_its_end(folder: Path) -> None:
    made = run(folder, "keys", "create", "ada", "--credits", "2.5", "--label", "laptop")
    secret = made.stdout.strip()
    assert "whsec_" in made.stderr
    books = open_books(read_settings(data=folder))
    assert books.keys.authenticate(secret).balance == 2_500_000
    assert run(folder, "keys", "topup", "ada", "0.5").stdout == "ada: 3 credits\n"
    row = run(folder, "keys", "list").stdout.splitlines()[1].split()
    assert (row[0], row[1], row[2], row[-1]) == (secret[:15], "ada", "3", "laptop")
    assert secret not in run(folder, "keys", "list").stdout
    moves = [line.split()[2] for line in run(folder, "keys", "history", "ada").stdout.splitlines()]
    assert moves == ["credits", "topup", "topup"]
    # The whole key may be pasted too.
    assert run(folder, "keys", "revoke", secret).stdout == f"{secret[:15]} is revoked\n"
    with pytest.raises(UnknownKey):
        books.keys.authenticate(secret)
    assert "revoked" in run(folder, "keys", "list").stdout
    books.close()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["topup", "ada", "1"], NoSuchAccount),
        (["create", "ada", "--credits", "much"], InvalidInput),
        (["create", "ada", "--credits", "nan"], InvalidInput),
        (["create", "ada", "--days", "-1"], InvalidInput),
        (["create", "ada", "--days", "1e300"], InvalidInput),
    ],
)
def test_what_is_wrong_is_told(folder: Path, arguments: list[str], error: type) -> None:
    assert isinstance(run(folder, "keys", *arguments).exception, error)


def test_settings_are_told_with_their_sources(folder: Path) -> None:
    url = "postgresql://ada:secret@db/vivant"
    told = run(folder, "settings", "--json", VIVANT_PORT="80", VIVANT_DATABASE_URL=url)
    facts = json.loads(told.stdout)
    assert facts["port"] == {"value": 80, "source": "environment"}
    assert facts["line"]["source"] == "default"
    assert facts["database_url"]["value"] == "postgresql://ada:***@db/vivant"
    assert "secret" not in run(folder, "settings", VIVANT_DATABASE_URL=url).stdout


def test_a_url_that_is_none_is_hidden_whole() -> None:
    assert hide_password("ada:secret") == "***"


def test_the_first_start_makes_one_key(folder: Path) -> None:
    settings = read_settings(data=folder, first_credits=3)
    books = open_books(settings)
    secret = first_key(books, settings)
    assert books.keys.authenticate(secret).balance == 3 * MICRO
    assert first_key(books, settings) is None
    books.close()


def test_one_server_of_a_name_at_a_time(tmp_path: Path) -> None:
    with (
        only_one(tmp_path, "main"),
        only_one(tmp_path, "other"),
        pytest.raises(InvalidInput, match="worker"),
        only_one(tmp_path, "main"),
    ):
        pass
    with only_one(tmp_path, "main"):
        pass


def test_a_house_stands_as_the_settings_say(folder: Path) -> None:
    house = open_house(read_settings(data=folder, fake=True, prices={"sd3-med-pose": 1}))
    prices = {info.slug: info.price for info in house.service.endpoints()}
    assert prices["sd3-med-pose"] == MICRO
    house.close()


def test_it_serves_until_it_is_told_to_stop(folder: Path) -> None:
    command = [sys.executable, "-m", "vivant.doors.cli", "serve", "--fake", "--port", "0"]
    with subprocess.Popen(  # noqa: S603
        [*command, "--data", str(folder)], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        assert server.stdout.readline().split()[-1] == f"{url}/docs"
        assert "100 credits" in server.stdout.readline()
        key = server.stdout.readline().strip()
        assert "studio" in server.stdout.readline()
        invitation = server.stdout.readline().strip().removeprefix(f"{url}/#enter=")
        fields = {"prompt": "a girl", "image": "preset:waving"}
        answer = httpx.post(
            f"{url}/v1/sd3-med-pose", json=fields, headers={"x-api-key": key}, timeout=60
        )
        assert (answer.status_code, answer.headers["x-remaining-credits"]) == (200, "99.983")
        entered = httpx.post(
            f"{url}/session", json={"invitation": invitation}, headers={"origin": url}, timeout=60
        )
        assert (entered.status_code, "token" in entered.json()) == (200, True)
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)
        assert server.returncode == 0
