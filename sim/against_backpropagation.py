"""Equilibrium propagation against backpropagation: error and processor time, same network, same machine.

    python sim/against_backpropagation.py --full --data-dir FOLDER
    python sim/against_backpropagation.py --smoke

784-500-10 and 784-500-500-500-10 on MNIST's 60,000 training and 10,000 test images, float32, batch 20, one thread
(OPENBLAS_NUM_THREADS=1, OMP_NUM_THREADS=1). All contestants take an epoch in turn, in one process, so that a busy
machine slows them alike; what counts is the process's processor time of training, without the measuring of errors. They
see the same images in the same order.

- Backpropagation: squared error and plain gradient steps on the feedforward network of the copy's hard sigmoid, from
  the circuit's first weights, by BLAS or by compiled kernels, whichever is quicker. One rate for all layers: of those
  in the config, the one with the least error on the last 10,000 training images after a few epochs on the others,
  mean of the last three.
- Plain equilibrium propagation (Scellier & Bengio 2017): 20 + 4 Euler steps from zero; with one hidden layer only,
  because `sim/equilibrium_propagation.py` shows what it costs with three.
- Initialised (O'Connor, Gavves & Welling, ICLR 2019), rates and steps of the paper: copy alone, and copy then settled.
- Initialised, the copy taught by affine projections (`copy_optimizer`) at the rate of `sim/copy_gap.py`.

With three hidden layers phases settle the quickest way that comes as near to equilibrium as 50 + 8 steps do.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from analogeq.controller import Schedule
from analogeq.data import Dataset, load
from analogeq.files import write_text_atomically
from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.measurements import Row, recorded
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.network import Network
from analogeq.report import Figure
from analogeq.report.race import QuotedPoint, RaceCurve, RacePanel, race_figure
from analogeq.training import DigitalSettings, DigitalTrainer, TrainingConfig
from analogeq.training.backpropagation import Backpropagation, quickest

EPSILON = 0.5
LEVELS = (5.0, 4.0, 3.0, 2.5, 2.0)
"""Errors to be reached [%]."""
QUOTED = (
    QuotedPoint("equilibrium propagation, as quoted", 4 * 86400.0, 3.0),
    QuotedPoint("backpropagation, as quoted", 5 * 60.0, 1.6),
)
"""The 2017 result as it is usually quoted; we found no source that says for which network and on which machine."""


@dataclass(frozen=True)
class Race:
    """One network and its contestants.

    Attributes
    ----------
    hidden, rates, beta, tether, free_steps, nudged_steps, fastest
        Of equilibrium propagation; plain and initialised.
    projection_rate : float
        Fraction of the way of an affine projection.
    contestants : tuple of str
        Besides backpropagation: plain, initialised, projected.
    backprop_rates : tuple of float
        Tried on the validation split.
    search_epochs, epochs : int
        Of each rate tried, and of the race.
    repeats : int
        How many of the seeds.
    """

    hidden: tuple[int, ...]
    rates: tuple[float, ...]
    beta: float
    free_steps: int
    nudged_steps: int
    epochs: int
    contestants: tuple[str, ...] = ("plain", "initialised", "projected")
    backprop_rates: tuple[float, ...] = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8)
    search_epochs: int = 8
    tether: float = 0.1
    projection_rate: float = 0.3
    fastest: bool = False
    repeats: int = 1


@dataclass(frozen=True)
class Config:
    """What is compared."""

    races: tuple[Race, ...]
    data: str = "mnist"
    batch: int = 20
    seeds: tuple[int, ...] = (0,)


def deep(epochs: int) -> Race:
    """Three hidden layers with the settings of the ICLR paper."""
    rates, tried = (0.128, 0.032, 0.008, 0.002), (0.05, 0.1, 0.2, 0.4)
    two = ("initialised", "projected")
    return Race((500,) * 3, rates, 1.0, 50, 8, epochs, two, tried, search_epochs=3, fastest=True)


def shallow(epochs: int, *, repeats: int = 1) -> Race:
    """One hidden layer with the settings of both papers."""
    return Race((500,), (0.1, 0.05), 0.5, 20, 4, epochs, repeats=repeats)


FULL = Config((shallow(20, repeats=2), deep(6)), seeds=(0, 1))
DEFAULT = Config((shallow(5),))
SMOKE = Config(
    (Race((30,), (0.1, 0.05), 0.5, 20, 4, 4, backprop_rates=(0.02, 0.2), search_epochs=2),),
    data="digits",
    batch=10,
)  # fmt: skip


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Every network with its seeds."""
    base: dict[str, Any] = {"data": config.data, "data_dir": None if data_dir is None else str(data_dir)}
    return [
        Point(
            f"{'-'.join(map(str, race.hidden))} seed {seed}",
            {**base, "batch": config.batch, **asdict(race), "seed": seed},
        )
        for race in config.races
        for seed in config.seeds[: race.repeats]
    ]


