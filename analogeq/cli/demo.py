"""`analogeq demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analogeq.cli.options import AsJson, Seed, Workers, console, print_json
from analogeq.flow.demo import DemoRequest, run_demo


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: analogeq demo --quick --output runs/quick")(demo)


def demo(
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of everything written.")] = Path("runs/demo"),
    family: Annotated[str, typer.Option(help="Circuit family: hopfield or resistive.")] = "hopfield",
    quick: Annotated[bool, typer.Option("--quick", help="Train less in ngspice: under a minute.")] = False,
    seed: Seed = 0,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Train a network on handwritten digits with a simulated analog circuit, from graph to exported copy."""
    summary = run_demo(DemoRequest(output, seed, quick, workers, family), console(quiet=as_json))
    if as_json:
        print_json(summary)
