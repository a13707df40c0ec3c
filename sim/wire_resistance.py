"""What wires cost both families: array size against resistance per cell, trained in place and transferred.

    python sim/wire_resistance.py --full --jobs 2
    python sim/wire_resistance.py --smoke

64-N-10 learns the digits, in the first family by initialised equilibrium propagation, with the settings of `analogeq
demo` but for the batch (20 for 10, in the resistive family for 4) and fewer epochs. Its crossbars' word and bit lines
resist the same for each cell; drivers, virtual grounds and what joins lines to nodes are ideal. *In place*: every phase
of the training settles the wired circuit. In the first family the rule is the local one, which knows nothing of wires;
in the resistive one a device learns by the drop between the two points inside the array that it joins, which is the
gradient. *Transferred*: trained without wires, then the same weights are programmed onto the wired chip. Only the
product of resistance and conductance counts, so all of this holds for a tenth of the resistance at ten times the
conductance; here a weight of one is 10 uS, and so is the largest conductance of the resistive family, whose inputs
stand twice: its first array has 128 word lines. There outputs are nudged by currents and not, as in the demo, by
conductances: wires loosen what holds the outputs, until a negative conductance has no operating point.

Beside the errors: what share of a trained first layer the wires take, the norm of the difference of realised and held
weights (conductances from sources to nodes) over the norm of the held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analogeq.circuit import Circuit
from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.controller import Schedule
from analogeq.data import Dataset, load
from analogeq.engines import engine
from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.families import AnyCircuit, AnyConfig, wiring_of
from analogeq.flow.measurements import Row, recorded
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.hardware import ResistiveTechnology, Technology, Wires
from analogeq.network import Network, Parameters
from analogeq.report import Figure
from analogeq.report.wires import WireCurve, wires_figure
from analogeq.training import (
    Learned,
    ResistiveTrainingConfig,
    Trainer,
    TrainingConfig,
    TrainingResult,
    copy_error,
    error_percent,
)

WAYS = ("in place", "transferred")
FAMILIES = {"hopfield": "", "resistive": "resistive, "}
"""What rows of each begin with."""
UNIT = 1e-5
"""Largest conductance of the resistive family [S]."""


@dataclass(frozen=True)
class Config:
    """What is varied, and on what; resistances of a segment in Ohm."""

    hidden: tuple[int, ...] = (10, 30, 100)
    ohms: tuple[float, ...] = (0.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
    epochs: int = 10
    batch: int = 20
    rates: tuple[float, ...] = (0.2, 0.1)
    copy_rates: tuple[float, ...] = (0.3, 0.3)
    resistive_hidden: tuple[int, ...] = (30, 100)
    resistive_rates: tuple[float, ...] = (0.03, 0.1)
    seeds: tuple[int, ...] = (0, 1)


SMOKE = Config(hidden=(20,), ohms=(0.0, 2000.0), epochs=2, resistive_hidden=(12,), seeds=(0,))
DEFAULT = Config(hidden=(30, 100), ohms=(0.0, 100.0, 1000.0), epochs=4, resistive_hidden=(30,), seeds=(0,))


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """For each size and seed a training that is transferred to every resistance, and one in place at each of those."""
    del data_dir  # the digits come with the package
    base: dict[str, Any] = {"epochs": config.epochs, "batch": config.batch}
    first = {**base, "rates": list(config.rates), "copy_rates": list(config.copy_rates)}
    other = {**base, "rates": list(config.resistive_rates), "family": "resistive"}
    return [
        *(point for hidden in config.hidden for point in _of_size(config, hidden, first, "")),
        *(point for hidden in config.resistive_hidden for point in _of_size(config, hidden, other, "resistive ")),
    ]


def _of_size(config: Config, hidden: int, base: Settings, family: str) -> Iterator[Point]:
    for seed in config.seeds:
        here = {**base, "hidden": hidden, "seed": seed}
        yield Point(f"{family}transferred 64-{hidden} seed {seed}", {**here, "trained": 0.0, "ohms": [*config.ohms]})
        for ohms in config.ohms:
            if ohms > 0.0:
                name = f"{family}in place 64-{hidden} {ohms:g} Ohm seed {seed}"
                yield Point(name, {**here, "trained": ohms, "ohms": [ohms]})


def work(settings: Settings, folder: Path) -> Result:
    """Train at one resistance, then measure at one or several."""
    data, config = load("digits"), _config(settings)
    trained = _train(_circuit(settings, settings["trained"]), data, config, folder)
    measured = [_measure(_circuit(settings, ohms), data, config, trained) for ohms in settings["ohms"]]
    return {
        "copy": copy_error(trained.copy, data.x_test, data.y_test),
        "settled": [settled for settled, _ in measured],
        "taken": [taken for _, taken in measured],
    }


def _family(settings: Settings) -> str:
    family: str = settings.get("family", "hopfield")
    return family


def _circuit(settings: Settings, ohms: float) -> AnyCircuit:
    network = Network.layered((64, settings["hidden"], 10))
    wires = Wires(word_line_resistance=ohms, bit_line_resistance=ohms)
    if _family(settings) == "resistive":
        return ResistiveCircuit(network, ResistiveTechnology(input_gain=20.0, conductance_high=UNIT, wires=wires))
    return Circuit(network, Technology(wires=wires))


def _opened(circuit: AnyCircuit) -> Any:
    """Open a session; each family's config takes its own."""
    return engine("native", accuracy="fast").open(circuit)


