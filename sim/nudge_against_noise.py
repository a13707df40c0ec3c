"""The best nudge for a given noise of reading: a strong one is biased, a weak one drowns.

    python sim/nudge_against_noise.py --full --jobs 2
    python sim/nudge_against_noise.py --smoke

64-30-10 on the digits, rail 1 V, held by ideal clamps and by the default diodes. *Gradient*: after two epochs of
training without noise, minibatches of ten are settled free and nudged to their equilibria; every reading errs, and
the estimate is held against the exact gradient of the free equilibrium (one adjoint solve). Drawn beside it is the
theory (`analogeq.learning.nudge_strength`): its bias is measured once, at the weakest nudge and without noise, its
noise is the closed form, and the best nudge follows. *Learning*: the same network trained from the start by
converters that read with that noise ([adc] noise), by nudges of one strength.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, compile_circuit
from analogeq.controller import Controller, Schedule
from analogeq.controller.controller import Nudging
from analogeq.data import Dataset, load
from analogeq.engines import engine
from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.measurements import Row, recorded
from analogeq.flow.oracle import Subject, oracle
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.hardware import Converter, DiodeClamp, IdealClamp, Technology
from analogeq.learning import contrastive_gradient
from analogeq.learning.nudge_strength import best_beta, reading_noise
from analogeq.network import Network, Parameters
from analogeq.report import Figure
from analogeq.report.nudge_noise import Estimates, Lessons, nudge_noise_figure
from analogeq.training import Trainer, TrainingConfig, TrainingResult

Doubles = NDArray[np.float64]

ORDERS: dict[Nudging, int] = {"one-sided": 1, "centred": 2}
"""Powers of beta in the estimate's bias."""
KEYS = ("bias", "noise", "error")


@dataclass(frozen=True)
class Config:
    """What is varied, and on what; noises of a reading in volts."""

    layers: tuple[int, ...] = (64, 30, 10)
    clamps: tuple[str, ...] = ("ideal", "diode")
    nudgings: tuple[Nudging, ...] = ("one-sided", "centred")
    betas: tuple[float, ...] = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3)
    noises: tuple[float, ...] = (1e-5, 1e-4, 1e-3, 1e-2)
    taught_epochs: int = 2
    minibatches: int = 12
    draws: int = 8
    learning_betas: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0)
    learning_noises: tuple[float, ...] = (0.0, 1e-3, 1e-2, 3e-2)
    epochs: int = 6
    seeds: tuple[int, ...] = (0, 1, 2, 3)


