"""`analogeq compile` and `analogeq settle`: circuits without training."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from analogeq.circuit import Circuit
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
from analogeq.files import write_text_atomically
from analogeq.flow.design import Start, build_circuit, parse_layers, starting_weights
from analogeq.flow.families import (
    AnyCircuit,
    Settler,
    family_of,
    programmed,
    readable_netlist,
    remark,
    simulation_netlist,
    uniqueness,
)
from analogeq.flow.runs import open_run
from analogeq.flow.training import settle_one
from analogeq.flow.waveforms import write_waveform

RunFolder = Annotated[Path | None, typer.Option("--run", help="A trained run's folder, instead of random weights.")]
Scale = Annotated[
    float | None, typer.Option("--scale", help="Hopfield: multiplies the limits of random weights, by 1 if not given.")
]
Inputs = Annotated[
    str | None, typer.Option("--inputs", help="Input signals, 0.2,0.9,…; hopfield: in [0, 1]. Random if not given.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="compile", epilog="Example: analogeq compile --layers 64,100,10 --output digits.cir")(compile_)
    app.command(epilog="Example: analogeq settle --layers 4,6,2 --inputs 0.2,0.9,0.4,0 --waveform settling.csv")(settle)


def compile_(
    output: Annotated[Path, typer.Option("--output", "-o", help="The netlist's file.")],
    *,
    layers: Layers = None,
    graph: Graph = None,
    technology: TechnologyFile = None,
    run: RunFolder = None,
    inputs: Inputs = None,
    seed: Seed = 0,
    scale: Scale = None,
    flat: Annotated[
        bool, typer.Option("--flat", help="The folded netlist that simulations load, not the readable one.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compile a network into a SPICE netlist, checked electrically.

    The readable netlist runs as it is: ngspice -b FILE prints the settled outputs.
    """
    began = time.perf_counter()
    circuit, start = _programmed(layers, graph, technology, run, seed, scale)
    parameters, signals = start.parameters, _signals(circuit, inputs, seed)
    text = simulation_netlist(circuit, parameters) if flat else readable_netlist(circuit, parameters, signals)
    write_text_atomically(output, text)
    report = {
        "netlist": str(output),
        "lines": text.count("\n"),
        "inputs": circuit.network.n_inputs,
        "nodes": circuit.network.n_nodes,
        "edges": circuit.network.n_edges,
        "weights": start.origin,
        "clipped": programmed(circuit, parameters).clipped,
        "remark": remark(circuit),
        "seconds": time.perf_counter() - began,
    }
    if as_json:
        print_json(report)
        return
    out = console()
    out.print(
        f"{output}: {report['lines']:,} lines, {report['nodes']:,} neurons, {report['edges']:,} weights"
        f" ({report['clipped']} out of range), {report['seconds']:.2f} s",
        markup=False,
    )
    _tell_values(out, start, inputs, seed)
    if report["remark"]:
        out.print(str(report["remark"]), markup=False, style="bold")
    if not flat:
        out.print(f"next: ngspice -b {output}", markup=False)


