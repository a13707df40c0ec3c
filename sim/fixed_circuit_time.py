"""Training when every phase gets a fixed circuit time, against as many Euler steps and as much time in them.

    python sim/fixed_circuit_time.py --full --data-dir FOLDER
    python sim/fixed_circuit_time.py --smoke

784-500-10 on all of MNIST with the settings of O'Connor, Gavves and Welling (ICLR 2019): rates .1 .05, batch 20,
beta ±.5, lambda .1, Glorot's weights, the true test set. Free and nudged phase each last 1, 2, 4 or 10 time constants.
"Circuit" follows the node equation in steps whose error is controlled (`analogeq.digital.AdaptiveSteps`); how far
that is from the native engine's waveform at the end of both phases is measured on the trained weights. "Euler" takes
steps of 0.5 tau: once as many as make the same time, once as many as there are time constants. Initialised (from the
copy, tethered to it) and plain (from zero).

Seconds and joules are those of the default technology (C = 1 pF, G0 = 10 uS, rail 1 V): what all conductances
dissipate in both phases of a test digit (`analogeq.circuit.power`; the amplifiers' own supply is not in it), nudged
with +beta. Those of digital steps are multiply-accumulates times 4.6 pJ, float32 in 45 nm CMOS at 0.9 V, memory left
out (Horowitz, ISSCC 2014, Fig. 1.1.9). Neither holds the updates of the weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Drive, Nudge, Tether
from analogeq.controller import Schedule
from analogeq.data import Dataset, load
from analogeq.digital import AdaptiveSteps, settle
from analogeq.digital.operations import predicting, presenting, settling
from analogeq.engines import engine
from analogeq.engines.energy import phase_energy
from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.measurements import Row, recorded
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.hardware import Technology
from analogeq.hardware.cost_figures import FLOAT32_JOULES
from analogeq.network import Network
from analogeq.report import Figure
from analogeq.report.phase_time import PhaseTimeCurve, phase_time_figure
from analogeq.training import DigitalSettings, DigitalTrainer, TrainingConfig

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Config:
    """What is compared; ``times`` in time constants, each of free and nudged phase."""

    data: str = "mnist"
    hidden: tuple[int, ...] = (500,)
    rates: tuple[float, ...] = (0.1, 0.05)
    beta: float = 0.5
    tether: float = 0.1
    batch: int = 20
    epochs: int = 3
    times: tuple[float, ...] = (1.0, 2.0, 4.0, 10.0)
    epsilon: float = 0.5
    tolerance: float = 1e-3
    samples: int = 20
    seeds: tuple[int, ...] = (0,)


SMOKE = Config(data="digits", hidden=(30,), epochs=3, times=(1.0, 4.0), samples=3)
DEFAULT = Config(data="digits", hidden=(100,), epochs=20, seeds=(0, 1, 2))


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Every time and every number of steps, initialised and plain, with every seed."""
    base: dict[str, Any] = {**asdict(config), "data_dir": None if data_dir is None else str(data_dir)}
    for key in ("seeds", "times"):
        del base[key]
    counts = sorted({round(n) for t in config.times for n in (t, t / config.epsilon)})
    arms = [*(("circuit", t) for t in config.times), *(("Euler", float(n)) for n in counts)]
    return [
        Point(
            f"{'initialised' if initialised else 'plain'} {way} {length:g} seed {seed}",
            {**base, "way": way, "length": length, "initialised": initialised, "seed": seed},
        )
        for seed in config.seeds
        for initialised in (True, False)
        for way, length in arms
    ]


def train(settings: Settings, folder: Path) -> Result:
    """Train once, a checkpoint after every epoch; for a circuit, then measure its phases."""
    s = settings
    data = load(s["data"], data_dir=None if s["data_dir"] is None else Path(s["data_dir"]), dtype=np.float32)
    network = Network.layered((data.n_inputs, *s["hidden"], data.n_classes))
    analog = s["way"] == "circuit"
    time = s["length"] if analog else s["length"] * s["epsilon"]
    config = TrainingConfig(
        epochs=s["epochs"], batch_size=s["batch"], rates=tuple(s["rates"]), initialise=s["initialised"], seed=s["seed"],
        schedule=Schedule(s["beta"], "random-sign", s["tether"] if s["initialised"] else 0.0, time, time),
    )  # fmt: skip
    how = DigitalSettings(epsilon=s["epsilon"], tolerance=s["tolerance"] if analog else None)
    trainer = DigitalTrainer(network, data, config, how)
    history = [asdict(epoch) for epoch in trainer.run(folder / "checkpoint.npz").history]
    return {"history": history, **(_phases(s, trainer, data) if analog else _counted(s, network))}


def _counted(s: Settings, network: Network) -> Result:
    """Multiply-accumulates of both phases, of the copy and of a step of each, for one training sample."""
    macs = presenting(network) + 2 * settling(network, round(s["length"]))
    return {"macs": macs + (predicting(network) if s["initialised"] else 0)}


