"""How far a deep network's copy lags behind its circuit, by the way the copy learns.

    python sim/copy_gap.py --full --data-dir FOLDER --jobs 2
    python sim/copy_gap.py --smoke

784-500-500-500-10 with the settings of O'Connor, Gavves and Welling (ICLR 2019): beta ±1, rates .128 .032 .008
.002, T- 50 and T+ 8 Euler steps of 0.5, batch 20, lambda .1; all 60,000 training images, the true test set, the
digital relaxation settled the quickest way (`DigitalSettings.fastest`). The copy learns by the paper's plain
steps at the circuit's rates, or by affine projections (`analogeq.learning.affine_projection`), which are as
local. The lag, copy's error less the circuit's, counts in every epoch from the tenth on. Every epoch is kept;
started again, the script goes on behind the last one.
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
from analogeq.report import Figure, LagCurve, lag_figure
from analogeq.training import DigitalSettings, DigitalTrainer, TrainingConfig

LARGEST_LAG = 0.3
"""Percentage points that the copy may be behind the settled network, from the tenth epoch on."""


@dataclass(frozen=True)
class Config:
    """What is compared.

    Attributes
    ----------
    data : str
    hidden : tuple of int
    rates : tuple of float
    projection_rate : float
        Fraction of the way of an affine projection.
    beta, tether : float
    free_steps, nudged_steps : int
    batch, epochs, plain_epochs : int
        Plain steps are followed for fewer epochs: enough to see the lag.
    from_epoch : int
        First epoch in which the lag counts.
    seeds : tuple of int
    """

    data: str = "mnist"
    hidden: tuple[int, ...] = (500, 500, 500)
    rates: tuple[float, ...] = (0.128, 0.032, 0.008, 0.002)
    projection_rate: float = 0.3
    beta: float = 1.0
    tether: float = 0.1
    free_steps: int = 50
    nudged_steps: int = 8
    batch: int = 20
    epochs: int = 16
    plain_epochs: int = 10
    from_epoch: int = 10
    seeds: tuple[int, ...] = (0,)


SMOKE = Config(
    data="digits",
    hidden=(30, 30),
    rates=(0.1, 0.05, 0.02),
    beta=0.5,
    epochs=3,
    plain_epochs=3,
    from_epoch=3,
    free_steps=30,
)
DEFAULT = Config(hidden=(100, 100, 100), epochs=2, plain_epochs=2, from_epoch=2)


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Every way of learning with every seed."""
    base: dict[str, Any] = {**asdict(config), "data_dir": None if data_dir is None else str(data_dir)}
    del base["seeds"], base["plain_epochs"]
    return [
        Point(f"{way} seed {seed}", {**base, "epochs": epochs, "copy_optimizer": way, "seed": seed})
        for seed in config.seeds
        for way, epochs in (("affine-projection", config.epochs), ("plain", config.plain_epochs))
    ]


def train(settings: Settings, folder: Path) -> Result:
    """Train once, a checkpoint after every epoch, and return the history."""
    s = settings
    data = load(s["data"], data_dir=None if s["data_dir"] is None else Path(s["data_dir"]), dtype=np.float32)
    network = Network.layered((data.n_inputs, *s["hidden"], data.n_classes))
    trainer = DigitalTrainer(network, data, _training(s), DigitalSettings(fastest=True))
    return {"history": [asdict(epoch) for epoch in trainer.run(folder / "checkpoint.npz").history]}


def _training(s: Settings) -> TrainingConfig:
    plain = s["copy_optimizer"] == "plain"
    return TrainingConfig(
        epochs=s["epochs"],
        batch_size=s["batch"],
        rates=tuple(s["rates"]),
        copy_rates=None if plain else (s["projection_rate"],) * len(s["rates"]),
        copy_optimizer=s["copy_optimizer"],
        schedule=Schedule(s["beta"], "random-sign", s["tether"], 0.5 * s["free_steps"], 0.5 * s["nudged_steps"]),
        seed=s["seed"],
    )


def rows(finished: Sequence[Finished], command: str) -> list[Row]:
    """Errors at the end, and the largest lag of the epochs that count."""
    found: list[Row] = []
    for one in finished:
        if one.result is None:
            continue
        history, first = one.result["history"], one.point.settings["from_epoch"]
        last, name = history[-1], one.point.name
        lag = max(_lag(epoch) for epoch in history if epoch["epoch"] >= first)
        case = f"{name}: largest lag of the copy, epochs {first} to {last['epoch']}"
        found += [
            recorded(f"{name}, epoch {last['epoch']}: copy", last["copy_test_error"], "%", command),
            recorded(f"{name}, epoch {last['epoch']}: settled", last["settled_test_error"], "%", command),
            recorded(case, lag, "%", command)
            if one.point.settings["copy_optimizer"] == "plain"
            else at_most(case, lag, "%", LARGEST_LAG, command),
        ]
    return found


def _lag(epoch: Settings) -> float:
    return float(epoch["copy_test_error"] - epoch["settled_test_error"])


def figure(finished: Sequence[Finished]) -> Figure:
    """Errors and lag against epochs."""
    return lag_figure(
        [_curve(one.point.name, one.result["history"]) for one in finished if one.result is not None],
        allowed=LARGEST_LAG,
        from_epoch=finished[0].point.settings["from_epoch"],
        title="The copy of a deep network, by the way it learns",
    )


def _curve(name: str, history: Sequence[Settings]) -> LagCurve:
    columns = ("epoch", "copy_test_error", "settled_test_error")
    return LagCurve(name, *(np.array([epoch[key] for epoch in history], dtype=np.float64) for key in columns))


EXPERIMENT = Experiment("copy_gap", __doc__ or "", SMOKE, DEFAULT, Config(), points, train, rows, figure)


def main(arguments: list[str] | None = None) -> int:
    """Run the experiment; 0 if the projections' copy is as near as it should be."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
