"""Conductance levels against on/off ratio: what both families make of MNIST's digits with them.

    python sim/levels_and_range.py --full --data-dir FOLDER
    python sim/levels_and_range.py --smoke

784-50-10, the first 5,000 training images, five epochs, 10,000 test images, three seeds: a network and a share of MNIST
that leave time for hundreds of trainings, so errors are to be compared with each other, not with others'.
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
trained on here, with continuous devices at ratios of 250 and 1,000, in the first family also with 16 levels. *Chosen
resistive* chips have the start, cost, input gain and rates that `range_settings.py` found best for their ratio on those
images, written to 1,024 levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.measurements import Row, recorded
from analogeq.flow.points import Finished, Point
from analogeq.flow.sweep.chips import WAYS, Lesson, lesson_of, means, taught
from analogeq.report import Figure
from analogeq.report.heat_maps import HeatMap, Ticks, heat_maps_figure

KEYS = ("family", "way", "ratio", "levels")
"""Settings that tell chips apart."""

CHOSEN = "chosen resistive"
"""Chips of the resistive family whose settings were chosen for their ratio."""

HIGH = {"hopfield": 2.5e-6, "resistive": 1e-3, CHOSEN: 1e-3}
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
class Choice:
    """How chips of one on/off ratio are best trained; rates of both layers, temperature [V]."""

    ratio: float
    input_gain: float
    rates: str
    cost: str
    temperature: float | None
    first_spread: float | None

    def options(self) -> dict[str, Any]:
        """Options of a training; those that are None are left to the family."""
        named = {name: getattr(self, name) for name in ("rates", "cost", "temperature", "first_spread")}
        return {"nudge_by": "current", **{name: value for name, value in named.items() if value is not None}}


@dataclass(frozen=True)
class Config(Lesson):
    """What is varied, and on what."""

    input_gain: float = 60.0
    families: tuple[str, ...] = ("hopfield", "resistive", CHOSEN)
    chosen: tuple[Choice, ...] = (
        Choice(3.0, 3000.0, "0.1,0.3", "cross-entropy", 0.1, 0.2),
        Choice(10.0, 600.0, "0.1,0.3", "cross-entropy", 0.1, 0.2),
        Choice(30.0, 600.0, "0.03,0.09", "cross-entropy", 0.1, 0.2),
        Choice(1000.0, 60.0, "0.01,0.03", "cross-entropy", 0.1, None),
    )
    levels: tuple[int, ...] = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
    ratios: tuple[float, ...] = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
    chosen_levels: tuple[int, ...] = (2, 8, 32, 128, 1024)
    seeds: tuple[int, ...] = (0, 1, 2)


SMOKE = Config(
    data="digits", layers=(64, 12, 10), train=None, epochs=6, input_gain=20.0, families=("resistive", CHOSEN),
    levels=(4, 256), ratios=(3.0, 100.0), seeds=(0,), chosen_levels=(4, 256), chosen=(
        Choice(3.0, 300.0, "0.03,0.09", "cross-entropy", 0.1, 0.2),
        Choice(100.0, 20.0, "0.02,0.06", "squared-error", None, None),
    ),
)  # fmt: skip
DEFAULT = Config(
    train=2000, epochs=2, levels=(4, 32, 256), ratios=(3.0, 30.0, 1000.0), chosen_levels=(32, 1024), seeds=(0,)
)  # fmt: skip


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Every chip, trained in place and written to; chips that one training is written to stand side by side."""
    return [
        Point(
            f"{family} ratio {ratio:g} levels {levels} {way} seed {seed}",
            {
                **config.settings(data_dir, ["copy_error", "settled_error"]),
                "family": family,
                "ratio": ratio,
                "levels": levels,
                "way": way,
                "seed": seed,
                "technology": technology(family, ratio, levels, seed, _gain(config, family, ratio)),
                "training": config.training(_options(config, family, ratio), way),
            },
        )
        for family in config.families
        for seed in config.seeds
        for ratio, several in chips(config, family)
        for way in WAYS
        for levels in several
    ]


def chips(config: Config, family: str) -> list[tuple[float, tuple[int, ...]]]:
    """Ratios of a family, each with its numbers of levels."""
    if family == CHOSEN:
        return [(choice.ratio, config.chosen_levels) for choice in config.chosen]
    return [(ratio, config.levels) for ratio in config.ratios]


def _choice(config: Config, ratio: float) -> Choice:
    return next(choice for choice in config.chosen if choice.ratio == ratio)


def _gain(config: Config, family: str, ratio: float) -> float:
    return _choice(config, ratio).input_gain if family == CHOSEN else config.input_gain


def _options(config: Config, family: str, ratio: float) -> dict[str, Any]:
    return _choice(config, ratio).options() if family == CHOSEN else TRAINING[family]


def technology(family: str, ratio: float, levels: int, seed: int, gain: float) -> str:
    """Technology file of a chip."""
    high = HIGH[family]
    inputs = "" if family == "hopfield" else f"[inputs]\ngain = {gain!r}\n"
    kind = "resistive" if family == CHOSEN else family
    return (
        f'[chip]\nfamily = "{kind}"\n{inputs}[crossbar]\nconductance_low = "{high / ratio!r} S"\n'
        f'conductance_high = "{high!r} S"\n[memory]\nlevels = {levels}\nseed = {seed}\n'
    )


def rows_of(finished: Sequence[Finished], command: str) -> list[Row]:
    """Errors of every chip, means over seeds."""
    errors = {what: means(finished, f"{what}_error", *KEYS) for what in ("settled", "copy")}
    return [
        recorded(
            f"{family}, {levels} levels, ratio {ratio:g}, {way}: {what} error",
            errors[what][family, way, ratio, levels],
            "%",
            command,
        )
        for family, way, ratio, levels in errors["settled"]
        for what in errors
    ]


def draw(finished: Sequence[Finished]) -> Figure:
    """A map of settled errors for each family and way."""
    errors = means(finished, "settled_error", *KEYS)
    levels, ratios = (sorted({at[k] for at in errors}) for k in (3, 2))
    maps = [
        HeatMap(
            f"{family}, {way}: test error, settled [%]",
            [[errors.get((family, way, ratio, count)) for count in levels] for ratio in ratios],
        )
        for family in dict.fromkeys(at[0] for at in errors)
        for way in WAYS
    ]
    x, y = Ticks("levels of a device", [str(n) for n in levels]), Ticks("on/off ratio", [f"{r:g}" for r in ratios])
    return heat_maps_figure(maps, x, y, columns=2, title=f"Levels and range: {lesson_of(finished)}")


EXPERIMENT = Experiment("levels_and_range", __doc__, SMOKE, DEFAULT, Config(), points, taught, rows_of, draw)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