SMOKE = Config(
    clamps=("diode",), nudgings=("centred",), minibatches=3, draws=40, betas=(1e-3, 1e-2), noises=(1e-4,),
    taught_epochs=1, learning_betas=(0.003, 0.3), learning_noises=(1e-2,), epochs=2, seeds=(0,),
)  # fmt: skip
DEFAULT = Config(clamps=("ideal",), learning_betas=(0.01, 0.1, 1.0), learning_noises=(0.0, 1e-2), epochs=4, seeds=(0,))


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Gradients of every nudging, and trainings of every nudging, beta and noise."""
    del data_dir
    shared: dict[str, Any] = {"layers": list(config.layers)}
    measured = {name: getattr(config, name) for name in ("betas", "noises", "taught_epochs", "minibatches", "draws")}
    measured = {key: list(value) if isinstance(value, tuple) else value for key, value in measured.items()}
    made = []
    for seed in config.seeds:
        for clamp, nudging in product(config.clamps, config.nudgings):
            place = {**shared, "clamp": clamp, "nudging": nudging, "seed": seed}
            made.append(Point(f"gradient {clamp} {nudging} seed {seed}", {**place, **measured}))
            made += [
                Point(
                    f"learning {clamp} {nudging} beta {beta:g} noise {1e3 * noise:g} mV seed {seed}",
                    {**place, "beta": beta, "noise": noise, "epochs": config.epochs},
                )
                for noise in config.learning_noises
                for beta in config.learning_betas
            ]
    return made


def work(settings: Settings, folder: Path) -> Result:
    """Measure gradients, or train."""
    del folder
    return _learn(settings) if "beta" in settings else _estimate(settings)


def _learn(s: Settings) -> Result:
    technology = replace(_chip(s), adc=Converter(noise=s["noise"], seed=s["seed"]))
    schedule = Schedule(s["beta"], s["nudging"])
    history = _trained(s, technology, schedule, s["epochs"]).history
    return {"settled": [e.settled_test_error for e in history], "copy": [e.copy_test_error for e in history]}


def _chip(s: Settings) -> Technology:
    return Technology(clamp=DiodeClamp() if s["clamp"] == "diode" else IdealClamp())


def _trained(s: Settings, technology: Technology, schedule: Schedule, epochs: int) -> TrainingResult:
    circuit = compile_circuit(Network.layered(s["layers"]), technology)
    assert isinstance(circuit, Circuit)  # noqa: S101  as the technology says
    config = TrainingConfig(
        epochs=epochs, batch_size=10, rates=(0.2, 0.1), copy_rates=(0.5, 0.5), schedule=schedule, seed=s["seed"]
    )
    with engine("native").open(circuit) as session:
        return Trainer(session, load("digits"), config).run()


def _estimate(s: Settings) -> Result:
    """Mean square errors over minibatches, in units of the exact gradient's own square."""
    circuit = Circuit(Network.layered(s["layers"]), _chip(s))
    theta = _trained(s, circuit.technology, Schedule(), s["taught_epochs"]).circuit
    data, rng = load("digits"), np.random.default_rng(s["seed"])
    found = []
    with engine("native", accuracy="tight").open(circuit) as session:
        controller = Controller(session, Schedule(free_time=None, nudged_time=None))
        controller.program(theta)
        for _ in range(s["minibatches"]):
            chosen = rng.choice(len(data.x_train), 10, replace=False)
            found.append(_errors(s, controller, _subject(circuit, theta, data, chosen), rng))
    total = {key: np.sum([one[key] for one in found], axis=0) for key in found[0]}
    power = total.pop("power")
    return {key: (value / power).tolist() for key, value in total.items()}


def _subject(circuit: Circuit, theta: Parameters, data: Dataset, chosen: NDArray[np.intp]) -> Subject:
    inputs = data.x_train[chosen].astype(np.float64)
    return Subject(circuit, theta, inputs, data.targets(data.y_train[chosen]).astype(np.float64))


def _errors(s: Settings, controller: Controller, subject: Subject, rng: np.random.Generator) -> dict[str, Doubles]:
    """Squares of bias [beta], of closed-form noise and of measured errors [noise, beta], and of the gradient."""
    controller.present(subject.inputs)
    try:
        free = np.asarray(controller.free_phase().voltages)
        exact, _, _ = oracle(subject, free)
        pairs = [_pair(s["nudging"], controller, subject, free, beta) for beta in s["betas"]]
    finally:
        controller.release()
    network = subject.circuit.network
    read = partial(contrastive_gradient, network, subject.inputs)
    noises = s["noises"]
    return {
        "bias": np.array([_distance(read(*pair), exact) for pair in pairs]),
        "noise": np.array([[reading_noise(network, subject.inputs, *pair, sd) for pair in pairs] for sd in noises]),
        "error": np.array([[_noisy(s, read, exact, pair, sd, rng) for pair in pairs] for sd in noises]),
        "power": np.array(_distance(exact, Parameters(0.0 * exact.weights, 0.0 * exact.biases))),
    }


Pair = tuple[Doubles, Doubles, float]


def _pair(nudging: Nudging, controller: Controller, subject: Subject, free: Doubles, beta: float) -> Pair:
    up = np.asarray(controller.nudged_phase(subject.targets, beta).voltages)
    if nudging == "one-sided":
        return free, up, beta
    return np.asarray(controller.nudged_phase(subject.targets, -beta).voltages), up, 2.0 * beta


def _noisy(s: Settings, read: Any, exact: Parameters, pair: Pair, sd: float, rng: np.random.Generator) -> float:
    first, second, span = pair
    errors = []
    for _ in range(s["draws"]):
        seen = (state + sd * rng.standard_normal(state.shape) for state in (first, second))
        errors.append(_distance(read(*seen, span), exact))
    return float(np.mean(errors))


