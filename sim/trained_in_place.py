"""What learning in the circuit absorbs of what a transferred network suffers, and what it pays for.

    python sim/trained_in_place.py --full --jobs 2
    python sim/trained_in_place.py --smoke

Both circuit families, 64-32-10 on the bundled digits (1,500 to train, 297 to test), each device short of ideal in one
way at a time, by more and more of it: the noise of a write, of continuous devices and of devices of 64 levels; the
bend P/A of pulsed updates, G(n) = G_low + B (1 - exp(-n/A)) with P pulses from end to end, in both directions, so that
a pulse up and one down differ by where the device stands; devices stuck at the low end, the high end or open, in
equal parts; and the tolerance of every device's resistance.

*In place*: every step of every minibatch goes through the chip's devices. A continuous device is written anew by every
step, however small, and gets a new error each time; one of 64 levels is written only when a draw says so, whose
chance is the step over the distance of two levels. *Transferred*: trained with ideal devices, then written once to the
same chip, the same seed drawing its devices. A transfer writes to exact targets but for the write noise, so a bend,
which only pulses have, costs it nothing. Errors are of settled circuits on the test samples; in place, also of the
digital copy that the circuit taught and that is deployed alone.

Rates and epochs were chosen on validation samples, with ideal devices alone; 64 levels after a look, in scratch runs of
one seed, at the test errors of 16, 32, 64 and 128.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from analogeq.circuit import compile_circuit
from analogeq.controller import Schedule
from analogeq.data import Dataset, load
from analogeq.engines import engine
from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.families import AnyConfig
from analogeq.flow.measurements import Row, recorded
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.hardware import technology_from_toml
from analogeq.network import Network
from analogeq.report import Figure
from analogeq.report.in_place import InPlaceCurve, in_place_figure
from analogeq.training import Learned, ResistiveTrainingConfig, Trainer, TrainingConfig, error_percent

CHIPS = {
    "hopfield": '[chip]\nfamily = "hopfield"\n[crossbar]\nconductance_low = "1 uS"\nconductance_high = "21 uS"\n',
    "resistive": (
        '[chip]\nfamily = "resistive"\n[inputs]\ngain = 20.0\n'
        '[crossbar]\nconductance_low = "10 uS"\nconductance_high = "1 mS"\n'
    ),
}
"""Weights of up to 2 in the one, where ideal training stays below 0.8; an on/off ratio of 100 in the other."""

SHORTCOMINGS = {
    "write noise": "standard deviation of a write [% of the range]",
    "write noise at 64 levels": "the same, written by 64 levels [% of the range]",
    "bend": "bend of pulsed updates P/A",
    "stuck": "stuck devices [%]",
    "tolerance": "tolerance of a device's resistance [±%]",
}


@dataclass(frozen=True)
class Config:
    """What is varied, and how long is trained; noises, shares and tolerances in percent."""

    hidden: int = 32
    epochs: int = 8
    train: int | None = None
    families: tuple[str, ...] = ("hopfield", "resistive")
    write_noise: tuple[float, ...] = (0.5, 1.0, 2.0, 5.0, 10.0)
    bend: tuple[float, ...] = (1.0, 2.0, 5.0)
    stuck: tuple[float, ...] = (2.0, 5.0, 10.0, 20.0)
    tolerance: tuple[float, ...] = (10.0, 20.0, 50.0)
    pulses: float = 1000.0
    seeds: tuple[int, ...] = (0, 1, 2)


SMOKE = Config(
    train=300, epochs=4, families=("resistive",), write_noise=(10.0,), bend=(5.0,), stuck=(20.0,), tolerance=(50.0,),
    seeds=(0,),
)  # fmt: skip


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """One chip each: no shortcoming, linear pulses, and every amount of every shortcoming."""
    del data_dir  # the digits are bundled
    amounts = {
        "none": (0.0,),
        "write noise": config.write_noise,
        "write noise at 64 levels": (0.0, *config.write_noise),
        "bend": (0.0, *config.bend),
        "stuck": config.stuck,
        "tolerance": config.tolerance,
    }
    base = {key: value for key, value in asdict(config).items() if key in ("hidden", "epochs", "train")}
    return [
        Point(
            f"{family} {what} {amount:g} seed {seed}",
            {
                **base,
                "family": family,
                "shortcoming": what,
                "amount": amount,
                "seed": seed,
                "memory": {**memory_keys(what, amount, config.pulses), "seed": seed},
            },
        )
        for family in config.families
        for what, several in amounts.items()
        for amount in several
        for seed in config.seeds
    ]


def memory_keys(what: str, amount: float, pulses: float) -> dict[str, float]:
    """Keys of ``[memory]`` for an amount of a shortcoming."""
    part = amount / 100.0
    return {
        "none": {},
        "write noise": {"write_sd_of_range": part},
        "write noise at 64 levels": {"write_sd_of_range": part, "levels": 64},
        "bend": {"pulses_up": pulses, **({"constant_up": pulses / amount} if amount else {})},
        "stuck": {"stuck_low": part / 3.0, "stuck_high": part / 3.0, "stuck_open": part / 3.0},
        "tolerance": {"resistance_tolerance": part},
    }[what]


def train(settings: Settings, folder: Path) -> Result:
    """Train in place, train ideally and transfer; nothing is kept in ``folder``."""
    del folder
    data = _data(settings["train"])
    ideal = _ideally(*(settings[key] for key in ("family", "hidden", "epochs", "train", "seed")))
    memory = "[memory]\n" + "".join(f"{key} = {value!r}\n" for key, value in settings["memory"].items())
    in_place, learned = _trained(settings, memory, data)
    return {
        "in place": in_place,
        "copy": error_percent(learned[1], data.y_test),
        "transferred": _transferred(settings, memory, data, ideal),
    }


@cache
def _ideally(family: str, hidden: int, epochs: int, train: int | None, seed: int) -> Learned:
    """What ideal devices learn: once for all the chips that it is transferred to."""
    settings = {"family": family, "hidden": hidden, "epochs": epochs, "seed": seed}
    return _trained(settings, "", _data(train))[1][0]


def _data(train: int | None) -> Dataset:
    found = load("digits")
    return replace(found, x_train=found.x_train[:train], y_train=found.y_train[:train])


def config_of(settings: Settings) -> AnyConfig:
    """How a family is trained."""
    shared: dict[str, Any] = {
        "epochs": settings["epochs"],
        "batch_size": 20,
        "seed": settings["seed"],
        "evaluate_settled_every": 0,
    }
    if settings["family"] == "resistive":
        return ResistiveTrainingConfig(rates=(0.02, 0.06), **shared)
    return TrainingConfig(
        rates=(0.4, 0.2),
        copy_rates=(0.5, 0.5),
        copy_optimizer="affine-projection",
        scale=0.7,
        schedule=Schedule(nudging="centred", free_time=10.0, nudged_time=4.0),
        **shared,
    )


def _session(settings: Settings, memory: str, data: Dataset) -> Any:
    technology = technology_from_toml(CHIPS[settings["family"]] + memory)
    network = Network.layered((data.n_inputs, settings["hidden"], data.n_classes))
    return engine("native").open(compile_circuit(network, technology))


def _trained(settings: Settings, memory: str, data: Dataset) -> tuple[float, tuple[Learned, Any]]:
    """Settled test error [%], what was learned, and the copy's outputs."""
    with _session(settings, memory, data) as session:
        trainer: Trainer = Trainer(session, data, config_of(settings))
        history = trainer.run().history
        error = history[-1].settled_test_error
        assert error is not None  # the last epoch is always measured  # noqa: S101
        return error, (trainer.learner.learned(), trainer.learner.copy.outputs(data.x_test))


