"""The main job end to end: from a graph to a feedforward copy that a simulated circuit has taught."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from analogeq.circuit.netlist import netlist_hash
from analogeq.data import Dataset
from analogeq.export import SUFFIXES, export_copy, load_copy
from analogeq.files import write_text_atomically
from analogeq.flow.agreement import Agreement
from analogeq.flow.demo.hopfield import HopfieldDemo
from analogeq.flow.demo.request import DemoRequest, Diary
from analogeq.flow.demo.resistive import ResistiveDemo
from analogeq.flow.demo.story import Story
from analogeq.flow.exporting import describe_copy
from analogeq.flow.families import AnyCircuit, Settler, first_weights, readable_netlist, simulation_netlist
from analogeq.flow.runs import DataSource, versions, write_json
from analogeq.flow.training import Evaluation, Trained, evaluate, train
from analogeq.report import LearningCurve, PhaseVoltages, agreement_figure, learning_curve_figure, save_figure
from analogeq.training import ConsoleProgress

Floats = NDArray[np.floating]

AGREEMENT = 1e-6
"""[V] How close native and ngspice have to be."""


def run_demo(request: DemoRequest, console: Console) -> dict[str, object]:
    """Run every step, write the folder, and return the summary.

    Raises
    ------
    SimulatorMissingError
        If there is no ngspice; nothing is trained then.
    """
    diary, story = Diary(console), _story(request)
    source = DataSource("digits")
    data = source.load()
    circuit = _build(request, diary, story)
    with diary.step("settle"):
        seen = story.watch(circuit, data)
    diary.say("settle", seen)
    native = _train(request, diary, story, circuit, source, data, "native")
    taught = _train(request, diary, story, circuit, source, _fewer(request, data), "ngspice")
    agreement = _agree(request, diary, story, native, data)
    errors = _evaluate(request, diary, story, native, taught, data)
    _export(request, diary, story, native, data, errors["native"])
    summary = _summary(request, data, taught, errors, agreement, diary.seconds)
    write_json(request.output / "summary.json", summary)
    console.print(f"wrote {request.output}/: summary.json, netlists, waveforms, figures, weights", markup=False)
    console.print(f"next: analogeq compare {request.output / 'native'}", markup=False)
    return summary


def _story(request: DemoRequest) -> Story:
    return ResistiveDemo(request) if request.family == "resistive" else HopfieldDemo(request)


def _fewer(request: DemoRequest, data: Dataset) -> Dataset:
    if not request.quick:
        return data
    return replace(data, x_train=data.x_train[:600], y_train=data.y_train[:600])


def _build(request: DemoRequest, diary: Diary, story: Story) -> AnyCircuit:
    with diary.step("build"):
        circuit = story.circuit()
        own, _ = first_weights(circuit, request.seed)
        text = readable_netlist(circuit, own, np.full((1, circuit.network.n_inputs), 0.5))
        write_text_atomically(request.output / "circuit.cir", text)
        write_text_atomically(request.output / "simulation.cir", simulation_netlist(circuit, own))
    sizes = "-".join(map(str, circuit.network.layer_sizes))
    diary.say(
        "build",
        f"graph {sizes} compiled and checked: {text.count(chr(10)):,} lines of netlist in "
        f"{request.output / 'circuit.cir'} (ngspice -b runs it)",
    )
    return circuit


def _train(
    request: DemoRequest,
    diary: Diary,
    story: Story,
    circuit: AnyCircuit,
    source: DataSource,
    data: Dataset,
    name: str,
) -> Trained:
    config = story.config(name)
    with diary.step(f"train_{name}"), ConsoleProgress(diary.console, f"training by {name}") as progress:
        folder = request.output / name
        (folder / "checkpoint.npz").unlink(missing_ok=True)
        trained = train(
            circuit, source, data, config, folder, settler=Settler(name, request.workers), progress=progress
        )
        curve = LearningCurve.of(f"{name} engine", trained.history)
        save_figure(learning_curve_figure([curve], unit=story.unit), folder / "learning.png")
    samples = config.epochs * len(data.x_train)
    diary.say(f"train_{name}", f"trained with {name} as the circuit: {samples:,} samples, each settled free and nudged")
    return trained


def _agree(request: DemoRequest, diary: Diary, story: Story, trained: Trained, data: Dataset) -> dict[str, Agreement]:
    with diary.step("agree"):
        inputs, targets = _hardest(trained, data, 100)
        found = story.agree(trained, inputs, targets)
        ours, theirs = found["to rest"].voltages
        phases = [
            PhaseVoltages("free phase" if k == 0 else "nudged phase", a, b)
            for k, (a, b) in enumerate(zip(ours, theirs, strict=True))
        ]
        save_figure(agreement_figure(phases[:2], AGREEMENT), request.output / "agreement.png")
    apart = {name: f"{one.max_voltage_difference:.1e} V {name}" for name, one in found.items()}
    cosine = min(one.gradient_cosine for one in found.values())
    diary.say(
        "agree",
        f"native and ngspice on the {len(inputs)} hardest test samples, free and nudged: "
        f"{' and '.join(apart.values())} apart, gradient cosine {cosine:.7f}",
    )
    return found


def _hardest(trained: Trained, data: Dataset, count: int) -> tuple[Floats, Floats]:
    """Test samples on which the copy's cost is largest; on those learnt to the end the gradient is zero."""
    targets = data.targets(data.y_test)
    cost = np.sum((trained.copy.outputs(data.x_test) - targets) ** 2, axis=1)
    chosen = np.argsort(-cost, kind="stable")[:count]
    return data.x_test[chosen], targets[chosen]


