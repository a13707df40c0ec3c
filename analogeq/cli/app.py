"""The `analogeq` command and what each of its failures returns to the shell."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from analogeq import __version__
from analogeq.cli import circuits, demo, doctor, gradient_check, report, runs, sweep
from analogeq.errors import AnalogeqError

INTERRUPTED = 130
FAILED = 1

app = typer.Typer(
    name="analogeq",
    help="Simulate and co-design analog chips that learn by Equilibrium Propagation.",
    epilog="Start with: analogeq demo --quick",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for commands in (demo, doctor, circuits, runs, gradient_check, sweep, report):
    commands.register(app)


def _show_version(asked: bool) -> None:  # noqa: FBT001  typer calls it with the flag's value
    if asked:
        typer.echo(f"analogeq {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Hold the options that come before a command."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    0 done, 1 failed, 2 bad input, 3 simulator missing, 4 did not settle, 5 a check failed, 130 interrupted.
    """
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code instead of leaving."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        app(args=arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else FAILED
    except AnalogeqError as trouble:
        errors.print("error:", str(trouble), style="red", markup=False)
        return trouble.exit_code
    except KeyboardInterrupt:
        errors.print("interrupted", style="red")
        return INTERRUPTED
    except OSError as trouble:
        errors.print("error:", str(trouble), style="red", markup=False)
        return FAILED
    return 0