class Contestant(Protocol):
    """What is raced."""

    def train_epoch(self) -> object:
        """Train one epoch and measure nothing."""


def work(settings: Settings, folder: Path) -> Result:
    """Find backpropagation's rate, then race."""
    where = None if settings["data_dir"] is None else Path(settings["data_dir"])
    split, data = (load(settings["data"], data_dir=where, validation=v, dtype=np.float32) for v in (True, False))
    kept = folder / "search.json"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_text_atomically(kept, json.dumps(search(settings, split)))
    found = json.loads(kept.read_text())
    runners: dict[str, Any] = {"backpropagation": backpropagation(settings, data, found["rate"])}
    runners |= {name: trainer_of(settings, data, name) for name in settings["contestants"]}
    return {**found, "arithmetic": runners["backpropagation"].arithmetic.name, "curves": race(settings, data, runners)}


def search(settings: Settings, split: Dataset) -> dict[str, Any]:
    """Validation errors of every rate after every epoch, and the rate with the least mean of the last three."""
    errors: dict[str, list[float]] = {}
    for rate in settings["backprop_rates"]:
        runner = backpropagation(settings, split, rate)
        errors[str(rate)] = []
        for _ in range(settings["search_epochs"]):
            runner.train_epoch()
            errors[str(rate)].append(runner.error(split.x_test, split.y_test))
    best = min(errors, key=lambda rate: float(np.mean(errors[rate][-3:])))
    return {"validation_errors": errors, "rate": float(best)}


def backpropagation(settings: Settings, data: Dataset, rate: float) -> Backpropagation:
    """From the circuit's first weights, by the quicker arithmetic."""
    return quickest(trainer_of(settings, data, "initialised"), rate)


def trainer_of(settings: Settings, data: Dataset, contestant: str) -> DigitalTrainer:
    """Build a contestant that settles."""
    s, plain = settings, contestant == "plain"
    phases = EPSILON * s["free_steps"], EPSILON * s["nudged_steps"]
    projected = contestant == "projected"
    config = TrainingConfig(
        epochs=s["epochs"],
        batch_size=s["batch"],
        rates=tuple(s["rates"]),
        copy_rates=(s["projection_rate"],) * len(s["rates"]) if projected else None,
        copy_optimizer="affine-projection" if projected else "plain",
        schedule=Schedule(s["beta"], "random-sign", 0.0 if plain else s["tether"], *phases),
        initialise=not plain,
        seed=s["seed"],
    )
    network = Network.layered((data.n_inputs, *s["hidden"], data.n_classes))
    return DigitalTrainer(network, data, config, DigitalSettings(EPSILON, fastest=s["fastest"]))


def race(settings: Settings, data: Dataset, runners: dict[str, Any]) -> dict[str, dict[str, list[float]]]:
    """Take an epoch of each in turn; processor seconds of training since the start, and errors, after each."""
    for name in settings["contestants"]:  # compiles what they need, outside the race
        trainer_of(settings, data, name).train_minibatch(np.arange(settings["batch"]), 1.0)
    curves: dict[str, dict[str, list[float]]] = {name: {"seconds": []} for name in runners}
    for _ in range(settings["epochs"]):
        for name, runner in runners.items():
            seconds = curves[name]["seconds"]
            seconds.append(processor_seconds(runner) + (seconds[-1] if seconds else 0.0))
            for part, error in errors_of(runner, data).items():
                curves[name].setdefault(part, []).append(error)
    return curves


