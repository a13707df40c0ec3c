"""Mirrored arrays that differ: what it costs if a weight is not the same in both directions.

    python sim/array_mismatch.py --full --data-dir FOLDER
    python sim/array_mismatch.py --smoke

784-50-50-10 learns the first 5,000 training images of MNIST in eight epochs; all 10,000 test images test it. A chip has
two arrays for each layer of weights between neurons, one read forward and one backward. The backward array's weights
are off by a normal relative error, its own for each chip; learning moves both arrays by the same steps. Inputs are not
driven backward, so the first layer has no second array. Besides 0 % to 20 %, 50 %, to see more of where it leads.

*In place*: trained on that chip. *Transferred*: trained on a chip whose arrays are alike and then written to it. The
gradient's cosine is that of the worst block of weights over 500 test samples: what the chip measures against what one
with equal arrays measures by the same phases and with the same weights, at the end of either training.

A chip is *lost* if its settled error ends more than 5 % above that of the same training with equal arrays; to never
answer one of the ten digits costs 10 %. Seeds of the training with equal arrays end within 2 % of each other.

Rates were chosen, among three sets, on the last 10,000 training images, which are not trained on here, with equal
arrays and one seed.
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
from analogeq.flow.sweep.chips import ERRORS_AND_COSINE, WAYS, Lesson, measured, taught
from analogeq.report import Figure
from analogeq.report.mismatch import MismatchCurve, mismatch_figure

TRAINING: dict[str, Any] = {
    "copy_rates": "0.5",
    "copy_optimizer": "affine-projection",
    "nudging": "centred",
    "free_time": 20.0,
    "nudged_time": 8.0,
}


LOST = 5.0
"""A chip whose error is farther above the one of equal arrays is lost [%]."""


@dataclass(frozen=True)
class Config(Lesson):
    """What is varied, and on what; mismatch in percent. A seed is a training and a chip."""

    layers: tuple[int, ...] = (784, 50, 50, 10)
    rates: str = "0.2,0.1,0.05"
    epochs: int = 8
    samples: int = 500
    percent: tuple[float, ...] = (0.0, 5.0, 10.0, 20.0, 50.0)
    seeds: tuple[int, ...] = tuple(range(12))


SMOKE = Config(
    data="digits", layers=(64, 20, 10), rates="0.4,0.2", train=None, epochs=3, samples=100, percent=(0.0, 20.0, 100.0),
    seeds=(0,)
)  # fmt: skip
DEFAULT = Config(train=2000, epochs=3, percent=(0.0, 20.0), seeds=(0,))


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Each amount and seed: a chip that learns in place, and the same chip written to."""
    base = config.settings(data_dir, list(ERRORS_AND_COSINE), samples=config.samples)
    return [
        Point(
            f"{way} {percent:g} percent seed {seed}",
            {
                **base,
                "way": way,
                "percent": percent,
                "seed": seed,
                "technology": technology(percent, seed),
                "training": config.training({**TRAINING, "rates": config.rates}, way),
            },
        )
        for seed in config.seeds
        for way in WAYS
        for percent in config.percent
    ]


def technology(percent: float, seed: int) -> str:
    """Technology file of a chip."""
    return f'[crossbar]\narrays = "mirrored"\nmirror_mismatch = {percent / 100.0!r}\nmirror_seed = {seed}\n'


def lost(curve: MismatchCurve, amount: int) -> int:
    """How many chips are lost at the amount of this number, the first of which is none."""
    return sum(error - alike > LOST for error, alike in zip(curve.settled[amount], curve.settled[0], strict=True))


def curves(finished: Sequence[Finished]) -> list[MismatchCurve]:
    """One for each way, with every chip's numbers."""
    several = [measured(finished, metric, "way", "percent") for metric in ERRORS_AND_COSINE]
    found = []
    for way in WAYS:
        amounts = tuple(sorted(percent for at, percent in several[0] if at == way))
        if amounts:
            by_amount = (tuple(tuple(of[way, percent]) for percent in amounts) for of in several)
            found.append(MismatchCurve(way, amounts, *by_amount))
    return found


def rows_of(finished: Sequence[Finished], command: str) -> list[Row]:
    """Means over chips, the worst chip's settled error and cosine, and how many chips are lost."""
    rows = []
    for curve in curves(finished):
        for k, percent in enumerate(curve.percent):
            case = f"{percent:g} %, {curve.way}"
            several = (curve.settled[k], curve.copy[k], curve.cosine[k])
            for (name, unit), values in zip(ERRORS_AND_COSINE.values(), several, strict=True):
                rows.append(recorded(f"{case}: {name}", sum(values) / len(values), unit, command))
            rows.append(recorded(f"{case}: settled error, worst chip", max(curve.settled[k]), "%", command))
            rows.append(recorded(f"{case}: gradient cosine, worst chip", min(curve.cosine[k]), "1", command))
            rows.append(recorded(f"{case}: chips lost", lost(curve, k), f"of {len(curve.settled[k])}", command))
    return rows


def draw(finished: Sequence[Finished]) -> Figure:
    """Errors and cosines against mismatch."""
    s = finished[0].point.settings
    chips = len({one.point.settings["seed"] for one in finished})
    title = f"Mirrored arrays that differ: {'-'.join(map(str, s['layers']))} on {s['data']}, {chips} chips each"
    return mismatch_figure(curves(finished), title=title)


EXPERIMENT = Experiment("array_mismatch", __doc__, SMOKE, DEFAULT, Config(), points, taught, rows_of, draw)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
