"""Conductance levels against on/off ratio: what both families make of MNIST's digits with them.

    python sim/levels_and_range.py --full --data-dir FOLDER
    python sim/levels_and_range.py --smoke

784-50-10, the first 5,000 training images, five epochs, 10,000 test images, one seed: a network and a share of MNIST
of which 132 trainings fit into 20 minutes of one core, so errors are to be compared with each other, not with others'.
A device holds one of 2 to 1,024 levels, evenly spaced in conductance between a low end and a high end 3 to 1,000 times
as large.

The high end stands still and the low end moves. In the first family a weight is the difference of two devices,
w = (G+ - G-)/G0 with G0 = 10 uS and a high end of 2.5 uS, so that the largest weight is 0.25 (1 - 1/ratio) and zero is
always at hand. In the other a weight is one conductance of at most 1 mS that cannot go below 1/ratio of that; it is
nudged by currents, since where many devices stand at the low end a negative conductance has no operating point.

*In place*: every step of every minibatch moves devices by whole levels, and one that ends between two of them goes to
either by a draw whose mean is right.
*Transferred*: trained with continuous devices of the same range, then every device set to its nearest level.

Rates, nudge, the high end and the gain of the inputs were chosen on the last 10,000 training images, which are not
trained on here, with continuous devices at ratios of 250 and 1,000, in the first family also with 16 levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.measurements import Row, recorded
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.flow.sweep import work as measure
from analogeq.report import Figure
from analogeq.report.heat_maps import HeatMap, Ticks, heat_maps_figure

WAYS = ("in place", "transferred")
HIGH = {"hopfield": 2.5e-6, "resistive": 1e-3}
"""High end of the range [S]."""

TRAINING: dict[str, dict[str, Any]] = {
    "hopfield": {
        "rates": "0.2,0.1",
        "copy_rates": "0.5",
        "copy_optimizer": "affine-projection",
        "nudging": "centred",
        "nudged_time": 4.0,
    },
    "resistive": {"rates": "0.02,0.06", "nudge_by": "current"},
}


@dataclass(frozen=True)
class Config:
    """What is varied, and on what."""

    data: str = "mnist"
    layers: tuple[int, ...] = (784, 50, 10)
    train: int | None = 5000
    test: int | None = None
    epochs: int = 5
    batch: int = 20
    input_gain: float = 60.0
    families: tuple[str, ...] = ("hopfield", "resistive")
    levels: tuple[int, ...] = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
    ratios: tuple[float, ...] = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
    seeds: tuple[int, ...] = (0,)


SMOKE = Config(
    data="digits", layers=(64, 12, 10), train=None, epochs=6, input_gain=20.0, families=("resistive",), levels=(4, 256),
    ratios=(3.0, 100.0)
)  # fmt: skip
DEFAULT = Config(train=2000, epochs=2, levels=(4, 32, 256), ratios=(3.0, 30.0, 1000.0))


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Every chip, trained in place and written to; chips that one training is written to stand side by side."""
    return [
        Point(
            f"{family} ratio {ratio:g} levels {levels} {way} seed {seed}",
            {
                **common(config, data_dir),
                "family": family,
                "ratio": ratio,
                "levels": levels,
                "way": way,
                "seed": seed,
                "technology": technology(family, ratio, levels, seed, config.input_gain),
                "training": {
                    **TRAINING[family],
                    "epochs": config.epochs,
                    "batch": config.batch,
                    "transferred": way == "transferred",
                },
            },
        )
        for family in config.families
        for seed in config.seeds
        for ratio in config.ratios
        for way in WAYS
        for levels in config.levels
    ]


def common(config: Config, data_dir: Path | None) -> dict[str, Any]:
    """Settings of every point, as a study's points have them."""
    return {
        "data": config.data,
        "data_dir": None if data_dir is None else str(data_dir),
        "layers": list(config.layers),
        "train": config.train,
        "test": config.test,
        "engine": "native",
        "metrics": ["copy_error", "settled_error"],
        "samples": 1,
    }


def technology(family: str, ratio: float, levels: int, seed: int, gain: float) -> str:
    """Technology file of a chip."""
    high = HIGH[family]
    inputs = f"[inputs]\ngain = {gain!r}\n" if family == "resistive" else ""
    return (
        f'[chip]\nfamily = "{family}"\n{inputs}[crossbar]\nconductance_low = "{high / ratio!r} S"\n'
        f'conductance_high = "{high!r} S"\n[memory]\nlevels = {levels}\nseed = {seed}\n'
    )


def work(settings: Settings, folder: Path) -> Result:
    """Train and measure one chip, or write to it what was trained."""
    where = settings["data_dir"]
    return measure(settings, folder, None if where is None else Path(where))


def rows_of(finished: Sequence[Finished], command: str) -> list[Row]:
    """Errors of every chip, means over seeds."""
    cases: dict[str, list[float]] = {}
    for one in finished:
        if one.result is not None:
            s = one.point.settings
            case = f"{s['family']}, {s['levels']} levels, ratio {s['ratio']:g}, {s['way']}"
            for what in ("settled", "copy"):
                cases.setdefault(f"{case}: {what} error", []).append(one.result["metrics"][f"{what}_error"])
    return [recorded(case, sum(values) / len(values), "%", command) for case, values in cases.items()]


def draw(finished: Sequence[Finished]) -> Figure:
    """A map of settled errors for each family and way."""
    done = [one for one in finished if one.result is not None]
    levels, ratios = (sorted({one.point.settings[key] for one in done}) for key in ("levels", "ratio"))
    maps = [
        HeatMap(
            f"{family}, {way}: test error, settled [%]",
            [[_mean(done, family, way, ratio, count) for count in levels] for ratio in ratios],
        )
        for family in dict.fromkeys(one.point.settings["family"] for one in done)
        for way in WAYS
    ]
    sizes = "-".join(map(str, done[0].point.settings["layers"]))
    count = done[0].point.settings["train"]
    title = f"{sizes} on {'all' if count is None else f'{count:,}'} images of {done[0].point.settings['data']}"
    x, y = Ticks("levels of a device", [str(n) for n in levels]), Ticks("on/off ratio", [f"{r:g}" for r in ratios])
    return heat_maps_figure(maps, x, y, columns=2, title=f"Levels and range: {title}")


def _mean(done: Sequence[Finished], family: str, way: str, ratio: float, levels: int) -> float | None:
    wanted = {"family": family, "way": way, "ratio": ratio, "levels": levels}
    errors = [
        float(one.result["metrics"]["settled_error"])  # type: ignore[index]  # done
        for one in done
        if all(one.point.settings[key] == value for key, value in wanted.items())
    ]
    return sum(errors) / len(errors) if errors else None


EXPERIMENT = Experiment("levels_and_range", __doc__, SMOKE, DEFAULT, Config(), points, work, rows_of, draw)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
