"""`vivant serve`: the service over HTTP, until it is told to stop."""

from __future__ import annotations

import math
import signal
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from vivant.base.credits import micro_of, show_credits
from vivant.base.errors import InvalidInput, NoSuchAccount
from vivant.base.settings import Settings, read_settings

if TYPE_CHECKING:
    import uvicorn

    from vivant.doors.wiring import Books, House

LOCAL = "local"
"""The account that the first start opens."""

BACKLOG = 2048
"""Connections that may wait to be accepted."""


def serve(
    *,
    host: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Address to listen on; 0.0.0.0 for all",
            show_default="127.0.0.1",
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(metavar="NUMBER", help="Port to listen on; 0 picks one", show_default="8000"),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Where database and files are kept",
            show_default="~/.vivant",
        ),
    ] = None,
    fake: Annotated[
        bool, typer.Option("--fake", help="Serve made-up pictures, without any model.")
    ] = False,
) -> None:
    """Serve both endpoints over HTTP; `vivant settings` lists what can be set besides."""
    from vivant.doors.single import only_one  # noqa: PLC0415
    from vivant.doors.wiring import open_house, set_aside  # noqa: PLC0415  # the whole service

    settings = read_settings(host=host, port=port, data=data, fake=fake or None)
    listening = _listen(settings)
    settings.data.mkdir(parents=True, exist_ok=True)
    with listening, only_one(settings.data, settings.worker):
        house = open_house(settings, loaded=set_aside)
        try:
            _serve(house, settings, listening)
        finally:
            house.close()


def _serve(house: House, settings: Settings, listening: socket.socket) -> None:
    import uvicorn  # noqa: PLC0415

    from vivant.web.app import create_app  # noqa: PLC0415
    from vivant.web.logs import configure_logs  # noqa: PLC0415

    configure_logs()
    config = uvicorn.Config(
        create_app(house.service, settings),
        access_log=False,
        log_config=None,
        backlog=BACKLOG,
        timeout_graceful_shutdown=math.ceil(settings.drain),
    )
    house.service.start()
    try:
        _greet(house, settings, listening)
        run_until_told(uvicorn.Server(config), listening)
    finally:
        house.service.stop()


def run_until_told(server: uvicorn.Server, listening: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM."""
    # Once it has shut down, uvicorn raises again the signal that it got. As it comes, SIGTERM would
    # end the process there and then, with the service still at work.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])


def _listen(settings: Settings) -> socket.socket:
    """Open the port, before anything that takes long.

    Raises:
        InvalidInput: it cannot be opened.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        allowed = f"an address and a free port of this machine ({error.strerror})"
        raise InvalidInput("port", f"{settings.host}:{settings.port}", allowed) from error


def _greet(house: House, settings: Settings, listening: socket.socket) -> None:
    """Say where the server is and, the first time ever, with which key."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    shown = f"[{host}]" if ":" in host else host
    url = settings.public_url or f"http://{shown}:{listening.getsockname()[1]}"
    typer.echo(f"Vivant serves at {url}")
    typer.echo(f"What it offers:  {url}/docs")
    secret = first_key(house, settings)
    if secret is not None:
        amount = show_credits(micro_of(settings.first_credits))
        typer.echo(f"Your key, with {amount} credits; it is shown this once:\n{secret}")
    invitation = _invitation(house)
    if invitation is not None:
        typer.echo(f"The studio, by a link that lets one browser in:\n{url}/#enter={invitation}")


def _invitation(house: House) -> str | None:
    """What lets a browser in as the account "local"; None where there is no such account."""
    try:
        account = house.accounts.find(LOCAL)
    except NoSuchAccount:
        return None
    return house.service.sessions.invite(house.service.desk.studio_key(account.id))


def first_key(books: Books, settings: Settings) -> str | None:
    """Open the account "local" with a key and credits where there is no account at all.

    Returns:
        The key's secret; None where there are accounts.
    """
    if books.accounts.list():
        return None
    account = books.accounts.create(LOCAL)
    if settings.first_credits > 0:
        books.ledger.topup(account.id, micro_of(settings.first_credits), "first start")
    return books.keys.create(account.id, "made at the first start").secret
