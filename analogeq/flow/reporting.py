"""`analogeq report`: everything known of a run, or of a study, in one HTML file."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from analogeq.circuit import Circuit
from analogeq.controller.controller import nudged as nudged_to
from analogeq.controller.controller import presented as driven
from analogeq.errors import InputError
from analogeq.files import write_text_atomically
from analogeq.flow.assumptions import assumptions
from analogeq.flow.cost.runs import PRICED, run_costs
from analogeq.flow.families import Settler, family_of, programmed, readable_netlist
from analogeq.flow.runs import Run, open_run
from analogeq.flow.study_report import study_page
from analogeq.hardware import to_toml
from analogeq.report import LearningCurve, SettlingTrace, learning_curve_figure, settling_figure
from analogeq.report.drawings import neuron_drawing, resistive_cell_drawing, tile_drawing
from analogeq.report.html import Facts, Listing, Note, Page, Picture, Section, Stored, Table, render
from analogeq.training import TrainingConfig, read_history

EXCERPT = 60
"""Lines of the netlist that are shown."""

WATCHED = (10.0, 4.0)
"""Free and nudged time constants drawn where the training follows phases to their end."""


def report(folder: Path, output: Path | None = None) -> Path:
    """Write report.html of what ``folder`` holds: a training run's, or a study's.

    Raises
    ------
    InputError
        If it holds neither.
    """
    if (folder / "study.json").is_file():
        page = study_page(folder)
    elif (folder / "run.json").is_file():
        page = _run_page(open_run(folder))
    else:
        raise InputError(
            f"{folder}: holds neither run.json nor study.json; give a folder that analogeq train or sweep wrote"
            + (
                ", such as one that its sensitivity is written to as well"
                if (folder / "sensitivity.json").exists()
                else ""
            )
        )
    target = output or folder / "report.html"
    write_text_atomically(target, render(page))
    return target


def _run_page(run: Run) -> Page:
    sizes = "-".join(map(str, run.circuit.network.layer_sizes))
    sections = [_design(run), _circuit(run), *_waveforms(run), _learning(run), *_cost(run), _assumed(run)]
    subtitle = f"{sizes} on {run.source.name}, {family_of(run.circuit)} family, settled by the {run.engine} engine"
    return Page(f"Run {run.folder.resolve().name}", subtitle, _command(run.folder) or "a program of its own", sections)


def _command(folder: Path) -> str:
    """What a user typed for a run."""
    return str(json.loads((folder / "run.json").read_text(encoding="utf-8")).get("command", ""))


def _design(run: Run) -> Section:
    described = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    network = run.circuit.network
    facts = {
        "layers": " – ".join(map(str, network.layer_sizes)),
        "neurons and weights": f"{network.n_nodes:,} and {network.n_edges:,}",
        "data": run.source.name,
        "versions": ", ".join(f"{name} {version}" for name, version in described["versions"].items()),
    }
    training = {name.replace("_", " "): _told(value) for name, value in asdict(run.config).items()}
    return Section(
        "Design",
        [
            Facts(facts),
            Table(("training", "value"), list(training.items()), "How it was trained."),
            Listing(to_toml(run.circuit.technology), "The technology: what the chip is made of", folded=True),
        ],
    )


def _told(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_told(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_told, value))
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _circuit(run: Run) -> Section:
    hopfield = isinstance(run.circuit, Circuit)
    text = readable_netlist(run.circuit, run.parameters, np.full((1, run.circuit.network.n_inputs), 0.5))
    lines = text.splitlines()
    shown = "\n".join(line if len(line) <= 160 else line[:157] + "…" for line in lines[:EXCERPT])
    referenced = isinstance(run.circuit, Circuit) and run.circuit.technology.mapping != "differential"
    cell = neuron_drawing(referenced=referenced) if hopfield else resistive_cell_drawing()
    what = "One neuron with one pair of devices." if hopfield else "One hidden node with one doubled input."
    at = "a pair of devices at each crossing" if hopfield else "one device at each crossing, inputs doubled"
    if referenced:
        what = "One neuron with one device and the reference of its word line, whose column all neurons share."
        at = "one device at each crossing and a column of references"
    return Section(
        "Circuit",
        [
            Stored(cell, what),
            Stored(tile_drawing(doubled=not hopfield, referenced=referenced), f"A tile of the crossbar, {at}."),
            Listing(shown, f"The first {min(EXCERPT, len(lines))} of {len(lines):,} lines of the netlist."),
        ],
    )


def _waveforms(run: Run) -> list[Section]:
    """One test sample, free and then nudged; circuits of the other family settle at once and have no waveform."""
    circuit, config = run.circuit, run.config
    if not isinstance(circuit, Circuit) or not isinstance(config, TrainingConfig):
        return []
    data, tech = run.source.load(), circuit.technology
    x, label = data.x_test[:1].astype(np.float64), int(data.y_test[0])
    prediction = run.copy.predict(x) if config.initialise else None
    drive = driven(tech, x, prediction, config.schedule.tether)
    start = None if prediction is None else np.clip(prediction, 0.0, 1.0) * tech.rail
    free_time, nudged_time = config.schedule.free_time or WATCHED[0], config.schedule.nudged_time or WATCHED[1]
    target = data.targets(data.y_test[:1]).astype(np.float64)
    # Drawn with the positive nudge: a negative one may have no end.
    nudge = nudged_to(tech, target, config.schedule.beta)
    with Settler().open(circuit) as session:
        session.program(programmed(circuit, run.parameters))
        free = session.transient(drive, free_time * tech.time_constant, start, points=201)
        nudged = session.transient(
            replace(drive, nudge=nudge), nudged_time * tech.time_constant, free.voltages[:, -1], points=101
        )
    times = np.concatenate((free.times, free.times[-1] + nudged.times[1:]))
    trace = SettlingTrace("native", "line", times, np.concatenate((free.voltages[0], nudged.voltages[0, 1:])))
    figure = settling_figure(
        [trace], circuit.network.outputs, tech.time_constant, tech.rail,
        target=label, nudged_at=float(free.times[-1]), title="One test sample settles",
    )  # fmt: skip
    text = (
        f"Test sample 0 (class {label}), after training: free for {free_time:g} τ, then nudged for {nudged_time:g} τ."
    )
    return [Section("Waveforms", [Picture(figure, text)])]


def _learning(run: Run) -> Section:
    history = read_history(run.folder / "history.jsonl")
    if not history:
        raise InputError(f"{run.folder / 'history.jsonl'}: holds no epoch yet; train at least one, with --resume")
    last = history[-1]
    unit = "fraction of rail" if isinstance(run.circuit, Circuit) else "V"
    found = learning_curve_figure([LearningCurve.of(f"{run.engine} engine", history)], unit=unit)
    settled = next((e.settled_test_error for e in reversed(history) if e.settled_test_error is not None), None)
    facts = {
        "epochs": f"{len(history)} of {run.config.epochs}",
        "copy alone": f"{last.copy_test_error:.2f} % test error",
        "copy, then settled": "not measured" if settled is None else f"{settled:.2f} % test error",
        "updates at the end of a device's range": f"{sum(e.clipped for e in history):,}",
        "seconds of training": f"{sum(e.seconds for e in history):.1f}",
    }
    return Section("Learning", [Facts(facts), Picture(found, "Test errors and the copy's distance, epoch by epoch.")])


def _cost(run: Run) -> list[Section]:
    """What the chip costs on some test samples."""
    rows = run_costs(run)
    table = Table(
        ("what", "value", "formula", "takes as given"),
        [(row.what, row.told, row.formula, row.assumptions) for row in rows],
        f"Medians over the first {PRICED} test samples, settled natively.",
    )
    return [Section("Cost", [table])]


def _assumed(run: Run) -> Section:
    return Section("Assumptions", [Note(sentence) for sentence in assumptions(run.circuit.technology)])
