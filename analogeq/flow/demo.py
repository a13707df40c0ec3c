"""The main job end to end: from a graph to a feedforward copy that a simulated circuit has taught."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from analogeq.circuit import Circuit, Drive, Tether, compile_circuit
from analogeq.circuit.netlist import netlist_hash, readable_netlist, simulation_netlist
from analogeq.controller import Schedule
from analogeq.data import Dataset
from analogeq.digital import EulerRelaxation, Forces
from analogeq.engines import Waveform, engine
from analogeq.export import SUFFIXES, export_copy, load_copy
from analogeq.files import write_text_atomically
from analogeq.flow.agreement import Agreement, agree
from analogeq.flow.design import random_weights
from analogeq.flow.exporting import describe_copy
from analogeq.flow.runs import DataSource, versions, write_json
from analogeq.flow.training import Evaluation, Settler, Trained, evaluate, train
from analogeq.hardware import Technology
from analogeq.network import layered_graph, network_from_graph
from analogeq.report import (
    LearningCurve,
    PhaseVoltages,
    SettlingTrace,
    agreement_figure,
    learning_curve_figure,
    save_figure,
    save_settling_csv,
    settling_figure,
)
from analogeq.training import ConsoleProgress, TrainingConfig

Floats = NDArray[np.floating]

SIZES = (64, 100, 10)
AGREEMENT = 1e-6
"""[V] How close native and ngspice have to be."""

WATCHED = 10.0
"""Time constants of the waveform that is drawn: the 20 Euler steps of 0.5 of the papers."""


@dataclass(frozen=True)
class DemoRequest:
    """What to run.

    Attributes
    ----------
    output : Path
        Folder of everything written.
    seed : int
    quick : bool
        A smaller training in ngspice; the same flow.
    workers : int or None
        Worker processes of ngspice.
    """

    output: Path
    seed: int = 0
    quick: bool = False
    workers: int | None = None


@dataclass
class Diary:
    """Says one line a step and keeps the seconds of each."""

    console: Console
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside as step ``name``."""
        began = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - began, 3)

    def say(self, name: str, text: str) -> None:
        """Print one line about step ``name``."""
        self.console.print(f"[{self.seconds[name]:6.1f} s] {text}", markup=False, soft_wrap=True)


def native_config(request: DemoRequest) -> TrainingConfig:
    """How the native training runs: the papers' 20 + 4 steps of 0.5 are 10 + 2 time constants."""
    return TrainingConfig(
        epochs=15 if request.quick else 40,
        batch_size=10,
        rates=(0.2, 0.1),
        copy_rates=(0.3, 0.3),
        schedule=Schedule(beta=0.5, nudging="random-sign", tether=0.1, free_time=10.0, nudged_time=2.0),
        seed=request.seed,
        evaluate_settled_every=5,
    )


def ngspice_config(request: DemoRequest) -> TrainingConfig:
    """How the training in ngspice runs: fewer epochs at higher rates."""
    return replace(
        native_config(request),
        epochs=1 if request.quick else 7,
        rates=(0.4, 0.2),
        copy_rates=(0.5, 0.5),
        evaluate_settled_every=0,
    )


def run_demo(request: DemoRequest, console: Console) -> dict[str, object]:
    """Run every step, write the folder, and return the summary.

    Raises
    ------
    SimulatorMissingError
        If there is no ngspice; nothing is trained then.
    """
    diary = Diary(console)
    source = DataSource("digits")
    data = source.load()
    circuit = _build(request, diary)
    _settle_one_digit(request, diary, circuit, data)
    native = _train(request, diary, circuit, source, data, "native")
    taught = _train(request, diary, circuit, source, _fewer(request, data), "ngspice")
    agreement = _agree(request, diary, circuit, native, data)
    errors = _evaluate(request, diary, native, taught, data)
    _export(request, diary, native, data, errors["native"])
    summary = _summary(request, data, taught, errors, agreement, diary.seconds)
    write_json(request.output / "summary.json", summary)
    console.print(f"wrote {request.output}/: summary.json, netlists, waveforms, figures, weights", markup=False)
    console.print(f"next: analogeq compare {request.output / 'native'}", markup=False)
    return summary


def _fewer(request: DemoRequest, data: Dataset) -> Dataset:
    if not request.quick:
        return data
    return replace(data, x_train=data.x_train[:600], y_train=data.y_train[:600])


