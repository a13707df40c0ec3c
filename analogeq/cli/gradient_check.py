"""`analogeq gradient-check`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from analogeq.cli.options import (
    AsJson,
    EngineName,
    Graph,
    Layers,
    Seed,
    TechnologyFile,
    Workers,
    console,
    print_json,
)
from analogeq.errors import InputError
from analogeq.flow.design import build_circuit, has_weights, parse_layers, starting_weights
from analogeq.flow.families import Settler
from analogeq.flow.gradient_check import LIMIT, GradientCheck, GradientRow, Sweep
from analogeq.flow.gradient_report import (
    GradientReport,
    check_subject,
    random_subject,
    require_cosine,
    subject_of_run,
    times,
    write_report,
)
from analogeq.flow.runs import open_run

EXAMPLE = "Example: analogeq gradient-check --layers 64,100,10 --noise 0,0.001 --output runs/gradients"
CELL, LEFT = 15, 20
"""Characters that a column of a layer takes, and those to the left of them."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="gradient-check", epilog=EXAMPLE)(gradient_check)


def gradient_check(
    run: Annotated[
        Path | None, typer.Argument(help="A trained run's folder; or give --layers for random weights.")
    ] = None,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of CSV and figure.")] = Path("runs/gradients"),
    layers: Layers = None,
    graph: Graph = None,
    technology: TechnologyFile = None,
    scale: Annotated[
        float | None, typer.Option(help="Hopfield: multiplies the limits of random weights, by 0.5 if not given.")
    ] = None,
    engine: EngineName = "native",
    workers: Workers = None,
    samples: Annotated[int, typer.Option(min=1, help="Samples; of a run, its first of the test set.")] = 20,
    betas: Annotated[str, typer.Option(help="Nudge strengths, each tried one-sided and centred.")] = (
        "0.0001,0.0003,0.001,0.003,0.01,0.03,0.1,0.3,1"
    ),
    free_time: Annotated[str, typer.Option(help="Free phases in time constants; 0 follows to the equilibrium.")] = "0",
    nudged_time: Annotated[str, typer.Option(help="Nudged phases, likewise.")] = "0",
    noise: Annotated[str, typer.Option(help="Standard deviations of a read voltage [V].")] = "0",
    draws: Annotated[int, typer.Option(min=1, help="Noisy readings that a cosine is the mean of.")] = 8,
    seed: Seed = 0,
    least: Annotated[
        float | None,
        typer.Option("--require-cosine", help="Exit with 5 if the worst layer's cosine at the best beta is less."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare EP's estimates with the exact gradient, layer by layer, and propose the beta that loses least.

    The exact gradient comes from one adjoint solve at the free equilibrium. 1 − cosine is what is
    lost of its direction; the ratio is the estimate's length over its own.
    """
    sweep = Sweep(
        betas=_numbers(betas, "--betas"),
        free_times=tuple(t or None for t in _numbers(free_time, "--free-time")),
        nudged_times=tuple(t or None for t in _numbers(nudged_time, "--nudged-time")),
        noises=_numbers(noise, "--noise"),
        draws=draws,
        seed=seed,
    )
    if run is not None:
        if (layers, graph, technology) != (None, None, None):
            raise InputError(
                f"{run}: a run brings its own network and technology; leave --layers, --graph and --technology out"
            )
        subject = subject_of_run(open_run(run), samples)
    else:
        circuit = build_circuit(None if layers is None else parse_layers(layers), graph, technology)
        half = None if graph is not None and has_weights(graph) else 0.5
        start = starting_weights(circuit, graph, seed, half if scale is None else scale)
        subject = random_subject(circuit, samples, start.parameters, seed=seed)
    report = write_report(check_subject(subject, sweep, Settler(engine, workers)), output)
    if as_json:
        print_json(report.as_dict())
    else:
        _show(console(), report)
    if least is not None:
        require_cosine(report.check, least)


def _show(out: Console, report: GradientReport) -> None:
    check = report.check
    out.print(f"{check.samples} samples; each cell: what is lost, 1 − cosine, and × ratio of the lengths", markup=False)
    groups: dict[str, list[GradientRow]] = {}
    limit = [row for row in check.rows if row.setting.nudging == LIMIT]
    for row in check.rows[len(limit) :]:
        groups.setdefault(f"{times(row)}; read noise {row.noise:g} V", []).append(row)
    for head, rows in groups.items():
        out.print()
        out.print(head, markup=False, style="bold")
        out.print(_table(limit + rows, (out.width - LEFT) // CELL))
    out.print()
    _conclude(out, check)
    for file in report.files:
        out.print(str(file), markup=False)


def _table(rows: list[GradientRow], most: int) -> Table:
    """Tabulate all layers where ``most`` columns hold them, else the weights and the worst, else the worst alone."""
    names = list(dict.fromkeys(row.layer for row in rows))
    weights = [name for name in names if name.startswith("weights")]
    shown = names if len(names) <= most else weights if len(weights) + 2 <= most else []
    short = [name.replace("weights", "w").replace("biases", "b") for name in shown]
    table = Table("nudging", "β", *short, *([] if shown is names else ["worst layer"]), box=None, pad_edge=False)
    for setting, own in groupby(rows, key=lambda row: row.setting):
        layers = {row.layer: row for row in own}
        worst = max(layers.values(), key=lambda row: row.loss)
        cells = [_cell(layers[name]) for name in shown]
        cells += [] if shown is names else [f"{_cell(worst)} {worst.layer}"]
        table.add_row(setting.nudging, f"{setting.beta:g}" if setting.beta else "→ 0", *cells)
    return table


def _cell(row: GradientRow) -> str:
    ratio = "–" if row.ratio is None else f"{row.ratio:.2f}" if row.ratio < 9.995 else f"{row.ratio:.0f}"
    return f"{row.loss:.1e} ×{ratio}"


def _conclude(out: Console, check: GradientCheck) -> None:
    reasons = {(m.setting.nudging, m.setting.beta): m.reason for m in reversed(check.missing)}
    for (nudging, beta), reason in sorted(reasons.items()):
        out.print(f"no estimate for {nudging} β = {beta:g}: {reason}", markup=False)
    if check.remark:
        out.print(check.remark, markup=False, style="bold")
    if check.corners:
        out.print(f"{check.corners} nodes stand exactly at a corner; there the exact gradient is one-sided")
    if check.vacuous:
        out.print(check.vacuous, markup=False, style="bold")
        return
    if check.zero:
        out.print(f"the exact gradient of {', '.join(check.zero)} is zero; a cosine says nothing there", markup=False)
    for row in check.proposals():
        out.print(
            f"loses least ({times(row)}, noise {row.noise:g} V): {row.setting.nudging}, β = {row.setting.beta:g};"
            f" cosine {row.cosine:.6g} of {row.layer}, its worst",
            markup=False,
        )


def _numbers(text: str, option: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{option} {text!r}: not a list of numbers; write for example 0.01,0.1") from None
