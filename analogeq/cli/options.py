"""Options that several commands share, and how results are printed."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended."""

Layers = Annotated[str | None, typer.Option("--layers", help="Layer sizes, inputs first: 64,100,10.", metavar="N,N,…")]
Graph = Annotated[
    Path | None,
    typer.Option(
        "--graph", help="A network drawn as GraphML or an edge list, shared kernels included; instead of --layers."
    ),
]
TechnologyFile = Annotated[
    Path | None, typer.Option("--technology", help="TOML file: what the chip is made of. Defaults if not given.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of every random number.")]
EngineName = Annotated[str, typer.Option("--engine", help="native or ngspice.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Worker processes of ngspice; one a core if not given.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the dataset's IDX files.")]


def print_json(content: object) -> None:
    """Print one JSON object on standard output."""
    typer.echo(json.dumps(content, indent=2, allow_nan=False))


def console(*, quiet: bool = False) -> Console:
    """Open the console for people; standard error where standard output is a machine's."""
    return Console(stderr=quiet, highlight=False)


def command_line() -> str:
    """Return what was typed, for records; a shell reads it back as it was."""
    return shlex.join(["analogeq", *sys.argv[1:]])
