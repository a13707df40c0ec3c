"""How strongly the copy may hold the circuit: Fig. 4 and Appendix D of O'Connor, Gavves and Welling (ICLR 2019).

    python sim/tether_sweep.py --full --data-dir FOLDER --jobs 2
    python sim/tether_sweep.py --smoke

Initialised equilibrium propagation on 784-500-10 (beta ±.5, rates .1 .05, T+ 4, batch 20, the first 50,000 images in
order, errors on the other 10,000 of the training files, as the paper's) for every tether lambda and T-: by Euler
steps of .5, as in the paper, and for the same times by steps whose error is controlled (`AdaptiveSteps`), which the
authors left to later work. Three epochs, the same for all.

An Euler step e is stable where e (1 + lambda + 2 beta on nudged outputs + s) < 2, s the largest singular value of the
weights that join free neurons: the force has the slopes -(1 + lambda) ± s, and a step multiplies a deviation
by 1 - e (1 + lambda + s) at worst. Neurons at a rail do not move, so the bound by all neurons' s is where
instability may begin, and the one without coupling where no weights can avoid it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analogeq.controller import Schedule
from analogeq.data import load
from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.measurements import Row, at_most, recorded
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.network import Network
from analogeq.report import Figure
from analogeq.report.tether import TetherCurve, tether_figure
from analogeq.training import DigitalSettings, DigitalTrainer, TrainingConfig

EPSILON = 0.5
FAILS = 50.0
"""Error [%] above which a training has failed; the authors' code gives up where the training error is above it."""


@dataclass(frozen=True)
class Config:
    """What is swept, and on what; steps as multiples of `EPSILON`, ``tolerance`` of the adaptive ones in signals."""

    data: str = "mnist"
    hidden: tuple[int, ...] = (500,)
    rates: tuple[float, ...] = (0.1, 0.05)
    beta: float = 0.5
    nudged_steps: int = 4
    batch: int = 20
    epochs: int = 3
    tolerance: float = 0.01
    tethers: tuple[float, ...] = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
    free_steps: tuple[int, ...] = (4, 10, 20, 50)
    seeds: tuple[int, ...] = (0,)


