"""Signed weights as pairs, against an offset column, or affine: errors, score margins and power of transferred chips.

    python sim/signed_weights.py --full --data-dir FOLDER
    python sim/signed_weights.py --smoke

64-30-10 on the digits and 784-50-10 on 5,000 images of MNIST are trained with ideal devices, then written to chips
whose devices reach to 20 uS, in three ways (`analogeq.circuit.mapping`). Conveyors have the gain with which the
network's largest weight or bias just fits: twice that of pairs for the offset column, which has half of the range for
either sign, and one for each array for the affine map. Five things are varied, one at a time: levels of a device
(on/off ratio 100, no noise); write noise in percent of the range (continuous devices, ratio 100); the on/off ratio
(continuous devices, write noise of 5 % of what is written); the standard deviation of conveyors' gains, and what
a segment of word and bit line resists (continuous devices written without noise, ratio 100).

A pair's two columns end in one conveyor, whose gain errs for both alike. A column and its neuron's copy of the
reference have conveyors of their own, so their difference leaves a part of the reference in every weight of the neuron
(`analogeq.circuit.reference_lines`). Wires are driven from the left and sensed at the bottom, references the last
column.

The *score margin* of a sample is the voltage of the right output less that of the best wrong one, over the rail, 20
time constants after the inputs are applied to a circuit at zero (the margin of a multiclass classifier by Crammer &
Singer, J. Mach. Learn. Res. 2 (2001), 265-292). *Kept* is its mean over the test samples, wrong ones with their
negative margins included, over the same mean on a chip of ideal devices. *Power* is what all conductances dissipate at
that time, mean over the samples, where devices are continuous and written without noise; amplifiers' supplies are not
in it.

Nothing was chosen by an error: the trainings' settings are those of other studies of these networks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Drive, power_flow
from analogeq.controller import Schedule
from analogeq.data import Dataset, load
from analogeq.engines import engine
from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.measurements import Row, recorded
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.hardware import Technology, Wires
from analogeq.hardware.memory import Levels, Memory, Noise, Programming
from analogeq.hardware.technology import MAPPINGS
from analogeq.network import Network, Parameters
from analogeq.report import Figure
from analogeq.report.signed_weights import MappedChips, signed_weights_figure
from analogeq.training import Trainer, TrainingConfig

Doubles = NDArray[np.float64]

HIGH = 20e-6
"""High end of the range [S]."""
RATIO = 100.0
"""On/off ratio where it is not varied."""
NOISE_OF_VALUE = 0.05
"""Standard deviation of a written conductance over it, where the on/off ratio is varied."""
SETTLING = 20.0
"""Time constants from zero to where outputs are read: some chips never rest altogether."""
FITS = 1.0 + 1e-9
"""The largest weight is to be inside the range whatever a product rounds to."""
AXES = {"levels": "levels", "noise": "% of the range", "ratio": "on/off", "gain": "% of the gain", "wires": "Ohm"}
"""What is varied, and how a row calls its amounts."""


@dataclass(frozen=True)
class Task:
    """A network and what it learns."""

    data: str
    layers: tuple[int, ...]
    train: int | None
    test: int | None
    epochs: int
    batch: int


@dataclass(frozen=True)
class Config:
    """What is varied, and on what; a seed is a training, each written to ``chips`` chips where writing errs."""

    tasks: tuple[Task, ...] = (
        Task("digits", (64, 30, 10), None, None, 20, 10),
        Task("mnist", (784, 50, 10), 5000, 2000, 5, 20),
    )
    levels: tuple[int, ...] = (4, 8, 16, 32, 64, 128, 256)
    noise: tuple[float, ...] = (0.5, 1.0, 2.0, 5.0, 10.0)
    ratio: tuple[float, ...] = (2.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
    gain: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0, 10.0)
    wires: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
    chips: int = 3
    seeds: tuple[int, ...] = (0, 1, 2)


SMOKE = Config(
    tasks=(Task("digits", (64, 12, 10), None, None, 4, 10),), levels=(4, 256), noise=(5.0,), ratio=(3.0, 1000.0),
    gain=(0.1, 3.0), wires=(0.1, 30.0), chips=1, seeds=(0,),
)  # fmt: skip
DEFAULT = Config(tasks=(Task("digits", (64, 30, 10), None, None, 20, 10),), seeds=(0,))


class Met(NamedTuple):
    """What the test samples met on one chip: error [%], mean margin over the rail, mean power [W]."""

    error: float
    margin: float
    power: float


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """One for each training, which is written to all chips."""
    amounts = {axis: list(getattr(config, axis)) for axis in AXES}
    return [
        Point(
            f"{task.data} {'-'.join(map(str, task.layers))} seed {seed}",
            {
                "data_dir": None if data_dir is None else str(data_dir),
                **vars(task),
                "layers": list(task.layers),
                **amounts,
                "chips": config.chips,
                "seed": seed,
            },
        )
        for task in config.tasks
        for seed in config.seeds
    ]


def work(settings: Settings, folder: Path) -> Result:
    """Train, then write and measure every chip."""
    del folder
    data = _data(settings)
    trained = _trained(settings, data)
    ideal = _met(Circuit(Network.layered(settings["layers"]), Technology()), trained, data)
    found: dict[str, Any] = {"ideal": ideal._asdict(), "varied": {}, "power": {}}
    for mapping in MAPPINGS:
        for axis in AXES:
            for amount in settings[axis]:
                met = [
                    _written(settings, trained, data, mapping, axis, amount, chip) for chip in _chips(settings, axis)
                ]
                found["varied"][_key(mapping, axis, amount)] = [one._asdict() for one in met]
        found["power"][mapping] = [
            _met(Circuit(Network.layered(settings["layers"]), technology(trained, mapping, ratio)), trained, data).power
            for ratio in settings["ratio"]
        ]
    return found


def _key(mapping: str, axis: str, amount: float) -> str:
    return f"{mapping}, {amount:g} {AXES[axis]}"


def _chips(s: Settings, axis: str) -> range:
    return range(1 if axis in ("levels", "wires") else s["chips"])  # these alone are the same on every chip


def _data(s: Settings) -> Dataset:
    data = load("mnist", data_dir=s["data_dir"]) if s["data"] == "mnist" else load(s["data"])
    return replace(
        data,
        x_train=data.x_train[: s["train"]],
        y_train=data.y_train[: s["train"]],
        x_test=data.x_test[: s["test"]],
        y_test=data.y_test[: s["test"]],
    )


def _trained(s: Settings, data: Dataset) -> Parameters:
    config = TrainingConfig(
        epochs=s["epochs"], batch_size=s["batch"], rates=(0.2, 0.1), copy_rates=(0.5, 0.5),
        copy_optimizer="affine-projection", schedule=Schedule(nudging="centred"), seed=s["seed"],
    )  # fmt: skip
    circuit = Circuit(Network.layered(s["layers"]), Technology())
    with engine("native").open(circuit) as session:
        held = Trainer(session, data, config).run().circuit
    return Parameters(held.weights.astype(np.float64), held.biases.astype(np.float64))


def technology(trained: Parameters, mapping: str, ratio: float = RATIO, **flaws: Any) -> Technology:
    """Chip whose range the largest weight just fits."""
    low, unit = HIGH / ratio, Technology().unit_conductance
    largest = max(np.abs(trained.weights).max(), np.abs(trained.biases).max()) * FITS
    gain = float(largest) * unit / (HIGH - low) * (2.0 if mapping == "offset-column" else 1.0)
    return Technology(
        conductance_low=low,
        conductance_high=HIGH,
        sense_gain=gain,
        mapping=mapping,  # type: ignore[arg-type]  # one of MAPPINGS
        **flaws,
    )


def _written(s: Settings, trained: Parameters, data: Dataset, mapping: str, axis: str, amount: float, chip: int) -> Met:
    flaws = _flaws(axis, amount, 1000 * s["seed"] + chip)
    return _met(Circuit(Network.layered(s["layers"]), technology(trained, mapping, **flaws)), trained, data)


def _flaws(axis: str, amount: float, seed: int) -> dict[str, Any]:
    """What is wrong with one chip."""
    if axis == "levels":
        return {"memory": Memory(levels=Levels(int(amount)), seed=seed)}
    if axis == "gain":
        return {"sense_gain_spread": amount / 100.0, "amplifier_seed": seed}
    if axis == "wires":
        return {"wires": Wires(amount, amount)}
    noise = Noise(of_range=amount / 100.0) if axis == "noise" else Noise(of_value=NOISE_OF_VALUE)
    written = {"memory": Memory(programming=Programming(noise), seed=seed)}
    return {**written, "ratio": amount} if axis == "ratio" else written


def _met(circuit: Circuit, trained: Parameters, data: Dataset) -> Met:
    drive = Drive(data.x_test.astype(np.float64) * circuit.technology.rail)
    held = circuit.program(trained)
    with engine("native").open(circuit) as session:
        session.program(held)
        voltages = session.settle(drive, duration=SETTLING * circuit.technology.time_constant).voltages
    scores = np.asarray(voltages, dtype=np.float64)[:, circuit.network.outputs] / circuit.technology.rail
    margins = score_margins(scores, data.y_test)
    wrong = float(np.mean(scores.argmax(axis=1) != data.y_test))
    power = float(power_flow(circuit, held, drive, voltages).dissipated.mean())
    return Met(100.0 * wrong, float(margins.mean()), power)


def score_margins(scores: Doubles, labels: NDArray[np.intp]) -> Doubles:
    """Score of the right output less that of the best wrong one, shape (sample,)."""
    at = np.arange(len(scores))
    others = scores.copy()
    others[at, labels] = -np.inf
    found: Doubles = scores[at, labels] - others.max(axis=1)
    return found


def chips(finished: Sequence[Finished]) -> list[MappedChips]:
    """Errors, margins kept and powers of each task and mapping, in their order."""
    done = [one for one in finished if one.result is not None]
    tasks = dict.fromkeys(one.point.settings["data"] for one in done)
    return [
        _of_task([o for o in done if o.point.settings["data"] == task], task, m) for task in tasks for m in MAPPINGS
    ]


def _of_task(done: Sequence[Finished], task: str, mapping: str) -> MappedChips:
    settings, results = done[0].point.settings, [one.result for one in done if one.result is not None]
    errors, kept = {}, {}
    for axis in AXES:
        keys = [_key(mapping, axis, amount) for amount in settings[axis]]
        errors[axis] = tuple(_all(results, key, "error") for key in keys)
        kept[axis] = tuple(_all(results, key, "margin") for key in keys)
    amounts = {axis: tuple(map(float, settings[axis])) for axis in AXES}
    power = tuple(float(np.mean(values)) for values in zip(*(r["power"][mapping] for r in results), strict=True))
    ideal = float(np.mean([r["ideal"]["error"] for r in results]))
    return MappedChips(task, mapping, amounts, errors, kept, power, ideal)


def _all(results: Sequence[Result], key: str, what: str) -> tuple[float, ...]:
    """Of every chip of every training; margins in percent of their training's ideal ones."""
    whole = [100.0 / r["ideal"]["margin"] if what == "margin" else 1.0 for r in results]
    return tuple(float(one[what]) * scale for r, scale in zip(results, whole, strict=True) for one in r["varied"][key])


def rows(finished: Sequence[Finished], command: str) -> list[Row]:
    """Means over chips and trainings."""
    return [recorded(case, value, unit, command) for one in chips(finished) for case, value, unit in _told(one)]


def _told(one: MappedChips) -> Iterator[tuple[str, float, str]]:
    name = f"{one.task}, {one.mapping}"
    if one.mapping == MAPPINGS[0]:
        yield f"{one.task}, ideal devices: error", one.ideal, "%"
    for axis, label in AXES.items():
        for k, amount in enumerate(one.amounts[axis]):
            yield f"{name}, {amount:g} {label}: error", float(np.mean(one.errors[axis][k])), "%"
            yield f"{name}, {amount:g} {label}: score margin kept", float(np.mean(one.kept[axis][k])), "%"
    for ratio, power in zip(one.amounts["ratio"], one.power, strict=True):
        yield f"{name}, {ratio:g} on/off: power", power, "W"


def draw(finished: Sequence[Finished]) -> Figure:
    """Errors and margins against each axis, and power against the range."""
    return signed_weights_figure(chips(finished), title="How signed weights are laid onto devices: transferred chips")


EXPERIMENT = Experiment("signed_weights", __doc__, SMOKE, DEFAULT, Config(), points, work, rows, draw)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
