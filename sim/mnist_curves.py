"""Learning curves on MNIST: Fig. 2 of O'Connor, Gavves and Welling (ICLR 2019).

    python sim/mnist_curves.py --full --data-dir FOLDER --jobs 2
    python sim/mnist_curves.py --smoke

Plain equilibrium propagation from zero against initialised equilibrium propagation, whose feedforward copy starts
each phase and holds it by the tether lambda (in the energy lambda/2 |s - s^f|^2, as the authors' code has it):
784-500-10 with beta ±.5, rates .1 .05, T+ 4, T- 4 and 20; 784-500-500-500-10 with beta ±1, rates .128 .032 .008 .002,
T+ 8, T- 20 and 50. Batch 20, Euler steps of .5, Glorot uniform weights, zero biases, a copy drawn independently.

Images are the first 50,000 of the training files, in their order, every epoch, as in the authors' published code
(github.com/QUVA-Lab/init-eqprop; its minibatches and data come from github.com/QUVA-Lab/artemis, where they run in
order and where "test set" names the other 10,000 training images). Here both these, called validation, and the true
test set are measured after every epoch, on the same weights. Two cases train on all 60,000 images, shuffled each epoch.
One difference is known: the authors' free phase starts from s^f as it is, here from s^f held between the rails.

The deep network's T- 50 takes the quickest settling that comes as near to equilibrium as 50 Euler steps do
(`DigitalSettings.fastest`), all other phases are exactly the Euler steps. Its epochs, 20 with a copy and 6 without,
are what an hour of one core allows, not the paper's 200. A run that was stopped goes on from its last epoch; a
finished one is kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from analogeq.controller import Schedule
from analogeq.data import Dataset, load
from analogeq.files import write_text_atomically
from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.measurements import Row, at_least, at_most, recorded
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.network import Network
from analogeq.report import Figure
from analogeq.report.seed_curves import SeedCurves, seed_curves_figure
from analogeq.training import DigitalEpoch, DigitalSettings, DigitalTrainer, TrainingConfig

EPSILON = 0.5
FAILS = 10.0
"""Error [%] above which a curve has failed: four times what the same network reaches otherwise."""

DECIDING = ("free_steps", "tether", "shuffled", "fastest")


@dataclass(frozen=True)
class Net:
    """A network and what the paper trains it with.

    Attributes
    ----------
    hidden : tuple of int
    rates : tuple of float
        Of circuit and copy, for each layer after the inputs.
    beta : float
        Its sign is drawn for each minibatch.
    nudged_steps : int
        T+.
    epochs : int
    """

    hidden: tuple[int, ...]
    rates: tuple[float, ...]
    beta: float
    nudged_steps: int
    epochs: int


@dataclass(frozen=True)
class Case:
    """One curve.

    Attributes
    ----------
    net : Net
    free_steps : int
        T-.
    tether : float or None
        Lambda; None is plain equilibrium propagation, from zero and without a copy.
    shuffled : bool
        All 60,000 images in a new order each epoch, not the first 50,000 as stored.
    fastest : bool
        Not the Euler steps themselves but the quickest way as near to equilibrium.
    seeds : int
        How many of the config's seeds.
    known : tuple of float or None
        Errors of copy and settled network on the true test set that an independent re-implementation
        with these settings reached with one seed [%]; None where there is no copy.
    fails : bool
        Whether it is to fail.
    """

    net: Net
    free_steps: int
    tether: float | None
    shuffled: bool = False
    fastest: bool = False
    seeds: int = 1
    known: tuple[float | None, float] | None = None
    fails: bool = False

    @property
    def label(self) -> str:
        """As rows and figure call it."""
        way = "plain" if self.tether is None else f"initialised lambda {self.tether:g}"
        return f"T- {self.free_steps} {way}{' all images' if self.shuffled else ''}"

    @property
    def network(self) -> str:
        """Hidden layers."""
        return "-".join(map(str, self.net.hidden))


@dataclass(frozen=True)
class Config:
    """Curves and seeds, on ``data``, in minibatches of ``batch``."""

    data: str
    cases: tuple[Case, ...]
    seeds: tuple[int, ...]
    batch: int = 20


SMALL = Net((500,), (0.1, 0.05), 0.5, 4, 50)
DEEP = Net((500, 500, 500), (0.128, 0.032, 0.008, 0.002), 1.0, 8, 20)
BRIEF_DEEP = replace(DEEP, epochs=6)
TINY = Net((40,), (0.1, 0.05), 0.5, 4, 30)
FULL = Config(
    "mnist",
    (
        Case(SMALL, 20, None, seeds=3, known=(None, 2.59)),
        Case(SMALL, 4, None, seeds=3, fails=True),
        Case(SMALL, 20, 0.1, seeds=3, known=(2.42, 2.50)),
        Case(SMALL, 4, 0.1, seeds=4, known=(2.36, 2.74)),
        Case(SMALL, 20, 0.1, shuffled=True, seeds=3, known=(2.12, 2.17)),
        Case(SMALL, 4, 1.0, shuffled=True, seeds=2, known=(2.14, 2.24)),
        Case(BRIEF_DEEP, 20, None),
        Case(DEEP, 20, 0.1),
        Case(BRIEF_DEEP, 50, None, fastest=True),
        Case(DEEP, 50, 0.1, fastest=True),
    ),
    (0, 1, 2, 3),
)
BRIEF = replace(SMALL, epochs=5)
DEFAULT = Config("mnist", tuple(Case(BRIEF, steps, tether) for steps in (20, 4) for tether in (None, 0.1)), (0,))
SMOKE = Config("digits", (Case(TINY, 20, None), Case(TINY, 20, 0.1, seeds=2), Case(TINY, 4, 0.1)), (0, 1))


def case_of(settings: Settings) -> Case:
    """Which case settings are of, as far as they decide the result; known points and seeds are the config's."""
    s = settings
    net = Net(tuple(s["hidden"]), tuple(s["rates"]), s["beta"], s["nudged_steps"], s["epochs"])
    return Case(net, *(s[name] for name in DECIDING))


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Every curve with each of its seeds."""
    where = None if data_dir is None else str(data_dir)
    return [
        Point(
            f"{case.network} {case.label} seed {seed}",
            {**settings_of(case), "data": config.data, "data_dir": where, "batch": config.batch, "seed": seed},
        )
        for case in config.cases
        for seed in config.seeds[: case.seeds]
    ]


def settings_of(case: Case) -> dict[str, Any]:
    """What of a case decides its result."""
    net: dict[str, Any] = json.loads(json.dumps(asdict(case.net)))
    return {**net, **{name: getattr(case, name) for name in DECIDING}}


def train(settings: Settings, folder: Path) -> Result:
    """Train one curve, going on where it was stopped, and measure the held-out sets after every epoch."""
    trainer, validation = trainer_of(settings)
    folder.mkdir(parents=True, exist_ok=True)
    noted = folder / "validation.json"
    errors = json.loads(noted.read_text(encoding="utf-8")) if noted.exists() else []

    def note(epoch: DigitalEpoch) -> None:
        # A run may have been stopped between this note and its checkpoint: then the epoch comes again.
        errors[epoch.epoch - 1 :] = [list(trainer.test_errors(validation.x_test, validation.y_test))]
        write_text_atomically(noted, json.dumps(errors))

    trainer.on_epoch = None if settings["shuffled"] else note
    history = trainer.run(folder / "checkpoint.npz").history
    return {
        "copy": [epoch.copy_test_error for epoch in history],
        "settled": [epoch.settled_test_error for epoch in history],
        "validation": [] if settings["shuffled"] else errors,
        "gap": [epoch.gap for epoch in history],
        "free_steps": [epoch.free_steps for epoch in history],
        "training_seconds": [epoch.seconds for epoch in history],
    }


def trainer_of(settings: Settings) -> tuple[DigitalTrainer, Dataset]:
    """Trainer whose test set is the true one, and the split that has the authors'."""
    s = settings
    folder = None if s["data_dir"] is None else Path(s["data_dir"])
    whole, split = (load(s["data"], data_dir=folder, dtype=np.float32, validation=v) for v in (False, True))
    data = whole if s["shuffled"] else replace(split, x_test=whole.x_test, y_test=whole.y_test)
    schedule = Schedule(
        s["beta"], "random-sign", s["tether"] or 0.0, EPSILON * s["free_steps"], EPSILON * s["nudged_steps"]
    )
    config = TrainingConfig(
        epochs=s["epochs"],
        batch_size=s["batch"],
        rates=tuple(s["rates"]),
        initialise=s["tether"] is not None,
        order="shuffled" if s["shuffled"] else "as-stored",
        schedule=schedule,
        seed=s["seed"],
    )
    network = Network.layered((data.n_inputs, *s["hidden"], data.n_classes))
    return DigitalTrainer(network, data, config, DigitalSettings(EPSILON, fastest=s["fastest"])), split