def _distance(one: Parameters, other: Parameters) -> float:
    return float(np.sum((one.weights - other.weights) ** 2) + np.sum((one.biases - other.biases) ** 2))


def estimates(finished: Sequence[Finished]) -> list[Estimates]:
    """Measured and predicted errors of each clamp and nudging, mean squares over the seeds."""
    found = []
    for (clamp, nudging), runs in _by_kind(f for f in finished if f.result and "betas" in f.point.settings).items():
        betas, noises = (np.array(runs[0].point.settings[key]) for key in ("betas", "noises"))
        bias, noise, error = (np.mean([f.result[key] for f in runs if f.result], axis=0) for key in KEYS)
        order = ORDERS[nudging]
        slope = np.sqrt(bias[0]) / betas[0] ** order
        predicted = np.sqrt(slope**2 * betas ** (2 * order) + noise)
        best = np.array([best_beta(slope, np.sqrt(line[0]) * betas[0], order) for line in noise])
        found.append(Estimates(f"{nudging}, {clamp} clamps", betas, noises, np.sqrt(error), predicted, best))
    return found


def _by_kind(some: Iterable[Finished]) -> dict[tuple[str, Nudging], list[Finished]]:
    kinds: dict[tuple[str, Nudging], list[Finished]] = {}
    for one in some:
        kinds.setdefault((one.point.settings["clamp"], one.point.settings["nudging"]), []).append(one)
    return kinds


def lessons(finished: Sequence[Finished]) -> list[Lessons]:
    """Test errors of every training, by clamp, nudging and noise."""
    made = []
    for (clamp, nudging), runs in _by_kind(f for f in finished if f.result and "beta" in f.point.settings).items():
        for noise in sorted({f.point.settings["noise"] for f in runs}):
            same = [f for f in runs if f.point.settings["noise"] == noise]
            betas = sorted({f.point.settings["beta"] for f in same})
            errors = [[_last(f) for f in same if f.point.settings["beta"] == beta] for beta in betas]
            made.append(Lessons(f"{nudging}, {clamp} clamps", noise, np.array(betas), np.array(errors)))
    return made


def _last(one: Finished) -> float:
    assert one.result is not None  # noqa: S101  as chosen
    return float(one.result["settled"][-1])


def rows(finished: Sequence[Finished], command: str) -> list[Row]:
    """The best nudges, by theory, by gradients and by learning."""
    listed = [*_of_estimates(estimates(finished)), *_of_lessons(lessons(finished))]
    return [recorded(case, value, unit, command) for case, value, unit in listed]


def _of_estimates(found: Sequence[Estimates]) -> Iterator[tuple[str, float, str]]:
    for one in found:
        for k, noise in enumerate(one.noises):
            case = f"{one.kind}, {1e3 * noise:g} mV"
            yield f"{case}: best beta by theory", float(one.best[k]), "1"
            yield f"{case}: best beta of those measured", float(one.betas[one.error[k].argmin()]), "1"
            yield f"{case}: least error over the gradient", float(one.error[k].min()), "1"
        apart = 100.0 * np.abs(one.error / one.predicted - 1.0)
        below = one.betas <= one.best[:, None]
        yield (
            f"{one.kind}: measured from predicted error, up to the best nudge, median",
            float(np.median(apart[below])),
            "%",
        )
        yield f"{one.kind}: measured from predicted error, all nudges, largest", float(apart.max()), "%"


def _of_lessons(found: Sequence[Lessons]) -> Iterator[tuple[str, float, str]]:
    for one in found:
        mean, case = one.errors.mean(axis=1), f"learning, {one.kind}, {1e3 * one.noise:g} mV"
        yield f"{case}: best beta", float(one.betas[mean.argmin()]), "1"
        yield f"{case}: least settled error", float(mean.min()), "%"
        yield f"{case}: settled error at the weakest nudge", float(mean[0]), "%"


def figure(finished: Sequence[Finished]) -> Figure:
    """Errors of gradients above, of trained networks below."""
    return nudge_noise_figure(estimates(finished), lessons(finished))


EXPERIMENT = Experiment("nudge_against_noise", __doc__ or "", SMOKE, DEFAULT, Config(), points, work, rows, figure)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