SMOKE = Config("digits", hidden=(40,), epochs=20, tethers=(0.1, 4.0), free_steps=(20,))
DEFAULT = Config(epochs=1, tethers=(0.1, 1.0, 10.0), free_steps=(4, 20))


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Every tether and T-, both ways, with every seed."""
    swept = ("tethers", "free_steps", "seeds", "tolerance")
    base: dict[str, Any] = {key: value for key, value in asdict(config).items() if key not in swept}
    base = {**base, "hidden": list(config.hidden), "rates": list(config.rates)}
    base["data_dir"] = None if data_dir is None else str(data_dir)
    return [
        Point(
            f"{way} T- {steps} lambda {tether:g} seed {seed}",
            {**base, "tolerance": tolerance, "tether": tether, "free_steps": steps, "seed": seed},
        )
        for way, tolerance in (("Euler", None), ("adaptive", config.tolerance))
        for steps in config.free_steps
        for tether in config.tethers
        for seed in config.seeds
    ]


def train(settings: Settings, folder: Path) -> Result:
    """Train once; nothing is kept in ``folder``."""
    del folder
    trainer = trainer_of(settings)
    strengths = [strength(trainer)]
    while trainer.epoch < trainer.config.epochs:
        trainer.run_epoch()
        strengths.append(strength(trainer))
    history = trainer.history
    return {
        "copy": [epoch.copy_test_error for epoch in history],
        "settled": [epoch.settled_test_error for epoch in history],
        "strength": strengths,
        "evaluations": float(np.mean([epoch.free_steps + epoch.nudged_steps for epoch in history])),
    }


def strength(trainer: DigitalTrainer) -> float:
    """Largest singular value of the weights between neurons: s, if all were free."""
    [coupling] = trainer.circuit.couplings
    return float(np.linalg.norm(coupling.upright, 2))


def trainer_of(settings: Settings) -> DigitalTrainer:
    """Trainer on the first images, its test set the validation images."""
    s = settings
    folder = None if s["data_dir"] is None else Path(s["data_dir"])
    data = load(s["data"], data_dir=folder, dtype=np.float32, validation=True)
    times = EPSILON * s["free_steps"], EPSILON * s["nudged_steps"]
    config = TrainingConfig(
        epochs=s["epochs"],
        batch_size=s["batch"],
        rates=tuple(s["rates"]),
        order="as-stored",
        schedule=Schedule(s["beta"], "random-sign", s["tether"], *times),
        seed=s["seed"],
    )
    network = Network.layered((data.n_inputs, *s["hidden"], data.n_classes))
    return DigitalTrainer(network, data, config, DigitalSettings(EPSILON, tolerance=s["tolerance"]))


def bounds(finished: Sequence[Finished]) -> tuple[float, float]:
    """Lambdas above which Euler steps are unstable: with the first weights if all neurons are free; with any weights.

    The second is of outputs nudged by +beta.
    """
    first = float(np.mean([one.result["strength"][0] for one in finished if one.result is not None]))
    return 2.0 / EPSILON - 1.0 - first, 2.0 / EPSILON - 1.0 - 2.0 * finished[0].point.settings["beta"]


def rows_of(finished: Sequence[Finished], command: str) -> list[Row]:
    """Errors of every run, where Euler steps fail, and whether adaptive ones do."""
    rows: list[Row] = []
    for curve in curves(finished):
        errors = zip(curve.tethers, curve.copy, curve.settled, strict=True)
        for tether, *both in errors:
            rows += [
                recorded(f"{curve.way}, T- {curve.free_steps}, lambda {tether:g}: {what}", float(error), "%", command)
                for what, error in zip(("copy", "settled"), both, strict=True)
            ]
    low, high = bounds(finished)
    rows.append(recorded("Euler: lambda of the stability bound, first weights, all neurons free", low, "1", command))
    rows.append(recorded("Euler: lambda of the stability bound, nudged outputs, any weights", high, "1", command))
    for curve in curves(finished):
        name = f"{curve.way}, T- {curve.free_steps}"
        if curve.way == "adaptive":
            rows.append(at_most(f"{name}: worst settled error", float(curve.settled.max()), "%", FAILS, command))
        elif (curve.settled > FAILS).any():
            least = float(curve.tethers[curve.settled > FAILS].min())
            rows.append(recorded(f"{name}: smallest lambda that fails", least, "1", command))
    return rows + _costs(finished, command)


def _costs(finished: Sequence[Finished], command: str) -> list[Row]:
    rows = []
    for steps in sorted({one.point.settings["free_steps"] for one in finished}):
        for way in ("Euler", "adaptive"):
            runs = [one for one in finished if _is(one, way, steps)]
            taken = [one.result["evaluations"] for one in runs if one.result is not None]
            name = f"{way}, T- {steps}, mean over lambda"
            if taken:
                rows.append(recorded(f"{name}: evaluations a minibatch", float(np.mean(taken)), "1", command))
                seconds = float(np.mean([one.processor_seconds for one in runs]))
                rows.append(recorded(f"{name}: a run of the processor", seconds, "s", command))
    return rows


def _is(one: Finished, way: str, steps: int) -> bool:
    settings = one.point.settings
    return settings["free_steps"] == steps and (settings["tolerance"] is None) == (way == "Euler")


def curves(finished: Sequence[Finished]) -> list[TetherCurve]:
    """Errors after the last epoch against lambda, mean over seeds."""
    found = []
    for way in ("Euler", "adaptive"):
        for steps in sorted({one.point.settings["free_steps"] for one in finished}):
            runs = [one for one in finished if one.result is not None and _is(one, way, steps)]
            tethers = sorted({one.point.settings["tether"] for one in runs})
            copy, settled = (
                np.array([np.mean([_end(one, what) for one in runs if _held(one, tether)]) for tether in tethers])
                for what in ("copy", "settled")
            )
            if tethers:
                found.append(TetherCurve(way, steps, np.array(tethers), copy, settled))
    return found


def _held(one: Finished, tether: float) -> bool:
    return bool(one.point.settings["tether"] == tether)


def _end(one: Finished, what: str) -> float:
    return float(one.result[what][-1]) if one.result is not None else float("nan")


def draw(finished: Sequence[Finished]) -> Figure:
    """Errors against lambda, Euler and adaptive steps side by side."""
    epochs = finished[0].point.settings["epochs"]
    title = f"What a strong tether does to Euler steps of {EPSILON:g} and to adaptive ones, after {epochs} epochs"
    return tether_figure(curves(finished), bounds=bounds(finished), title=title)


EXPERIMENT = Experiment("tether_sweep", __doc__, SMOKE, DEFAULT, Config(), points, train, rows_of, draw)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