def groups(finished: Sequence[Finished]) -> dict[Case, list[Finished]]:
    """Runs that differ by nothing but their seed."""
    found: dict[Case, list[Finished]] = {}
    for one in finished:
        if one.result is not None:
            found.setdefault(case_of(one.point.settings), []).append(one)
    return found


def rows_of(finished: Sequence[Finished], command: str) -> list[Row]:
    """Errors after the last epoch and what they took, case by case."""
    rows: list[Row] = []
    targets = {replace(case, seeds=1, known=None, fails=False): case for case in FULL.cases}
    for case, runs in groups(finished).items():
        name, wanted = f"{case.network} {case.label}, epoch {case.net.epochs}", targets.get(case, case)
        known = dict(zip(("copy", "settled"), wanted.known or (None, None), strict=True))
        for what, values in ends(runs).items():
            rows += _errors(f"{name}: {what}", values, known.get(what), command)
        if wanted.fails:
            rows.append(at_least(f"{name}: fails, best seed", min(ends(runs)["settled"]), "%", FAILS, command))
        wall, processor = (float(np.mean([getattr(r, k) for r in runs])) for k in ("seconds", "processor_seconds"))
        rows.append(recorded(f"{name}: a run by the clock", wall, "s", command))
        rows.append(recorded(f"{name}: a run of the processor", processor, "s", command))
    return rows


