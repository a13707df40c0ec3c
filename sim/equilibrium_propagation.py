"""Equilibrium propagation alone, with and without its first paper's trick of keeping settled states.

    python sim/equilibrium_propagation.py --full --data-dir FOLDER
    python sim/equilibrium_propagation.py --smoke

Networks of 1, 2 and 3 hidden layers with the settings of Scellier and Bengio, "Equilibrium Propagation", Front.
Comput. Neurosci. 11 (2017), as their code has them (github.com/bscellier/Towards-a-Biologically-Plausible-Backprop,
train_model.py): Euler steps of 0.5, batch 20, Glorot's first weights, a sign of beta drawn for every minibatch at
every depth. Each training image's free phase starts where its last one ended (`DigitalSettings.keep_states`), or from
zero and takes as many steps. As there, the first 50,000 images train, the last 10,000 validate, and states are kept of
images that do not train, too; errors after each epoch are of the true test set, with kept states and from zero. Unlike
there, images come in a new order every epoch.

With 2 hidden layers phases settle the quickest way that comes as near to equilibrium as their steps do
(`DigitalSettings.fastest`), for fewer epochs. With 3, at the first weights, 500 steps are far from any equilibrium and
no quicker way is known to come as near; an epoch of them takes a quarter of an hour. So 3,000 images train, the first
1,000 test images test, for a few epochs. Phases of 4 steps with one hidden layer are not in the paper: they show what
the trick is for.

How far from equilibrium Euler steps leave the network is measured after every epoch on the images that came first in
it, so that their states have been kept for one epoch: the mean over images of the largest distance of a neuron, in
signals.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analogeq.controller import Schedule
from analogeq.data import Dataset, load
from analogeq.digital.layered import EulerSteps, Pull, Sweeps, settle
from analogeq.digital.matching import MOST_SWEEPS, SETTLED, distances
from analogeq.files import write_text_atomically
from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.measurements import Row, at_most, recorded
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.network import Network
from analogeq.network.network import Floats
from analogeq.report import Figure
from analogeq.report.kept_states import KeptStatesPanel, PhaseRun, kept_states_figure
from analogeq.training import DigitalEpoch, DigitalSettings, DigitalTrainer, TrainingConfig
from analogeq.training.evaluate import error_percent
from analogeq.training.loop import plan_epoch

EPSILON = 0.5
PUBLISHED = (2.0, 3.0)
"""Between these the paper puts the errors of its networks when they are trained [%]; it draws validation errors."""
PUBLISHED_EPOCHS = {1: 25, 2: 60, 3: 500}
"""Epochs of the paper's code, by hidden layers."""
ELSEWHERE = 1e-3
"""Distance of two equilibria that are not one: a thousand times what counts as settled."""


@dataclass(frozen=True)
class Case:
    """One network and its phases, in Euler steps.

    Attributes
    ----------
    train_images, test_images : int or None
        How many are used, the first ones; None for all.
    repeats : int
        How many of the seeds.
    """

    hidden: tuple[int, ...]
    rates: tuple[float, ...]
    beta: float
    free_steps: int
    nudged_steps: int
    epochs: int
    fastest: bool = False
    train_images: int | None = None
    test_images: int | None = None
    repeats: int = 1


@dataclass(frozen=True)
class Config:
    """What is compared; ``probe`` training images measure distances."""

    cases: tuple[Case, ...]
    data: str = "mnist"
    batch: int = 20
    probe: int = 100
    seeds: tuple[int, ...] = (0,)