def _evaluate(
    request: DemoRequest, diary: Diary, story: Story, native: Trained, taught: Trained, data: Dataset
) -> dict[str, Evaluation]:
    config = story.config("native")
    with diary.step("evaluate"):
        found = {
            "native": evaluate(native, data, Settler("native"), config),
            "native weights in ngspice": evaluate(native, data, Settler("ngspice", request.workers), config),
            "ngspice": evaluate(taught, data, Settler("ngspice", request.workers), config),
        }
    first, same, second = found.values()
    diary.say(
        "evaluate",
        f"test error, native training: copy alone {first.copy_test_error:.2f} %, then settled "
        f"{first.settled_test_error:.2f} % (in ngspice {same.settled_test_error:.2f} %); "
        f"ngspice training: copy {second.copy_test_error:.2f} %, settled {second.settled_test_error:.2f} %",
    )
    return found


def _export(request: DemoRequest, diary: Diary, story: Story, trained: Trained, data: Dataset, gap: Evaluation) -> None:
    with diary.step("export"):
        metadata = describe_copy(trained, data, story.config("native"), gap, request.command)
        written = [export_copy(trained.copy, request.output / f"copy{suffix}", metadata) for suffix in SUFFIXES]
        for path in written:
            load_copy(path)
    diary.say("export", f"copy exported and read back: {', '.join(p.name for p in written)}")


def _summary(
    request: DemoRequest,
    data: Dataset,
    taught: Trained,
    errors: dict[str, Evaluation],
    agreement: dict[str, Agreement],
    seconds: dict[str, float],
) -> dict[str, object]:
    netlist = (request.output / "circuit.cir").read_text(encoding="utf-8")
    return {
        "family": request.family,
        "dataset": data.name,
        "seed": request.seed,
        "quick": request.quick,
        "copy_test_error": errors["native"].copy_test_error,
        "settled_test_error": errors["native"].settled_test_error,
        "settled_in_ngspice_test_error": errors["native weights in ngspice"].settled_test_error,
        "ngspice_trained_copy_test_error": errors["ngspice"].copy_test_error,
        "ngspice_trained_settled_test_error": errors["ngspice"].settled_test_error,
        "ngspice_training_samples": sum(r.samples for r in taught.history),
        "max_voltage_difference": max(a.max_voltage_difference for a in agreement.values()),
        "gradient_cosine": min(a.gradient_cosine for a in agreement.values()),
        "kirchhoff_residual": agreement["to rest"].kirchhoff_residual,
        "agreement": {name: a.as_dict() for name, a in agreement.items()},
        "netlist_sha256": netlist_hash(netlist),
        "seconds": {**seconds, "total": round(sum(seconds.values()), 3)},
        "versions": versions(),
    }
