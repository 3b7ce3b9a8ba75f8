"""The command line: pictures, stories, the weights that make them, and the server."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from vivant.base.errors import InvalidInput, NobodyFound, UnreadablePicture, VivantError
from vivant.base.version import __version__
from vivant.doors import (
    keys_command,
    pose_command,
    serve,
    settings_command,
    skeleton_command,
    story_command,
    weights_commands,
)

app = typer.Typer(
    name="vivant",
    help="Pictures of people in the pose you ask for, and comics whose people stay the same.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("pose")(pose_command.pose)
app.command("story")(story_command.story)
app.command("skeleton")(skeleton_command.skeleton)
app.command("serve")(serve.serve)
app.add_typer(keys_command.app, name="keys")
app.command("settings")(settings_command.settings)
app.add_typer(weights_commands.app, name="weights")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; leaves with 0, 2 for bad input, or 1 for anything else that went wrong."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="vivant")
    except VivantError as error:
        print(f"vivant: {error}", file=sys.stderr)  # noqa: T201  # the door's own voice
        bad_input = isinstance(error, InvalidInput | UnreadablePicture | NobodyFound)
        sys.exit(2 if bad_input else 1)


@app.callback(invoke_without_command=True)
def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"vivant {__version__}")
        raise typer.Exit


if __name__ == "__main__":
    main()
