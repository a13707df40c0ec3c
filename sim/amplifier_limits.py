"""Amplifiers that drive only so far and so fast: which of their specifications a chip needs to settle and to learn.

    python sim/amplifier_limits.py --full --jobs 2
    python sim/amplifier_limits.py --smoke

64-30-10 on the bundled digits (1,500 to train, 297 to test), in the default technology: a rail of 1 V, neurons of
G0 = 10 uS and 1 pF, whose own pole is at 1.6 MHz. One limit at a time: the voltage that word lines reach at most; the
largest current a conveyor sends into its neuron; one pole in every follower and in every conveyor, at the same
frequency. Phases keep their time, 10 and 4 time constants of a neuron: slower amplifiers settle less in them.

*In place*: trained on that chip. *Transferred*: trained on a chip without limits and then written to it. Errors are of
the circuit after a free phase that starts from the copy's prediction; in place, also of the copy that it taught.

Rates were taken over from `trained_in_place`, where they were chosen on validation samples with ideal amplifiers.
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
from analogeq.flow.sweep.chips import WAYS, Lesson, measured, taught
from analogeq.report import Figure
from analogeq.report.in_place import InPlaceCurve, in_place_figure

TRAINING: dict[str, Any] = {
    "rates": "0.4,0.2",
    "copy_rates": "0.5",
    "copy_optimizer": "affine-projection",
    "nudging": "centred",
    "free_time": 10.0,
    "nudged_time": 4.0,
}

ERRORS = {"settled_error": "settled error", "copy_error": "copy error"}

LIMITS = {
    "swing": ("highest voltage of word lines [V]", "V"),
    "current": ("largest current of a conveyor [µA]", "µA"),
    "bandwidth": ("pole of followers and conveyors [MHz]", "MHz"),
}
"""What is limited: its abscissa, and the unit of its amounts."""


@dataclass(frozen=True)
class Config(Lesson):
    """What is varied, and on what; the default technology has none of these limits."""

    data: str = "digits"
    layers: tuple[int, ...] = (64, 30, 10)
    train: int | None = None
    epochs: int = 8
    swing: tuple[float, ...] = (0.2, 0.4, 0.6, 0.8, 1.0)
    current: tuple[float, ...] = (2.0, 5.0, 10.0, 20.0, 50.0)
    bandwidth: tuple[float, ...] = (0.8, 1.6, 4.0, 16.0)
    seeds: tuple[int, ...] = (0, 1)


SMOKE = Config(train=200, epochs=2, swing=(0.2, 1.0), current=(), bandwidth=(1.6,), seeds=(0,))
DEFAULT = Config(epochs=3, swing=(0.2, 1.0), current=(2.0, 50.0), bandwidth=(0.8, 16.0), seeds=(0,))


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Each amount of each limit, and each seed: a chip that learns in place, and the same chip written to."""
    base = config.settings(data_dir, list(ERRORS))
    return [
        Point(
            f"{way} {what} {amount:g} seed {seed}",
            {
                **base,
                "way": way,
                "limit": what,
                "amount": amount,
                "seed": seed,
                "technology": technology(what, amount),
                "training": config.training(TRAINING, way),
            },
        )
        for seed in config.seeds
        for way in WAYS
        for what in LIMITS
        for amount in getattr(config, what)
    ]


def technology(what: str, amount: float) -> str:
    """Technology file of a chip."""
    keys = {
        "swing": f'follower_high = "{amount!r} V"',
        "current": f'sense_current_limit = "{amount!r} uA"',
        "bandwidth": f'follower_bandwidth = "{amount!r} MHz"\nsense_bandwidth = "{amount!r} MHz"',
    }
    return f"[amplifiers]\n{keys[what]}\n"


def curves(finished: Sequence[Finished]) -> list[InPlaceCurve]:
    """One panel a limit."""
    settled, copy = (measured(finished, metric, "way", "limit", "amount") for metric in ERRORS)
    found = []
    for what, (label, _) in LIMITS.items():
        amounts = tuple(sorted(amount for way, limit, amount in settled if (way, limit) == (WAYS[0], what)))
        if amounts:
            errors = {way: tuple(tuple(settled[way, what, amount]) for amount in amounts) for way in WAYS}
            errors["copy"] = tuple(tuple(copy[WAYS[0], what, amount]) for amount in amounts)
            found.append(InPlaceCurve("hopfield", label, amounts, errors, logarithmic=what != "swing"))
    return found


def rows_of(finished: Sequence[Finished], command: str) -> list[Row]:
    """Means over seeds."""
    rows = []
    for metric, name in ERRORS.items():
        for (way, what, amount), values in measured(finished, metric, "way", "limit", "amount").items():
            case = f"{what} {amount:g} {LIMITS[what][1]}, {way}: {name}"
            rows.append(recorded(case, sum(values) / len(values), "%", command))
    return rows


def draw(finished: Sequence[Finished]) -> Figure:
    """Errors against each limit."""
    s = finished[0].point.settings
    seeds = len({one.point.settings["seed"] for one in finished})
    title = f"Amplifiers' limits: {'-'.join(map(str, s['layers']))} on {s['data']}, {seeds} seed{'s' * (seeds > 1)}"
    return in_place_figure(curves(finished), title=title)


EXPERIMENT = Experiment("amplifier_limits", __doc__, SMOKE, DEFAULT, Config(), points, taught, rows_of, draw)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
