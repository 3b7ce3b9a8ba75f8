"""`vivant keys`: accounts, their keys and their credits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from vivant.base.clock import utc_now
from vivant.base.credits import micro_of, show_credits
from vivant.base.errors import InvalidInput, NoSuchAccount
from vivant.base.settings import read_settings

if TYPE_CHECKING:
    from vivant.doors.wiring import Books
    from vivant.ledger.accounts import Account

app = typer.Typer(help="Accounts, keys and credits.", no_args_is_help=True, rich_markup_mode=None)

_ACCOUNT = typer.Argument(metavar="ACCOUNT", help="The account's name")
_TIME = "%Y-%m-%d %H:%M"


@app.command("create")
def create(
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="Its name; it is opened if need be")
    ] = "local",
    *,
    label: Annotated[str, typer.Option(metavar="TEXT", help="What to call the key")] = "",
    top_up: Annotated[
        str | None, typer.Option("--credits", metavar="AMOUNT", help="Credits to put in")
    ] = None,
    days: Annotated[
        float | None, typer.Option(metavar="NUMBER", help="Days until the key expires")
    ] = None,
    requests_per_minute: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="The account's limit from now on")
    ] = None,
) -> None:
    """Make a key. It is shown this once."""
    from vivant.ledger.signature import show_secret  # noqa: PLC0415

    amount = None if top_up is None else _micro(top_up)
    expires_at = None if days is None else utc_now() + _days(days)
    with _books() as books:
        owner = _opened(books, account)
        if requests_per_minute is not None:
            books.accounts.limit(owner.id, requests_per_minute)
        made = books.keys.create(owner.id, label, expires_at)
        if amount is not None:
            books.ledger.topup(owner.id, amount)
        balance = books.ledger.balance(owner.id)
    typer.echo(made.secret)
    typer.echo(
        f"account {owner.name}, {show_credits(balance)} credits; "
        f"its webhooks are signed with {show_secret(owner.webhook_secret)}",
        err=True,
    )


@app.command("list")
def show() -> None:
    """List accounts, credits and keys."""
    with _books() as books:
        accounts = {account.id: account for account in books.accounts.list()}
        keys = books.keys.list()
    rows = [("key", "account", "credits", "made", "until", "label")]
    for key in keys:
        owner = accounts[key.account_id]
        until = "-" if key.expires_at is None else f"{key.expires_at:{_TIME}}"
        if key.revoked_at is not None:
            until = f"revoked {key.revoked_at:{_TIME}}"
        credit = show_credits(owner.balance)
        rows.append((key.id, owner.name, credit, f"{key.created_at:{_TIME}}", until, key.label))
    _print(rows)


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="How it begins: vivant_ and 8 digits")],
) -> None:
    """Let a key open nothing from now on."""
    # The whole key may be pasted too: what names it comes before its second underscore.
    key_id = "_".join(key.split("_")[:2])
    with _books() as books:
        books.keys.revoke(key_id)
    typer.echo(f"{key_id} is revoked")


@app.command("topup")
def topup(
    account: Annotated[str, _ACCOUNT],
    amount: Annotated[str, typer.Argument(metavar="CREDITS", help="How many")],
    *,
    note: Annotated[str, typer.Option(metavar="TEXT", help="For the account's history")] = "",
) -> None:
    """Put credits into an account."""
    micro = _micro(amount)
    with _books() as books:
        balance = books.ledger.topup(books.accounts.find(account).id, micro, note)
    typer.echo(f"{account}: {show_credits(balance)} credits")


@app.command("history")
def history(
    account: Annotated[str, _ACCOUNT],
    *,
    limit: Annotated[int, typer.Option(metavar="NUMBER", help="Lines, 1 to 200")] = 50,
) -> None:
    """List what moved an account's credits, newest first."""
    with _books() as books:
        page = books.ledger.history(books.accounts.find(account).id, limit=limit)
    rows = [("when", "what", "credits", "balance", "note")]
    rows += [
        (
            f"{move.created_at:{_TIME}}",
            move.kind.value,
            show_credits(move.amount),
            show_credits(move.balance),
            move.note or move.hold_id or "",
        )
        for move in page.items
    ]
    _print(rows)


@contextmanager
def _books() -> Iterator[Books]:
    from vivant.doors.wiring import open_books  # noqa: PLC0415  # imports the whole service

    books = open_books(read_settings())
    try:
        yield books
    finally:
        books.close()


def _opened(books: Books, name: str) -> Account:
    try:
        return books.accounts.find(name)
    except NoSuchAccount:
        return books.accounts.create(name)


def _micro(amount: str) -> int:
    try:
        return micro_of(amount)
    except (ArithmeticError, ValueError) as error:
        raise InvalidInput("credits", amount, "a number of credits") from error


def _days(days: float) -> timedelta:
    try:
        return timedelta(days=days)
    except (OverflowError, ValueError) as error:
        raise InvalidInput("days", days, "a number of days") from error


def _print(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())
