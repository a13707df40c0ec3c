"""`analogeq report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analogeq.cli.options import console
from analogeq.flow.reporting import report


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="report", epilog="Example: analogeq report runs/digits")(report_command)


def report_command(
    run: Annotated[Path, typer.Argument(help="Folder of a training run, or of a study.")],
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File; report.html in the folder.")] = None,
) -> None:
    """Write one HTML file that needs nothing else: design, circuit, waveforms, learning or a study's figures."""
    written = report(run, output)
    console().print(f"wrote {written} ({written.stat().st_size / 1024:.0f} KiB); open it in any browser")