def ends(runs: Sequence[Finished]) -> dict[str, list[float]]:
    """Errors of every seed after the last epoch, on the true test set and on the validation images [%]."""
    results = [one.result for one in runs if one.result is not None]
    found = {what: [r[what][-1] for r in results] for what in ("copy", "settled")}
    for k, what in enumerate(("validation copy", "validation settled")):
        found[what] = [r["validation"][-1][k] if r["validation"] else None for r in results]
    return {what: values for what, values in found.items() if None not in values}


def _errors(case: str, values: list[float], known: float | None, command: str) -> list[Row]:
    """The mean over seeds, beside the known point if there is one, and the seeds' range on the true test set."""
    mean, unit = float(np.mean(values)), "%"
    name = case if len(values) == 1 else f"{case}, mean of {len(values)} seeds"
    rows = [recorded(name, mean, unit, command) if known is None else at_most(name, mean, unit, known, command)]
    if len(values) > 1 and "validation" not in case:
        rows.append(recorded(f"{case}, best seed", min(values), unit, command))
        rows.append(recorded(f"{case}, worst seed", max(values), unit, command))
    return rows


def draw(finished: Sequence[Finished]) -> Figure:
    """Errors on the true test set, one panel for each network and way of taking images."""
    panels: dict[str, list[SeedCurves]] = {}
    for case, runs in groups(finished).items():
        images = "all training images, shuffled" if case.shuffled else "without the validation images, in order"
        panels.setdefault(f"{case.network} hidden neurons, {images}", []).append(_curves(case, runs))
    return seed_curves_figure(panels, title="Plain and initialised equilibrium propagation")


def _curves(case: Case, runs: Sequence[Finished]) -> SeedCurves:
    copy, settled = ([one.result[what] for one in runs if one.result is not None] for what in ("copy", "settled"))
    has_copy = case.tether is not None
    label = case.label.replace("T-", "T⁻").replace("lambda", "λ").removesuffix(" all images")
    return SeedCurves(label, np.array(copy, dtype=np.float64) if has_copy else None, np.array(settled))


EXPERIMENT = Experiment("mnist_curves", __doc__, SMOKE, DEFAULT, FULL, points, train, rows_of, draw)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
