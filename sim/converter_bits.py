"""DAC bits against ADC bits: errors and gradients of networks that learn through converters.

    python sim/converter_bits.py --full --data-dir FOLDER
    python sim/converter_bits.py --smoke

784-50-10 learns the first 5,000 training images of MNIST in five epochs; all 10,000 test images test it. DACs put
out the inputs and the tether's predictions, ADCs read the neurons in both phases; both round to 2^bits - 1 steps of the
rail and do nothing else wrong. Everything is learned through them, the digital copy included, which sees inputs as
they are and learns what the ADCs read.

The gradient's cosine is that of the worst block of weights at the end of the training, over 500 test samples: what is
measured through these converters against what the same phases would give without any, with the same weights.

The settings are those of `levels_and_range.py`, chosen there on training images that are not trained on, without
converters.
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
from analogeq.flow.sweep.chips import ERRORS_AND_COSINE, Lesson, lesson_of, means, taught
from analogeq.report import Figure
from analogeq.report.heat_maps import HeatMap, Ticks, heat_maps_figure

IDEAL = 0
"""Stands for converters that round nothing."""

TRAINING: dict[str, Any] = {
    "rates": "0.2,0.1",
    "copy_rates": "0.5",
    "copy_optimizer": "affine-projection",
    "nudging": "centred",
    "nudged_time": 4.0,
}


@dataclass(frozen=True)
class Config(Lesson):
    """What is varied, and on what; 0 bits are an ideal converter."""

    samples: int = 500
    dac: tuple[int, ...] = (1, 2, 3, 4, 6, 8, IDEAL)
    adc: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 8, 10, 12, IDEAL)
    seeds: tuple[int, ...] = (0, 1, 2, 3)


SMOKE = Config(data="digits", layers=(64, 15, 10), train=600, samples=100, dac=(2, IDEAL), adc=(2, 12), seeds=(0,))
DEFAULT = Config(train=2000, epochs=2, dac=(1, 4, IDEAL), adc=(2, 4, 8, IDEAL), seeds=(0,))


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """One for each pair of resolutions."""
    base = config.settings(data_dir, list(ERRORS_AND_COSINE), samples=config.samples)
    training = config.training(TRAINING)
    return [
        Point(
            f"dac {named(dac)} adc {named(adc)} seed {seed}",
            {
                **base,
                "dac": dac,
                "adc": adc,
                "seed": seed,
                "technology": technology(dac, adc),
                "training": training,
            },
        )
        for seed in config.seeds
        for dac in config.dac
        for adc in config.adc
    ]


def technology(dac: int, adc: int) -> str:
    """Technology file of a chip with these converters."""
    bits = ['"ideal"' if n == IDEAL else str(n) for n in (dac, adc)]
    return f"[dac]\nbits = {bits[0]}\n[adc]\nbits = {bits[1]}\n"


def named(bits: int) -> str:
    """Resolution for names and ticks."""
    return "ideal" if bits == IDEAL else str(bits)


def rows_of(finished: Sequence[Finished], command: str) -> list[Row]:
    """Errors and cosines of every pair, means over seeds."""
    return [
        recorded(f"DAC {named(dac)}, ADC {named(adc)}: {name}", value, unit, command)
        for metric, (name, unit) in ERRORS_AND_COSINE.items()
        for (dac, adc), value in means(finished, metric, "dac", "adc").items()
    ]


def draw(finished: Sequence[Finished]) -> Figure:
    """A map of each metric, the finest converters at its upper right."""
    cells = {metric: means(finished, metric, "dac", "adc") for metric in ERRORS_AND_COSINE}
    dacs, adcs = (sorted({at[k] for at in cells["copy_error"]}, key=lambda bits: (bits == IDEAL, bits)) for k in (0, 1))
    titles = {
        "settled_error": "test error, settled [%]",
        "copy_error": "test error, copy alone [%]",
        "phase_cosine": "gradient's cosine with ideal converters'",
    }
    maps = [
        HeatMap(
            titles[metric],
            [[cells[metric].get((dac, adc)) for adc in adcs] for dac in dacs],
            decades=metric != "phase_cosine",
            better="high" if metric == "phase_cosine" else "low",
        )
        for metric in ERRORS_AND_COSINE
    ]
    title = f"Learning through converters: {lesson_of(finished)}"
    x, y = Ticks("ADC [bits]", [named(n) for n in adcs]), Ticks("DAC [bits]", [named(n) for n in dacs])
    return heat_maps_figure(maps, x, y, columns=len(maps), title=title)


EXPERIMENT = Experiment("converter_bits", __doc__, SMOKE, DEFAULT, Config(), points, taught, rows_of, draw)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
