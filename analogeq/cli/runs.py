"""`analogeq train`, `evaluate`, `compare` and `export`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from analogeq.cli.options import (
    AsJson,
    DataDir,
    EngineName,
    Graph,
    Layers,
    Seed,
    TechnologyFile,
    Workers,
    command_line,
    console,
    print_json,
)
from analogeq.errors import InputError
from analogeq.flow.comparison import CompareRequest, compare_run
from analogeq.flow.cost import CostRow
from analogeq.flow.cost.runs import run_costs
from analogeq.flow.design import build_circuit, has_weights, parse_layers, starting_weights
from analogeq.flow.exporting import export_run
from analogeq.flow.families import Settler, remark
from analogeq.flow.options import TrainOptions, config_of
from analogeq.flow.runs import DataSource, open_run
from analogeq.flow.training import evaluate as evaluate_run
from analogeq.flow.training import train as train_run
from analogeq.training import ConsoleProgress, TrainingInterruptedError

COPY, HOPFIELD, RESISTIVE = (
    "The feedforward copy",
    "Circuits of the hopfield family",
    "Circuits of the resistive family",
)
"""Panels of the help."""

RunArgument = Annotated[Path, typer.Argument(help="A trained run's folder.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: analogeq train --data digits --layers 64,100,10 --epochs 20 --output runs/digits")(
        train
    )
    app.command(epilog="Example: analogeq evaluate runs/digits --engine ngspice --cost")(evaluate)
    app.command(epilog="Example: analogeq compare --layers 64,100,10 --samples 10 --output runs/compare")(compare)
    app.command(epilog="Example: analogeq export runs/digits digits.onnx")(export)


def train(
    output: Annotated[Path, typer.Option("--output", "-o", help="The run's folder.")],
    *,
    data: Annotated[
        str,
        typer.Option(
            "--data",
            help="digits, mnist, fashion-mnist, iris; or a .npz file of x and y, perhaps x_test and y_test.",
        ),
    ] = "digits",
    data_dir: DataDir = None,
    layers: Layers = None,
    graph: Graph = None,
    technology: TechnologyFile = None,
    engine: EngineName = "native",
    workers: Workers = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training samples.")] = 20,
    batch: Annotated[int, typer.Option(min=1, help="Samples in a minibatch.")] = 10,
    rates: Annotated[str | None, typer.Option(help="Learning rate of each layer after the inputs: 0.2,0.1.")] = None,
    copy_rates: Annotated[
        str | None, typer.Option(help="Learning rates of the copy: 0.2,0.1.", rich_help_panel=COPY)
    ] = None,
    copy_optimizer: Annotated[
        str | None,
        typer.Option(
            help="The copy's local steps: plain (hopfield) or affine-projection (resistive).", rich_help_panel=COPY
        ),
    ] = None,
    copy_loss: Annotated[
        str | None,
        typer.Option(
            help="What the copy's layers descend: squared, or matching (their activation).", rich_help_panel=COPY
        ),
    ] = None,
    copy_activation: Annotated[
        str | None,
        typer.Option(help="Hopfield: hard-sigmoid, or knees or curve of the clamps' diodes.", rich_help_panel=COPY),
    ] = None,
    beta: Annotated[float | None, typer.Option(help="Nudge strength; hopfield: the conductance is 2·beta·G0.")] = None,
    nudging: Annotated[
        str | None,
        typer.Option(help="one-sided, random-sign, centred, small-signal; resistive: positive, negative, …, centred."),
    ] = None,
    initialise: Annotated[
        bool,
        typer.Option(
            "--initialise/--from-zero",
            help="Start (and tether) the circuit with the copy, or not.",
            rich_help_panel=COPY,
        ),
    ] = True,
    momentum: Annotated[
        float | None, typer.Option(help="Of circuit and copy, in [0, 1).", rich_help_panel=HOPFIELD)
    ] = None,
    tether: Annotated[
        float | None, typer.Option(min=0.0, help="Lambda; the conductance is lambda·G0.", rich_help_panel=HOPFIELD)
    ] = None,
    free_time: Annotated[
        float | None,
        typer.Option(help="Free phase in time constants; 0 follows it to the equilibrium.", rich_help_panel=HOPFIELD),
    ] = None,
    nudged_time: Annotated[float | None, typer.Option(help="Nudged phase, likewise.", rich_help_panel=HOPFIELD)] = None,
    rule: Annotated[
        str | None,
        typer.Option(
            help="equilibrium-propagation, coupled-learning, contrastive-learning.", rich_help_panel=RESISTIVE
        ),
    ] = None,
    nudge_by: Annotated[str | None, typer.Option(help="conductance or current.", rich_help_panel=RESISTIVE)] = None,
    cost: Annotated[str | None, typer.Option(help="squared-error or cross-entropy.", rich_help_panel=RESISTIVE)] = None,
    temperature: Annotated[
        float | None, typer.Option(help="Volts of one unit of cross-entropy.", rich_help_panel=RESISTIVE)
    ] = None,
    bias_rates: Annotated[
        str | None, typer.Option(help="Rates of the bias currents.", rich_help_panel=RESISTIVE)
    ] = None,
    decay: Annotated[float | None, typer.Option(help="Factor on the rates after each epoch.")] = None,
    sweeps: Annotated[
        int | None,
        typer.Option(
            min=1, help="Native engine: so many sweeps instead of settling, as papers do.", rich_help_panel=RESISTIVE
        ),
    ] = None,
    first_spread: Annotated[
        float | None,
        typer.Option(help="Resistive: share of the range that first conductances cover; narrow ranges want 1."),
    ] = None,
    seed: Seed = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the folder's checkpoint stands.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train a circuit and its feedforward copy; the technology file decides the circuit's family.

    Hopfield: Initialized Equilibrium Propagation. Resistive: equilibrium propagation or a sibling rule; rates and
    beta count in units of 1 S, or of the range's high end where that is less.
    """
    if layers is None and graph is None:
        raise InputError("network: give layer sizes (--layers 64,100,10) or a graph (--graph FILE)")
    circuit = build_circuit(None if layers is None else parse_layers(layers), graph, technology)
    config = config_of(
        circuit,
        TrainOptions(
            epochs=epochs,
            batch=batch,
            seed=seed,
            initialise=initialise,
            rates=rates,
            copy_rates=copy_rates,
            bias_rates=bias_rates,
            copy_optimizer=copy_optimizer,
            copy_loss=copy_loss,
            copy_activation=copy_activation,
            nudging=nudging,
            beta=beta,
            momentum=momentum,
            tether=tether,
            free_time=free_time,
            nudged_time=nudged_time,
            rule=rule,
            nudge_by=nudge_by,
            cost=cost,
            temperature=temperature,
            decay=decay,
            sweeps=sweeps,
            first_spread=first_spread,
        ),
    )
    said = console(quiet=as_json)
    if remark(circuit):
        said.print(remark(circuit), markup=False, style="bold")
    if graph is not None and has_weights(graph):
        said.print(f"{graph}: its weights and biases are left aside; training starts from random ones", markup=False)
    source = DataSource(data, None if data_dir is None else str(data_dir))
    out = console(quiet=as_json)
    try:
        with nullcontext() if as_json else ConsoleProgress(out, f"{data} by {engine}") as progress:
            trained = train_run(
                circuit,
                source,
                source.load(),
                config,
                output,
                settler=Settler(engine, workers),
                progress=progress,
                resume=resume,
                command=command_line(),
            )
    except TrainingInterruptedError as stopped:
        out.print(str(stopped), markup=False)
        out.print(f"go on with: {_resume_command()}", markup=False, soft_wrap=True)
        raise typer.Exit(stopped.exit_code) from None
    if as_json:
        print_json(trained.as_dict())
        return
    last = trained.history[-1]
    out.print(
        f"{output}: copy {last.copy_test_error:.2f} %, settled {last.settled_test_error:.2f} % test error", markup=False
    )
    out.print(f"next: analogeq evaluate {output}", markup=False)