def settle(
    *,
    layers: Layers = None,
    graph: Graph = None,
    technology: TechnologyFile = None,
    run: RunFolder = None,
    inputs: Inputs = None,
    seed: Seed = 0,
    scale: Scale = None,
    engine: EngineName = "native",
    workers: Workers = None,
    waveform: Annotated[
        Path | None, typer.Option("--waveform", help="Hopfield: CSV of every node's voltage in time; a .png beside it.")
    ] = None,
    duration: Annotated[
        float, typer.Option("--duration", help="How long the waveform is followed, in time constants.")
    ] = 20.0,
    as_json: AsJson = False,
) -> None:
    """Settle one sample, from zero to its equilibrium, and print the outputs' voltages; with --json every node's."""
    circuit, start = _programmed(layers, graph, technology, run, seed, scale)
    parameters, signals = start.parameters, _signals(circuit, inputs, seed)
    files: tuple[Path, ...] = ()
    if waveform is not None:
        settler = Settler(engine, workers)
        files = write_waveform(circuit, parameters, signals, settler, duration=duration, file=waveform)
    began = time.perf_counter()
    point = settle_one(circuit, parameters, signals, Settler(engine, workers))
    seconds = time.perf_counter() - began
    certificate, clipped = uniqueness(circuit, parameters, signals), programmed(circuit, parameters).clipped
    names = circuit.network.node_names
    volts = dict(zip(names, (float(v) for v in point.voltages[0]), strict=True))
    if as_json:
        print_json(
            {
                "engine": engine,
                "analysis": point.analysis,
                "kirchhoff_residual": float(point.kcl_residual[0]),
                "seconds": seconds,
                "weights": start.origin,
                "clipped": clipped,
                "remark": remark(circuit),
                "one_operating_point": None if certificate is None else certificate.strictly_convex,
                "certificate_margin": None if certificate is None else certificate.margin,
                "files": [str(file) for file in files],
                "voltages": volts,
            }
        )
        return
    out = console()
    for k in circuit.network.outputs:
        out.print(f"{names[k]:>12}  {volts[names[k]]: .9f} V", markup=False)
    out.print(
        f"{len(names)} nodes by {engine} ({point.analysis}), residual {point.kcl_residual[0]:.2g} A, {seconds:.3f} s",
        markup=False,
    )
    _tell_values(out, start, inputs, seed)
    if clipped:
        out.print(f"{clipped} of {circuit.network.n_edges:,} weights are out of the range and stand at its end")
    if remark(circuit):
        out.print(remark(circuit), markup=False, style="bold")
    if certificate is not None:
        proven = f"one operating point, proven with margin {certificate.margin:.3g}"
        out.print(proven if certificate.strictly_convex else "no proof that this is the only operating point")
    for file in files:
        out.print(str(file), markup=False)


def _tell_values(out: Console, start: Start, inputs: str | None, seed: int) -> None:
    signals = f"drawn at random, seed {seed}" if inputs is None else "as given"
    out.print(f"weights {start.origin}; input signals {signals}", markup=False)


def _programmed(
    layers: str | None, graph: Path | None, technology: Path | None, run: Path | None, seed: int, scale: float | None
) -> tuple[AnyCircuit, Start]:
    if run is not None:
        if layers is not None or graph is not None or technology is not None:
            raise InputError(
                "--run brings its own network and technology; leave --layers, --graph and --technology out"
            )
        if scale is not None:
            raise InputError(f"--scale {scale}: multiplies random weights, and --run brings its own; leave it out")
        opened = open_run(run)
        return opened.circuit, Start(opened.parameters, f"of the run {run}")
    circuit = build_circuit(None if layers is None else parse_layers(layers), graph, technology)
    if scale is not None and family_of(circuit) == "resistive":
        raise InputError(f"--scale {scale}: a resistive circuit's conductances are drawn from its range; leave it out")
    return circuit, starting_weights(circuit, graph, seed, scale)


def _signals(circuit: AnyCircuit, text: str | None, seed: int) -> np.ndarray:
    if text is None:
        return np.random.default_rng(seed).random((1, circuit.network.n_inputs))
    try:
        values = np.array([[float(part) for part in text.split(",")]])
    except ValueError:
        raise InputError(f"--inputs {text!r}: not a list of numbers; write for example 0.2,0.9") from None
    if values.shape[1] != circuit.network.n_inputs:
        raise InputError(f"--inputs: {values.shape[1]} values, the network has {circuit.network.n_inputs} inputs")
    if not np.all(np.isfinite(values)):
        raise InputError(f"--inputs {text!r}: every signal must be finite; give numbers in [0, 1]")
    outside = values[(values < 0.0) | (values > 1.0)]
    if outside.size and isinstance(circuit, Circuit):
        raise InputError(
            f"--inputs: signal {outside[0]:g} is outside [0, 1], from 0 V to the rail of {circuit.technology.rail:g} V;"
            " scale the signals into it"
        )
    return values
