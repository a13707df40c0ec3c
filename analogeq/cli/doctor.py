"""`analogeq doctor`."""

from __future__ import annotations

import typer

from analogeq.cli.options import AsJson, console, print_json
from analogeq.flow.doctor import examine

EXAMPLE = "Example: analogeq doctor --json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(doctor)


def doctor(*, as_json: AsJson = False) -> None:
    """Find ngspice, name its version and solver, and solve two circuits with known answers."""
    found = examine()
    if as_json:
        print_json(found.as_dict())
    else:
        out = console()
        for check in found.checks:
            mark = "[green]ok[/]  " if check.passed else "[red]FAIL[/]"
            out.print(f"{mark} {check.name}: ", end="")
            out.print(check.found, markup=False)
        if found.simulator:
            out.print(f"     library: {found.simulator['path']}", markup=False)
        out.print("     " + ", ".join(f"{k} {v}" for k, v in found.versions.items()), markup=False, style="dim")
    raise typer.Exit(found.exit_code)