def processor_seconds(runner: Contestant) -> float:
    """Train an epoch and say how long it took."""
    began = time.process_time()
    runner.train_epoch()
    return time.process_time() - began


def errors_of(runner: Backpropagation | DigitalTrainer, data: Dataset) -> dict[str, float]:
    """Test errors [%] by what answers: output, or copy and settled."""
    if isinstance(runner, Backpropagation):
        return {"output": runner.error(data.x_test, data.y_test)}
    copy, settled = runner.test_errors(data.x_test, data.y_test)
    return {"settled": settled} if copy is None else {"copy": copy, "settled": settled}


def seconds_to(level: float, seconds: Sequence[float], errors: Sequence[float]) -> float | None:
    """Seconds until the error is first at ``level`` or below; None if it never is."""
    return next((t for t, error in zip(seconds, errors, strict=True) if error <= level), None)


def rows_of(finished: Sequence[Finished], command: str) -> list[Row]:
    """Rates, epochs, errors, and time to the same error over backpropagation's."""
    rows: list[Row] = []
    for one in finished:
        if one.result is None:
            continue
        case, curves = one.point.name, one.result["curves"]
        rows.append(recorded(f"{case}, backpropagation: rate", one.result["rate"], "", command))
        base = curves["backpropagation"]
        for name, curve in curves.items():
            epoch = curve["seconds"][-1] / len(curve["seconds"])
            rows.append(recorded(f"{case}, {name}: epoch, processor", epoch, "s", command))
            if name != "backpropagation":
                ratio = curve["seconds"][-1] / base["seconds"][-1]
                rows.append(recorded(f"{case}, {name}: epoch over backpropagation's", ratio, "x", command))
            for part in (key for key in curve if key != "seconds"):
                rows += _part_rows(f"{case}, {name}, {part}", curve["seconds"], curve[part], base, command)
    return rows


def _part_rows(
    case: str, seconds: list[float], errors: list[float], base: dict[str, list[float]], command: str
) -> list[Row]:
    rows = [
        recorded(f"{case}: test error after {len(errors)} epochs", errors[-1], "%", command),
        recorded(f"{case}: least test error of any epoch", min(errors), "%", command),
    ]
    for level in LEVELS:
        mine, other = seconds_to(level, seconds, errors), seconds_to(level, base["seconds"], base["output"])
        if mine is not None:
            rows.append(recorded(f"{case}: to {level:g} %, processor", mine, "s", command))
        if mine is not None and other is not None and base["output"] is not errors:
            rows.append(recorded(f"{case}: to {level:g} %, over backpropagation's", mine / other, "x", command))
    return rows


LOOKS: dict[tuple[str, str], tuple[str, int, bool]] = {
    ("backpropagation", "output"): ("backpropagation", -1, False),
    ("plain", "settled"): ("plain, settled", 1, True),
    ("initialised", "copy"): ("initialised, copy", 0, False),
    ("initialised", "settled"): ("initialised, settled", 0, True),
    ("projected", "copy"): ("initialised, projected copy", 2, False),
    ("projected", "settled"): ("initialised, projected copy, settled", 2, True),
}
"""Label, colour of the style's series (-1: ink) and whether dashed."""


def figure(finished: Sequence[Finished]) -> Figure:
    """Draw a panel for each network, of its first seed."""
    panels: dict[str, RacePanel] = {}
    for one in finished:
        if one.result is None:
            continue
        sizes = "–".join(map(str, one.point.settings["hidden"]))
        panels.setdefault(sizes, RacePanel(f"{sizes} hidden, one thread", _curves(one.result["curves"])))
    title = "Equilibrium propagation against backpropagation"
    return race_figure(list(panels.values()), quoted=QUOTED, title=title)


def _curves(curves: dict[str, dict[str, list[float]]]) -> list[RaceCurve]:
    return [
        RaceCurve(label, np.array(curves[name]["seconds"]), np.array(curves[name][part]), colour, dashed=dashed)
        for (name, part), (label, colour, dashed) in LOOKS.items()
        if name in curves
    ]


EXPERIMENT = Experiment("against_backpropagation", __doc__ or "", SMOKE, DEFAULT, FULL, points, work, rows_of, figure)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
