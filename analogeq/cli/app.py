"""The `analogeq` command and what each of its failures returns to the shell."""

from __future__ import annotations

import errno
import inspect
import re
import sys
from typing import Annotated

import typer
from rich.console import Console

from analogeq import __version__
from analogeq.cli import circuits, demo, doctor, gradient_check, report, runs, sweep
from analogeq.cli.options import INTERRUPTED
from analogeq.errors import AnalogeqError

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
for command in app.registered_commands:
    # A docstring breaks its lines for an editor, a terminal for itself.
    command.help = re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.getdoc(command.callback) or "")


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
        errors.print("error:", _of_file(trouble), style="red", markup=False)
        return FAILED
    except MemoryError as trouble:
        errors.print(
            f"error: this does not fit into memory ({trouble}); take a smaller network, fewer samples or less time",
            style="red",
            markup=False,
        )
        return FAILED
    return 0


_FILE_RULES = {
    errno.ENOENT: "is not there, and cannot be made there; check the path",
    errno.EEXIST: "is a file, and a folder is needed; choose another name",
    errno.ENOTDIR: "leads through a file as if it were a folder; check the path",
    errno.EISDIR: "is a folder, and a file is needed; add a file's name",
    errno.EACCES: "may not be read or written by you; choose another place",
    errno.EPERM: "may not be read or written by you; choose another place",
    errno.EROFS: "is on a disk that can only be read; choose another place",
    errno.ENOSPC: "does not fit, the disk is full; make room and run the command again",
    errno.ENAMETOOLONG: "has a name that is too long; choose a shorter one",
}


def _of_file(trouble: OSError) -> str:
    """Say what about a file is wrong; what else the system says, as it says it."""
    rule = _FILE_RULES.get(trouble.errno or 0)
    return str(trouble) if rule is None or trouble.filename is None else f"{trouble.filename}: {rule}"