def evaluate(
    run: RunArgument,
    *,
    engine: EngineName = "native",
    workers: Workers = None,
    cost: Annotated[bool, typer.Option("--cost", help="Price inference, training and area, with formulas.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure the copy alone (Algorithm 2) and the copy followed by settling (Algorithm 3)."""
    opened = open_run(run)
    found = evaluate_run(opened, opened.source.load(), Settler(engine, workers), opened.config)
    prices = run_costs(opened) if cost else ()
    if as_json:
        print_json({**asdict(found), **({"cost": [asdict(row) for row in prices]} if cost else {})})
        return
    out = console()
    out.print(f"{found.samples} test samples of {opened.source.name}, circuit settled by {found.engine}", markup=False)
    out.print(f"  copy alone            {found.copy_test_error:6.2f} % error", markup=False)
    out.print(f"  copy, then settling   {found.settled_test_error:6.2f} % error", markup=False)
    out.print(f"  same class chosen     {found.agreement:6.2f} % of samples; mean gap {found.gap:.4f}", markup=False)
    if cost:
        _tell_prices(out, prices)


WIDE = 120
"""Columns of a terminal in which formulas and assumptions stand beside their number."""


def _tell_prices(out: Console, prices: Sequence[CostRow]) -> None:
    """Print each price with its formula and what it takes as given: beside it, or below it where there is no room."""
    if out.width >= WIDE:
        table = Table("what", "value", "formula", "takes as given", box=None)
        for row in prices:
            table.add_row(*map(escape, (row.what, row.told, row.formula, row.assumptions)))
        out.print(table)
        return
    for row in prices:
        out.print(f"{row.what}: {row.told}", markup=False, style="bold")
        out.print(Padding(escape(f"{row.formula}; takes as given: {row.assumptions}"), (0, 0, 0, 4)))


def compare(
    run: Annotated[
        Path | None, typer.Argument(help="A trained run's folder; or give --layers for random weights.")
    ] = None,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of table, CSV and figure.")] = Path(
        "runs/compare"
    ),
    layers: Layers = None,
    graph: Graph = None,
    technology: TechnologyFile = None,
    samples: Annotated[int, typer.Option(min=1)] = 10,
    engines: Annotated[str, typer.Option(help="Engines to settle with, the reference first.")] = "native,ngspice",
    horizon: Annotated[float, typer.Option(help="How long settling is watched, in time constants.")] = 80.0,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Analog against digital: time constants of the circuit against Euler steps, to 1 %, 0.1 % and 1e-6."""
    request = CompareRequest(output, samples, tuple(name.strip() for name in engines.split(",")), horizon, seed)
    if run is not None:
        found = compare_run(request, run=open_run(run))
    else:
        circuit = build_circuit(None if layers is None else parse_layers(layers), graph, technology)
        start = starting_weights(circuit, graph, seed)
        found = compare_run(request, circuit=circuit, parameters=start.parameters)
    if as_json:
        print_json({"rows": [asdict(row) for row in found.rows], "files": [str(f) for f in found.files]})
        return
    out = console()
    drawn = Table("settled by", "start", "to", "median", "worst", "arrived", box=None)
    for row in found.rows:
        median = "–" if row.median is None else f"{row.median:.4g} {row.unit}"
        worst = "–" if row.worst is None else f"{row.worst:.4g}"
        drawn.add_row(row.method, row.start, f"{row.threshold:g}", median, worst, f"{row.arrived}/{row.samples}")
    out.print(drawn)
    for file in found.files:
        out.print(str(file), markup=False)


def export(
    run: RunArgument,
    path: Annotated[Path, typer.Argument(help="The file; its suffix chooses .npz, .safetensors or .onnx.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Export a run's feedforward copy, verified, with where it came from."""
    written, metadata = export_run(open_run(run), path)
    if as_json:
        print_json({"file": str(written), "metadata": asdict(metadata)})
        return
    console().print(f"{written}: feedforward copy {'-'.join(map(str, metadata.layer_sizes))}, verified", markup=False)


def _resume_command() -> str:
    arguments = [a for a in sys.argv[1:] if a != "--resume"]
    return shlex.join(["analogeq", *arguments, "--resume"])
