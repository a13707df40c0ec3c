"""How far a deep network's copy lags behind its circuit, by the way the copy learns.

    python sim/copy_gap.py --data-dir FOLDER --jobs 2
    python sim/copy_gap.py --smoke

784-500-500-500-10 with the settings of O'Connor, Gavves and Welling (ICLR 2019): beta ±1, rates .128 .032 .008
.002, T- 50 and T+ 8 Euler steps of 0.5, batch 20, lambda .1; all 60,000 training images, the true test set, the
digital relaxation settled the quickest way (`DigitalSettings.fastest`). The copy learns by the paper's plain
steps at the circuit's rates, or by affine projections (`analogeq.learning.affine_projection`), which are as
local. Each setting is kept when it is finished; started again, the script goes on with the rest.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from analogeq.controller import Schedule
from analogeq.data import load
from analogeq.flow.measurements import Row, at_most, recorded, save_rows
from analogeq.flow.points import Finished, Point, Result, Settings, failures, run_points
from analogeq.network import Network
from analogeq.report import LearningCurve, learning_curve_figure, save_figure
from analogeq.training import DigitalSettings, DigitalTrainer, TrainingConfig

RESULTS = Path(__file__).parent / "results"
LARGEST_LAG = 0.3
"""Percentage points that the copy may be behind the settled network after ten epochs."""


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
    batch, epochs : int
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
    epochs: int = 10
    seeds: tuple[int, ...] = (0,)


SMOKE = Config(data="digits", hidden=(30, 30), rates=(0.1, 0.05, 0.02), beta=0.5, epochs=3, free_steps=30)


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Every way of learning with every seed."""
    base: dict[str, Any] = {**asdict(config), "data_dir": None if data_dir is None else str(data_dir)}
    del base["seeds"]
    return [
        Point(f"{way} seed {seed}", {**base, "copy_optimizer": way, "seed": seed})
        for seed in config.seeds
        for way in ("plain", "affine-projection")
    ]


def train(settings: Settings, folder: Path) -> Result:
    """Train once and return the history; nothing is kept in ``folder``."""
    del folder
    s = settings
    data = load(s["data"], data_dir=None if s["data_dir"] is None else Path(s["data_dir"]), dtype=np.float32)
    plain = s["copy_optimizer"] == "plain"
    config = TrainingConfig(
        epochs=s["epochs"],
        batch_size=s["batch"],
        rates=tuple(s["rates"]),
        copy_rates=None if plain else (s["projection_rate"],) * len(s["rates"]),
        copy_optimizer=s["copy_optimizer"],
        schedule=Schedule(s["beta"], "random-sign", s["tether"], 0.5 * s["free_steps"], 0.5 * s["nudged_steps"]),
        seed=s["seed"],
    )
    network = Network.layered((data.n_inputs, *s["hidden"], data.n_classes))
    result = DigitalTrainer(network, data, config, DigitalSettings(fastest=True)).run()
    return {"history": [asdict(epoch) for epoch in result.history]}


def rows_of(finished: Sequence[Finished], command: str) -> list[Row]:
    """Errors at the end, and how far apart copy and circuit are."""
    rows: list[Row] = []
    for one in finished:
        if one.result is None:
            continue
        last = one.result["history"][-1]
        case = f"{one.point.name}, epoch {last['epoch']}"
        rows += [
            recorded(f"{case}: copy", last["copy_test_error"], "%", command),
            recorded(f"{case}: settled", last["settled_test_error"], "%", command),
        ]
        lag = last["copy_test_error"] - last["settled_test_error"]
        if one.point.settings["copy_optimizer"] == "plain":
            rows.append(recorded(f"{case}: copy less settled", lag, "%", command))
        else:
            rows.append(at_most(f"{case}: copy less settled", lag, "%", LARGEST_LAG, command))
    return rows


def draw(finished: Sequence[Finished], path: Path) -> Path:
    """Draw the curves of the first seed."""
    curves = [_curve(one.point.name, one.result["history"]) for one in finished if one.result is not None]
    return save_figure(learning_curve_figure(curves[:2], title="Plain steps and affine projections"), path)


def _curve(name: str, history: Sequence[Settings]) -> LearningCurve:
    columns = ("epoch", "copy_test_error", "settled_test_error", "gap")
    return LearningCurve(name, *(np.array([epoch[key] for epoch in history], dtype=np.float64) for key in columns))


def run(config: Config, data_dir: Path | None, folder: Path, jobs: int, console: Console) -> list[Finished]:
    """Train what is missing."""
    return run_points(points(config, data_dir), train, folder, jobs=jobs, console=console)


def main(arguments: list[str] | None = None) -> int:
    """Parse, run, write JSON, CSV and figure; 0 if the projections' copy is as near as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, help="folder of MNIST's four IDX files")
    parser.add_argument("--runs", type=Path, default=Path("runs/copy_gap"), help="where finished points are kept")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="bundled digits, two hidden layers of 30: seconds")
    options = parser.parse_args(arguments)
    config = replace(SMOKE if options.smoke else Config(), seeds=tuple(range(options.seeds)))
    config = config if options.epochs is None else replace(config, epochs=options.epochs)
    console = Console(stderr=True)
    finished = run(config, options.data_dir, options.runs, options.jobs, console)
    command = f"python sim/copy_gap.py{' --smoke' if options.smoke else f' --seeds {options.seeds}'}"
    rows = rows_of(finished, command)
    name = "copy_gap_smoke" if options.smoke else "copy_gap"
    histories = {one.point.name: one.result["history"] for one in finished if one.result is not None}
    seconds = {one.point.name: {"wall": one.seconds, "processor": one.processor_seconds} for one in finished}
    about: dict[str, object] = {
        "config": asdict(config),
        "seeds": list(config.seeds),
        "histories": histories,
        "seconds": seconds,
    }
    save_rows(options.results / f"{name}.json", rows, about)
    draw(finished, options.results / f"{name}.png")
    for row in rows:
        print(f"{row.case}: {row.value:.4g} {row.unit} {row.target} {'' if row.met is None else row.met}")
    if failures(finished):
        print(failures(finished))
    return 0 if all(row.met is not False for row in rows) and not failures(finished) else 1


if __name__ == "__main__":
    raise SystemExit(main())