def _phases(s: Settings, trainer: DigitalTrainer, data: Dataset) -> Result:
    """Both phases of some test digits as the native engine's waveforms: joules, and distance of the steps' ends."""
    chosen = np.linspace(0, len(data.x_test) - 1, s["samples"]).astype(np.intp)
    inputs, targets = data.x_test[chosen], data.targets(data.y_test[chosen])
    tech = Technology()
    circuit = Circuit(trainer.network, tech)
    theta = trainer.circuit.parameters()
    held = circuit.program(theta.doubles())
    forward, pull, signals = trainer.present(inputs)
    tether = None if forward is None else Tether(_double(forward.signals), s["tether"] * tech.unit_conductance)
    nudge = Nudge(_double(targets), 2.0 * s["beta"] * tech.unit_conductance)
    found: Result = {}
    phase = AdaptiveSteps(s["length"], s["tolerance"])
    with engine("native", accuracy="tight").open(circuit) as session:
        session.program(held)
        for name, drive, force in (
            ("free", Drive(_double(inputs), tether), pull),
            ("nudged", Drive(_double(inputs), tether, nudge), pull.nudged(targets, s["beta"])),
        ):
            stop, points = s["length"] * tech.time_constant, round(50 * s["length"]) + 1
            wave = session.transient(drive, stop, _double(signals), points=points)
            settle(trainer.arithmetic, trainer.circuit, force, phase, signals)
            energy = phase_energy(circuit, held, drive, wave)
            found[f"{name} joules"] = float(energy.dissipated[:, -1].mean())
            found[f"{name} crossbar joules"] = float(energy.crossbar[:, -1].mean())
            found[f"{name} distance"] = float(np.abs(wave.final - signals).max())
    return found


def _double(array: NDArray[np.floating]) -> Doubles:
    return array.astype(np.float64)


def rows(finished: Sequence[Finished], command: str) -> list[Row]:
    """Errors at the end, joules of both phases, and how good the steps that stand for the circuit are."""
    done = [one for one in finished if one.result is not None]
    listed = [*_errors(done), *_joules(done), *_distances(done)]
    return [recorded(case, value, unit, command) for case, value, unit in listed]


Listed = Iterator[tuple[str, float, str]]


def _arms(done: Sequence[Finished]) -> dict[tuple[bool, str, float], list[Finished]]:
    """Points by arm, one a seed."""
    arms: dict[tuple[bool, str, float], list[Finished]] = {}
    for one in done:
        s = one.point.settings
        arms.setdefault((s["initialised"], s["way"], s["length"]), []).append(one)
    return arms


def _name(arm: tuple[bool, str, float]) -> str:
    initialised, way, length = arm
    phase = f"circuit, phases of {length:g} tau" if way == "circuit" else f"Euler, phases of {length:g} steps"
    return f"{'initialised' if initialised else 'plain'}, {phase}"


def _errors(done: Sequence[Finished]) -> Listed:
    for arm, runs in _arms(done).items():
        last = [run.result["history"][-1] for run in runs if run.result]
        for key, what in (("settled_test_error", "settled"), ("copy_test_error", "copy")):
            values = [epoch[key] for epoch in last if epoch[key] is not None]
            if values:
                yield f"{_name(arm)}: {what}, epoch {last[0]['epoch']}", float(np.median(values)), "%"
        if len(last) > 1:
            spread = [epoch["settled_test_error"] for epoch in last]
            yield f"{_name(arm)}: settled, worst seed less best", max(spread) - min(spread), "%"


def _joules(done: Sequence[Finished]) -> Listed:
    tau = Technology().time_constant
    for arm, runs in _arms(done).items():
        results = [run.result for run in runs if run.result]
        if arm[1] == "Euler":
            yield f"{_name(arm)}: a training sample", float(results[0]["macs"]), "multiply-accumulates"
            yield f"{_name(arm)}: their energy", 1e9 * FLOAT32_JOULES * results[0]["macs"], "nJ"
            continue
        yield f"{_name(arm)}: both phases", 2e6 * arm[2] * tau, "us"
        for phase in ("free", "nudged"):
            yield f"{_name(arm)}: {phase} phase", 1e9 * float(np.median([r[f"{phase} joules"] for r in results])), "nJ"
        total = [r["free joules"] + r["nudged joules"] for r in results]
        crossbar = [r["free crossbar joules"] + r["nudged crossbar joules"] for r in results]
        yield f"{_name(arm)}: both phases' energy", 1e9 * float(np.median(total)), "nJ"
        yield f"{_name(arm)}: of it in the crossbars", 100.0 * float(np.median(np.divide(crossbar, total))), "%"


def _distances(done: Sequence[Finished]) -> Listed:
    analog = [one.result for one in done if one.result and one.point.settings["way"] == "circuit"]
    for phase in ("free", "nudged"):
        if analog:
            yield (
                f"steps from the native waveform, end of {phase} phase",
                max(r[f"{phase} distance"] for r in analog),
                "V",
            )


def figure(finished: Sequence[Finished]) -> Figure:
    """Errors against epochs, and at the end against the phases' time."""
    done = [one for one in finished if one.result is not None]
    epsilon = finished[0].point.settings["epsilon"]
    curves = [
        PhaseTimeCurve(
            initialised, way == "circuit", length, length if way == "circuit" else length * epsilon,
            np.array([[e["settled_test_error"] for e in run.result["history"]] for run in runs if run.result]),
        )
        for (initialised, way, length), runs in _arms(done).items()
    ]  # fmt: skip
    return phase_time_figure(curves, title="Training with phases of a fixed time: circuit and Euler steps of 0.5 τ")


EXPERIMENT = Experiment("fixed_circuit_time", __doc__ or "", SMOKE, DEFAULT, Config(), points, train, rows, figure)


def main(arguments: list[str] | None = None) -> int:
    """Run the experiment."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