def _config(settings: Settings) -> AnyConfig:
    s = settings
    if _family(s) == "resistive":
        return ResistiveTrainingConfig(
            epochs=s["epochs"],
            batch_size=s["batch"],
            rates=tuple(s["rates"]),
            beta=0.5,
            by="current",
            decay=0.95,
            seed=s["seed"],
            evaluate_settled_every=0,
        )
    return TrainingConfig(
        epochs=s["epochs"],
        batch_size=s["batch"],
        rates=tuple(s["rates"]),
        copy_rates=tuple(s["copy_rates"]),
        copy_optimizer="affine-projection",
        schedule=Schedule(beta=0.5, nudging="random-sign", tether=0.1, free_time=10.0, nudged_time=2.0),
        seed=s["seed"],
        evaluate_settled_every=0,
    )


def _train(circuit: AnyCircuit, data: Dataset, config: AnyConfig, folder: Path) -> TrainingResult:
    folder.mkdir(parents=True, exist_ok=True)
    with _opened(circuit) as session:
        trainer = Trainer(session, data, config, folder=folder)
        if (folder / "checkpoint.npz").exists():
            trainer.resume()
        return trainer.run()


def _measure(circuit: AnyCircuit, data: Dataset, config: AnyConfig, trained: TrainingResult) -> tuple[float, float]:
    """Test error of the settled circuit [%], and the share of its first layer that the wires take."""
    with _opened(circuit) as session:
        learner = config.learner(session, np.dtype(data.x_test.dtype).type)
        learner.restore(Learned(trained.circuit, trained.copy.parameters))
        error = error_percent(learner.outputs(learner.settled(data.x_test)), data.y_test)
    first = wiring_of(circuit).input_blocks[0].edges
    held = trained.circuit.weights[first]
    lost = _realised(circuit, trained.circuit)[first] - held
    return error, float(np.linalg.norm(lost) / np.linalg.norm(held))


def _realised(circuit: AnyCircuit, held: Parameters) -> np.ndarray:
    """Weights, or conductances from sources to nodes and between nodes, through the wires."""
    if isinstance(circuit, Circuit):
        return circuit.program(held).weights
    return circuit.between(circuit.program(held.weights, held.biases))


def rows_of(finished: Sequence[Finished], command: str) -> list[Row]:
    """Errors and shares, means over seeds."""
    rows = []
    for family in FAMILIES:
        for curve in curves([one for one in finished if _family(one.point.settings) == family]):
            for k, ohms in enumerate(curve.ohms.tolist()):
                case = f"{FAMILIES[family]}64-{curve.hidden}-10, {ohms:g} Ohm a cell, {curve.way}"
                rows.append(recorded(f"{case}: settled error", float(curve.error[k]), "%", command))
                rows.append(recorded(f"{case}: copy error", float(curve.copy[k]), "%", command))
                rows.append(recorded(f"{case}: share of the first layer", 100.0 * float(curve.taken[k]), "%", command))
    return rows


def curves(finished: Sequence[Finished]) -> list[WireCurve]:
    """One curve of a family for each size and way, means over seeds; trained at 0 Ohm both ways begin."""
    found = []
    for hidden in sorted({one.point.settings["hidden"] for one in finished}):
        for way in WAYS:
            measured = _measured(finished, hidden, way)
            if measured:
                ohms = np.array(sorted(measured))
                error, copy, taken = np.array([np.mean(measured[value], axis=0) for value in ohms.tolist()]).T
                found.append(WireCurve(hidden, way, ohms, error, copy, taken))
    return found


def _measured(finished: Sequence[Finished], hidden: int, way: str) -> dict[float, list[tuple[float, float, float]]]:
    """Settled error, copy error and share of every seed, by resistance."""
    found: dict[float, list[tuple[float, float, float]]] = {}
    for one in finished:
        s, result = one.point.settings, one.result
        if result is None or s["hidden"] != hidden:
            continue
        for ohms, settled, taken in zip(s["ohms"], result["settled"], result["taken"], strict=True):
            if (way == "transferred" and s["trained"] == 0.0) or (way == "in place" and ohms == s["trained"]):
                found.setdefault(ohms, []).append((settled, result["copy"], taken))
    return found


def draw(finished: Sequence[Finished]) -> Figure:
    """Errors against resistance, one row a family, one colour a size."""
    seeds = len({one.point.settings["seed"] for one in finished})
    title = f"What wires cost 64-N-10 on the digits, trained in place and transferred (mean of {seeds} seeds)"
    found = {family: curves([one for one in finished if _family(one.point.settings) == family]) for family in FAMILIES}
    return wires_figure({family: of_family for family, of_family in found.items() if of_family}, title=title)


EXPERIMENT = Experiment("wire_resistance", __doc__, SMOKE, DEFAULT, Config(), points, work, rows_of, draw)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