ONE = Case((500,), (0.1, 0.05), 0.5, 20, 4, 25, repeats=3)
TWO = Case((500, 500), (0.4, 0.1, 0.01), 1.0, 150, 6, 15, fastest=True)
THREE = Case((500, 500, 500), (0.128, 0.032, 0.008, 0.002), 1.0, 500, 8, 3, train_images=3000, test_images=1000)
ALL_OF_THREE = replace(THREE, epochs=4, fastest=True, train_images=None, test_images=None)
FULL = Config((replace(ONE, free_steps=4), ONE, TWO, THREE, ALL_OF_THREE), seeds=(0, 1, 2))
DEFAULT = Config((replace(ONE, free_steps=4, epochs=5), replace(ONE, epochs=5)))
SMOKE = Config(
    (Case((30,), (0.1, 0.05), 0.5, 4, 4, 3), Case((20, 20), (0.1, 0.05, 0.02), 0.5, 20, 4, 3, fastest=True)),
    data="digits",
)


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Every case with every seed, with and without the trick."""
    base: dict[str, Any] = {"data": config.data, "data_dir": None if data_dir is None else str(data_dir)}
    base |= {"batch": config.batch, "probe": config.probe}
    return [
        Point(
            f"{name_of(case)} {way} seed {seed}", {**base, **asdict(case), "keep_states": way == "kept", "seed": seed}
        )
        for case in config.cases
        for seed in config.seeds[: case.repeats]
        for way in ("kept", "zero")
    ]


def name_of(case: Case) -> str:
    """Hidden layers, free steps and, where not all train, images: as 500-500-500 T500 3000 images."""
    few = "" if case.train_images is None else f" {case.train_images} images"
    return f"{'-'.join(map(str, case.hidden))} T{case.free_steps}{few}"


def train(settings: Settings, folder: Path) -> Result:
    """Train once, from the last epoch that was finished; measure errors and distances after every epoch."""
    data, held_out = datasets(settings)
    watch = Watch(settings, folder)
    trainer = trainer_of(settings, data, lambda record: watch.after(trainer, record))
    history = trainer.run(folder / "state.npz").history
    some = data.x_train[: len(held_out[0])], data.y_train[: len(held_out[0])]
    errors = {"validation": trainer.test_errors(*held_out)[1], "training": trainer.test_errors(*some)[1]}
    for large in ("state.npz", "states.npy"):  # every image's states: 0.1 to 0.4 GB
        (folder / large).unlink(missing_ok=True)
    return {
        "history": [asdict(epoch) for epoch in history],
        "errors": errors,
        "phases": [watch.known[str(epoch.epoch)] for epoch in history],
    }


class Watch:
    """What is measured after each epoch besides what the trainer measures, kept beside its checkpoint."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder = settings, folder
        self.known: dict[str, dict[str, Any]] = {}
        if (folder / "phases.json").exists():
            self.known = json.loads((folder / "phases.json").read_text())

    def after(self, trainer: DigitalTrainer, record: DigitalEpoch) -> None:
        """Measure."""
        self.folder.mkdir(parents=True, exist_ok=True)
        found = phase_ends(trainer, self.settings)
        if self.settings["keep_states"]:
            states = self.folder / "states.npy"
            shape = len(trainer.data.x_test), trainer.network.n_nodes
            kept = np.load(states) if states.exists() else np.zeros(shape, trainer.circuit.dtype)
            found["kept_test_error"] = kept_error(trainer, kept)
            np.save(states, kept)
        self.known[str(record.epoch)] = found
        write_text_atomically(self.folder / "phases.json", json.dumps(self.known))


def kept_error(trainer: DigitalTrainer, states: Floats) -> float:
    """Test error when test images start from ``states``, which are settled in place, as the paper's validation does."""
    for first in range(0, len(states), 100):
        part = np.ascontiguousarray(states[first : first + 100])
        _, pull, _ = trainer.present(trainer.data.x_test[first : first + 100])
        settle(trainer.arithmetic, trainer.circuit, pull, trainer.free, part)
        states[first : first + 100] = part
    return error_percent(states[:, trainer.network.outputs], trainer.data.y_test)


def datasets(settings: Settings) -> tuple[Dataset, tuple[Floats, Any]]:
    """Training part with the true test set, and the validation part."""
    where = None if settings["data_dir"] is None else Path(settings["data_dir"])
    split, whole = (load(settings["data"], data_dir=where, validation=v, dtype=np.float32) for v in (True, False))
    train, test = slice(settings["train_images"]), slice(settings["test_images"])
    x, y, x_test, y_test = split.x_train[train], split.y_train[train], whole.x_test[test], whole.y_test[test]
    used = replace(split, x_train=x, y_train=y, x_test=x_test, y_test=y_test)
    return used, (split.x_test[test], split.y_test[test])


def trainer_of(settings: Settings, data: Dataset, on_epoch: Callable[[DigitalEpoch], None]) -> DigitalTrainer:
    """Build the trainer of a point."""
    s = settings
    phases = EPSILON * s["free_steps"], EPSILON * s["nudged_steps"]
    config = TrainingConfig(
        epochs=s["epochs"],
        batch_size=s["batch"],
        rates=tuple(s["rates"]),
        schedule=Schedule(s["beta"], "random-sign", 0.0, *phases),
        initialise=False,
        seed=s["seed"],
    )
    network = Network.layered((data.n_inputs, *s["hidden"], data.n_classes))
    how = DigitalSettings(EPSILON, fastest=s["fastest"], keep_states=s["keep_states"])
    return DigitalTrainer(network, data, config, how, on_epoch=on_epoch)


def phase_ends(trainer: DigitalTrainer, settings: Settings) -> dict[str, Any]:
    """Distances from equilibrium after numbers of Euler steps, from zero and from kept states; and whether it is one.

    Images that do not come to rest are left out and counted.
    """
    chosen = plan_epoch(trainer.config, trainer.epoch - 1, len(trainer.data.x_train))[0][: settings["probe"]]
    _, pull, zero = trainer.present(trainer.data.x_train[chosen])
    steps = step_counts(settings["free_steps"])
    ends: dict[str, Any] = {"steps": steps}
    ends["zero"], goal, rests = approach(trainer, pull, zero, steps)
    if settings["keep_states"]:
        ends["kept"], other, rests_too = approach(trainer, pull, trainer.kept[chosen], steps)
        rests &= rests_too
        ends["elsewhere"] = percent(np.abs(goal - other)[rests].max(axis=1) > ELSEWHERE)
    ends["restless"] = percent(~rests)
    return ends


