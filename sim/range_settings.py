"""What a narrow range asks for: start, cost, input gain and rates of resistive chips, chosen for each on/off ratio.

    python sim/range_settings.py --full --data-dir FOLDER
    python sim/range_settings.py --smoke

The chips, the network and the images of `levels_and_range.py`, one seed, trained with continuous devices and written to
1,024 levels; errors are those of the last 10,000 training images, which are not trained on here, and the test set is
not looked at. For each ratio every combination is tried of

- the *start*: first conductances drawn by fan-in, as the published networks' are, and clipped to the range, which in a
  narrow one is its low end for all of them; or half of them drawn over a fifth of the range above its low end;
- the *cost*: squared error against targets of 0 V and 1 V, or cross-entropy with a temperature of 0.1 V;
- the gain of the inputs, volts of an input for a signal of 1, and the rate of the first layer; that of the second is
  three times as large.

What is best here is what `levels_and_range.py` trains its chosen chips with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.measurements import Row, recorded
from analogeq.flow.points import Finished, Point
from analogeq.flow.sweep.chips import Lesson, lesson_of, measured, taught
from analogeq.hardware import ResistiveTechnology, to_toml
from analogeq.hardware.memory import Levels, Memory
from analogeq.report import Figure
from analogeq.report.choices import ChoiceCurve, choices_figure

HIGH = 1e-3
"""High end of the range [S]."""

STARTS: dict[str, dict[str, Any]] = {"by fan-in": {}, "in the range": {"first_spread": 0.2}}
COSTS: dict[str, dict[str, Any]] = {
    "squared error": {"cost": "squared-error"},
    "cross-entropy": {"cost": "cross-entropy", "temperature": 0.1},
}
SECOND = 3.0
"""Rate of the second layer over that of the first."""

KEYS = ("ratio", "start", "cost", "gain", "rate")


@dataclass(frozen=True)
class Config(Lesson):
    """What is varied, and on what."""

    levels: int = 1024
    ratios: tuple[float, ...] = (3.0, 10.0, 30.0, 1000.0)
    gains: tuple[float, ...] = (60.0, 600.0, 3000.0)
    rates: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3)
    seeds: tuple[int, ...] = (0,)


SMOKE = Config(
    data="digits", layers=(64, 12, 10), train=None, epochs=6, ratios=(3.0, 100.0), gains=(30.0, 300.0), rates=(0.03,)
)
DEFAULT = Config(train=2000, epochs=2, ratios=(3.0, 1000.0), gains=(60.0, 1000.0), rates=(0.03, 0.1))


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Every combination at every ratio."""
    return [
        Point(
            f"ratio {ratio:g} {start} {cost} gain {gain:g} rate {rate:g} seed {seed}",
            {
                **config.settings(data_dir, ["copy_error", "settled_error"]),
                "validation": True,
                "ratio": ratio,
                "start": start,
                "cost": cost,
                "gain": gain,
                "rate": rate,
                "seed": seed,
                "technology": technology(ratio, gain, config.levels, seed),
                "training": config.training(options(start, cost, rate), "transferred"),
            },
        )
        for seed in config.seeds
        for ratio, start, cost, gain, rate in product(config.ratios, STARTS, COSTS, config.gains, config.rates)
    ]


def options(start: str, cost: str, rate: float) -> dict[str, Any]:
    """Options of a training."""
    return {"rates": f"{rate:g},{SECOND * rate:g}", "nudge_by": "current", **STARTS[start], **COSTS[cost]}


def technology(ratio: float, gain: float, levels: int, seed: int) -> str:
    """Technology file of a chip."""
    memory = Memory(levels=Levels(levels), seed=seed)
    return to_toml(
        ResistiveTechnology(conductance_low=HIGH / ratio, conductance_high=HIGH, input_gain=gain, memory=memory)
    )


Best = dict[tuple[float, str, str], tuple[float, float, float]]


def best_of(finished: Sequence[Finished]) -> Best:
    """Least settled error [%], with its gain and rate, of each ratio, start and cost; means over seeds."""
    found: Best = {}
    for (ratio, start, cost, gain, rate), errors in measured(finished, "settled_error", *KEYS).items():
        tried = sum(errors) / len(errors), gain, rate
        at = ratio, start, cost
        found[at] = min(found.get(at, tried), tried)
    return found


def rows_of(finished: Sequence[Finished], command: str) -> list[Row]:
    """The best of each start and cost at every ratio, and which settings gave it."""
    rows = []
    for (ratio, start, cost), (error, gain, rate) in best_of(finished).items():
        case = f"ratio {ratio:g}, {start}, {cost}"
        rows += [
            recorded(f"{case}: settled validation error", error, "%", command),
            recorded(f"{case}: input gain", gain, "1", command),
            recorded(f"{case}: rate of the first layer", rate, "1", command),
        ]
    return rows


def draw(finished: Sequence[Finished]) -> Figure:
    """The best error of each start and cost against the ratio."""
    best = best_of(finished)
    kinds = dict.fromkeys((start, cost) for _, start, cost in best)
    curves = [
        ChoiceCurve(
            f"start {start}, {cost}",
            *zip(*((ratio, *best[ratio, start, cost]) for ratio, *kind in best if kind == [start, cost]), strict=True),
        )
        for start, cost in kinds
    ]
    return choices_figure(curves, title=f"What a narrow range asks for: {lesson_of(finished)}, validation")


EXPERIMENT = Experiment("range_settings", __doc__, SMOKE, DEFAULT, Config(), points, taught, rows_of, draw)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