def _transferred(settings: Settings, memory: str, data: Dataset, learned: Learned) -> float:
    """Settled test error [%] of ideally trained parameters on a chip that they are written to once."""
    with _session(settings, memory, data) as session:
        learner = config_of(settings).learner(session, np.dtype(data.x_train.dtype).type)
        learner.restore(Learned(learned.circuit, learned.copy))
        return error_percent(learner.outputs(learner.settled(data.x_test)), data.y_test)


def curves(finished: Sequence[Finished]) -> list[InPlaceCurve]:
    """Errors of all seeds against the amount of each shortcoming; no amount of it is the chip without any."""
    done = [one for one in finished if one.result is not None]
    found = []
    for family in dict.fromkeys(one.point.settings["family"] for one in done):
        for what, label in SHORTCOMINGS.items():
            none = [] if what in ("bend", "write noise at 64 levels") else _of(done, family, "none")
            runs = [*none, *_of(done, family, what)]
            amounts = sorted({one.point.settings["amount"] for one in runs})
            errors = {
                how: tuple(
                    tuple(float(one.result[how]) for one in runs if one.point.settings["amount"] == amount)  # type: ignore[index]  # done
                    for amount in amounts
                )
                for how in ("in place", "copy", "transferred")
            }
            found.append(InPlaceCurve(family, label, tuple(amounts), errors))
    return found


def _of(done: Sequence[Finished], family: str, what: str) -> list[Finished]:
    return [one for one in done if (one.point.settings["family"], one.point.settings["shortcoming"]) == (family, what)]


def rows_of(finished: Sequence[Finished], command: str) -> list[Row]:
    """Mean error over the seeds of every chip."""
    rows = []
    names = {label: what for what, label in SHORTCOMINGS.items()}
    for curve in curves(finished):
        for how, errors in curve.errors.items():
            rows += [
                recorded(
                    f"{curve.family}, {names[curve.label]} {amount:g}: {how}", float(np.mean(several)), "%", command
                )
                for amount, several in zip(curve.amounts, errors, strict=True)
            ]
    return rows


def draw(finished: Sequence[Finished]) -> Figure:
    """A panel for each family and shortcoming."""
    return in_place_figure(
        curves(finished), title="Trained in place, or trained ideally and then written: 64-32-10, digits"
    )


EXPERIMENT = Experiment("trained_in_place", __doc__, SMOKE, Config(seeds=(0,)), Config(), points, train, rows_of, draw)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