def percent(flags: NDArray[np.bool_]) -> float:
    """How many are true [%]; 0 of none."""
    return 100.0 * float(flags.sum()) / max(len(flags), 1)


def step_counts(last: int) -> list[int]:
    """Even on a logarithmic axis, from 1 to ``last``."""
    return sorted({round(last**x) for x in np.linspace(0.0, 1.0, 12)})


def approach(
    trainer: DigitalTrainer, pull: Pull, start: Floats, steps: Sequence[int]
) -> tuple[list[float], Floats, NDArray[np.bool_]]:
    """Distances after numbers of steps from the equilibrium that they lead to, that equilibrium, and who has one."""
    signals, path, done = start.copy(), [], 0
    for count in steps:
        settle(trainer.arithmetic, trainer.circuit, pull, EulerSteps(count - done, EPSILON), signals)
        path.append(signals.copy())
        done = count
    settle(trainer.arithmetic, trainer.circuit, pull, Sweeps(MOST_SWEEPS), signals)
    goal = signals.copy()
    settle(trainer.arithmetic, trainer.circuit, pull, Sweeps(10), signals)
    rests = np.abs(signals - goal).max(axis=1) <= SETTLED
    if not rests.any():
        return [], goal, rests
    return [max(distances(trainer.circuit, passed[rests], goal[rests])) for passed in path], goal, rests


def rows_of(finished: Sequence[Finished], command: str) -> list[Row]:
    """Errors at the end, distances left, and what a free phase took."""
    rows: list[Row] = []
    for one in finished:
        if one.result is None:
            continue
        s, last, phase = one.point.settings, one.result["history"][-1], one.result["phases"][-1]
        case = f"{one.point.name}, epoch {last['epoch']}"
        error = phase.get("kept_test_error", last["settled_test_error"])
        rows.append(_test_row(f"{case}: test error", error, s, command))
        if s["keep_states"]:
            rows.append(recorded(f"{case}: test error from zero", last["settled_test_error"], "%", command))
        rows += [recorded(f"{case}: {part} error", e, "%", command) for part, e in one.result["errors"].items()]
        for start, what in (("kept", "the kept state"), ("zero", "zero")):
            if phase.get(start):
                left = f"{case}: distance left by {s['free_steps']} steps from {what}"
                rows.append(recorded(left, phase[start][-1], "signal", command))
        if "elsewhere" in phase:
            rows.append(recorded(f"{case}: kept state leads to another equilibrium", phase["elsewhere"], "%", command))
        rows.append(recorded(f"{case}: images that do not come to rest", phase["restless"], "%", command))
        rows.append(recorded(f"{case}: steps or sweeps of a free phase", last["free_steps"], "steps", command))
    return rows


def _test_row(case: str, error: float, s: Settings, command: str) -> Row:
    """Hold a network that trained as long as the paper's, with its settings, to the paper's range."""
    depth = len(s["hidden"])
    as_published = (
        s["data"] == "mnist"
        and s["free_steps"] >= ONE.free_steps
        and s["train_images"] is None
        and s["epochs"] >= PUBLISHED_EPOCHS[depth]
    )
    return at_most(case, error, "%", PUBLISHED[1], command) if as_published else recorded(case, error, "%", command)


def figure(finished: Sequence[Finished]) -> Figure:
    """Draw a column for each case, of the first seed."""
    panels: dict[str, list[PhaseRun]] = {}
    for one in finished:
        s = one.point.settings
        if one.result is None or s["seed"] != min(other.point.settings["seed"] for other in finished):
            continue
        few = "" if s["train_images"] is None else f", {s['train_images']:,} images"
        title = f"{'–'.join(map(str, s['hidden']))}, {s['free_steps']} + {s['nudged_steps']} steps{few}"
        panels.setdefault(title, []).append(_run("kept" if s["keep_states"] else "zero", one.result))
    return kept_states_figure(
        [KeptStatesPanel(title, runs) for title, runs in panels.items()],
        published=PUBLISHED,
        title="Equilibrium propagation alone: free phases from kept states and from zero",
    )


def _run(way: str, result: Result) -> PhaseRun:
    label = {"kept": "kept states", "zero": "from zero"}[way]
    fresh = np.array([epoch["settled_test_error"] for epoch in result["history"]])
    phase = result["phases"][-1]
    path = np.array(phase["steps"][: len(phase[way])]), np.array(phase[way])
    if way == "zero":
        return PhaseRun(label, fresh, *path, dashed=True)
    return PhaseRun(label, np.array([p["kept_test_error"] for p in result["phases"]]), *path, fresh=fresh)


EXPERIMENT = Experiment("equilibrium_propagation", __doc__ or "", SMOKE, DEFAULT, FULL, points, train, rows_of, figure)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