def _build(request: DemoRequest, diary: Diary) -> Circuit:
    with diary.step("build"):
        circuit = compile_circuit(network_from_graph(layered_graph(SIZES)), Technology())
        conductances = circuit.program(random_weights(circuit, request.seed)[0])
        text = readable_netlist(circuit, conductances, Drive(np.full((1, SIZES[0]), 0.5)))
        write_text_atomically(request.output / "circuit.cir", text)
        write_text_atomically(request.output / "simulation.cir", simulation_netlist(circuit, conductances))
    lines = text.count("\n")
    diary.say(
        "build",
        f"graph {'-'.join(map(str, SIZES))} compiled and checked: {lines:,} lines of netlist in "
        f"{request.output / 'circuit.cir'} (ngspice -b runs it)",
    )
    return circuit


def _settle_one_digit(request: DemoRequest, diary: Diary, circuit: Circuit, data: Dataset) -> None:
    with diary.step("settle"):
        own, copy = random_weights(circuit, request.seed)
        inputs = data.x_test[:1]
        schedule = native_config(request).schedule
        tech = circuit.technology
        prediction = copy.predict(inputs)
        preset = np.clip(prediction, 0.0, 1.0)
        drive = Drive(inputs * tech.rail, Tether(prediction * tech.rail, schedule.tether * tech.unit_conductance))
        waves: dict[str, Waveform] = {}
        for name in ("ngspice", "native"):
            with engine(name, workers=1, accuracy="tight").open(circuit) as session:
                session.program(circuit.program(own))
                waves[name] = session.transient(drive, WATCHED * tech.time_constant, preset * tech.rail, points=201)
        steps = round(WATCHED / 0.5)
        path = EulerRelaxation(circuit.network, own, 0.5).trajectory(
            Forces(inputs, prediction, schedule.tether), preset, steps
        )
        traces = [
            SettlingTrace("ngspice", "line", waves["ngspice"].times, waves["ngspice"].voltages[0]),
            SettlingTrace("native", "ring", waves["native"].times, waves["native"].voltages[0]),
            SettlingTrace(
                "Euler steps, ε = 0.5", "dot", 0.5 * tech.time_constant * np.arange(steps + 1), path[0] * tech.rail
            ),
        ]
        figure = settling_figure(
            traces, circuit.network.outputs, tech.time_constant, tech.rail, title="One digit settles, before training"
        )
        save_figure(figure, request.output / "settling.png")
        save_settling_csv(traces, circuit.network.node_names, request.output / "waveforms.csv")
    apart = float(np.abs(waves["native"].voltages - waves["ngspice"].voltages).max())
    diary.say("settle", f"one digit settled in ngspice, natively ({apart:.1e} V apart) and in {steps} Euler steps")


def _train(
    request: DemoRequest, diary: Diary, circuit: Circuit, source: DataSource, data: Dataset, name: str
) -> Trained:
    config = native_config(request) if name == "native" else ngspice_config(request)
    with diary.step(f"train_{name}"), ConsoleProgress(diary.console, f"training by {name}") as progress:
        folder = request.output / name
        (folder / "checkpoint.npz").unlink(missing_ok=True)
        trained = train(
            circuit, source, data, config, folder, settler=Settler(name, request.workers), progress=progress
        )
        curve = LearningCurve.of(f"{name} engine", trained.history)
        save_figure(learning_curve_figure([curve]), folder / "learning.png")
    samples = config.epochs * len(data.x_train)
    diary.say(f"train_{name}", f"trained with {name} as the circuit: {samples:,} samples, each settled free and nudged")
    return trained


def _agree(
    request: DemoRequest, diary: Diary, circuit: Circuit, trained: Trained, data: Dataset
) -> dict[str, Agreement]:
    with diary.step("agree"):
        inputs, targets = _hardest(trained, data, 100)
        in_training = native_config(request).schedule
        to_rest = replace(in_training, free_time=None, nudged_time=None)
        with (
            engine("native", accuracy="tight").open(circuit) as first,
            engine("ngspice", workers=request.workers, accuracy="tight").open(circuit) as second,
        ):
            found = {
                "in training": agree(first, second, trained, in_training, inputs, targets),
                "to rest": agree(first, second, trained, to_rest, inputs, targets),
            }
        ours, theirs = found["to rest"].voltages
        phases = [PhaseVoltages(p, a, b) for p, a, b in zip(("free phase", "nudged phase"), ours, theirs, strict=True)]
        save_figure(agreement_figure(phases, AGREEMENT), request.output / "agreement.png")
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
    request: DemoRequest, diary: Diary, native: Trained, taught: Trained, data: Dataset
) -> dict[str, Evaluation]:
    config = native_config(request)
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


def _export(request: DemoRequest, diary: Diary, trained: Trained, data: Dataset, gap: Evaluation) -> None:
    with diary.step("export"):
        command = f"analogeq demo --seed {request.seed}" + (" --quick" if request.quick else "")
        metadata = describe_copy(trained, data, native_config(request), gap, command)
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
