"""Teaching the copy by local losses against backpropagation: Fig. 3 of O'Connor, Gavves, Welling (ICLR 2019).

    python sim/local_against_global.py --full --data-dir FOLDER
    python sim/local_against_global.py --smoke

Initialised equilibrium propagation trains circuit and copy from one start twice. The circuit's rule is the same;
the copy descends either the local losses, each layer its own |s^f_l - s^-_l|^2 / 2 with the layer before it held
fixed, or their sum, by backpropagation through the copy. After every epoch: test errors of copy and settled network,
and for each layer the cosine of its local gradient with its distant one, that of the losses of the layers after it.

Settings of the authors' published code for this figure: no tether, beta of random sign, rates of circuit and copy
the same, batch 20, Euler steps of 0.5; 784-500-10 with beta .5, rates .1 .05, T- 20, T+ 4, and 784-500-500-500-10
with beta 1, rates .128 .032 .008 .002, T- 50, T+ 8, here settled the quickest way that comes as near to
equilibrium as those steps (`DigitalSettings.fastest`). Data are split as theirs: the first 50,000 training images
train, the last 10,000 are reported as test; nothing was chosen by them. The authors measure cosines on all training
samples, this script on the first ``probe``. They train the deep network for up to 500 epochs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analogeq.controller import Schedule
from analogeq.data import Dataset, load
from analogeq.digital import Arithmetic, LayeredWeights, feed_forward, settle
from analogeq.digital.activation import rho_slope
from analogeq.digital.layered import Forward, local_error
from analogeq.files import write_text_atomically
from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.measurements import Row, recorded
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.learning.in_place import descend_errors
from analogeq.network import Network
from analogeq.network.network import Floats
from analogeq.report import Figure
from analogeq.report.teaching import Taught, teaching_figure
from analogeq.training import DigitalSettings, DigitalTrainer, TrainingConfig

LOSSES = {"local": "local losses", "global": "global loss"}


@dataclass(frozen=True)
class Net:
    """One network and how it is trained; ``seeds`` is how many of the config's seeds it is trained with."""

    hidden: tuple[int, ...]
    rates: tuple[float, ...]
    beta: float
    free_steps: int
    nudged_steps: int
    epochs: int
    fastest: bool
    seeds: int


SHALLOW = Net((500,), (0.1, 0.05), 0.5, 20, 4, epochs=15, fastest=False, seeds=3)
DEEP = Net((500, 500, 500), (0.128, 0.032, 0.008, 0.002), 1.0, 50, 8, epochs=8, fastest=True, seeds=1)


@dataclass(frozen=True)
class Config:
    """What is compared; cosines are measured on the first ``probe`` training samples."""

    data: str
    nets: tuple[Net, ...]
    batch: int = 20
    probe: int = 5000
    seeds: tuple[int, ...] = (0, 1, 2)


SMOKE = Config(
    "digits",
    (
        Net((30,), (0.1, 0.05), 0.5, 20, 4, epochs=10, fastest=False, seeds=1),
        Net((30, 30), (0.1, 0.05, 0.02), 0.5, 30, 6, epochs=10, fastest=True, seeds=1),
    ),
    probe=300,
    seeds=(0,),
)
DEFAULT = Config("mnist", (Net((500,), (0.1, 0.05), 0.5, 20, 4, epochs=5, fastest=False, seeds=1),), seeds=(0,))
FULL = Config("mnist", (DEEP, SHALLOW))


class GlobalTeaching(DigitalTrainer):
    """Equilibrium propagation whose copy descends the sum of all layers' losses."""

    def teach(self, inputs: Floats, forward: Forward, settled: Floats) -> None:
        """Take the plain step down the summed loss."""
        error = global_error(self.arithmetic, self.copy, forward, settled)
        rates = [rate / len(inputs) for rate in self.config.rates]
        descend_errors(self.arithmetic, self.copy, inputs, forward, error, rates)


def global_error(arithmetic: Arithmetic, weights: LayeredWeights, forward: Forward, settled: Floats) -> Floats:
    """Slope of the sum of all layers' losses by what goes into rho, shape (batch, node), by the chain rule."""
    net = weights.network
    error: Floats = forward.signals - settled
    for k in range(len(net.layers) - 1, -1, -1):
        layer = net.layers[k]
        error[:, layer] *= rho_slope(forward.summed[:, layer])
        if k > 0:
            arithmetic.add_backward(weights.blocks[k], error, layer.start, error, net.layers[k - 1].start)
    return error


def alignment(trainer: DigitalTrainer, inputs: Floats) -> dict[str, list[float]]:
    """Cosine of local and distant gradient of each weight matrix but the last, ratio of their lengths, every loss."""
    _, pull, settled = trainer.present(inputs)
    settle(trainer.arithmetic, trainer.circuit, pull, trainer.free, settled)
    forward = feed_forward(trainer.arithmetic, trainer.copy, inputs)
    near = local_error(forward, settled)
    far = global_error(trainer.arithmetic, trainer.copy, forward, settled) - near
    layers = trainer.network.layers
    sources = [inputs, *(forward.signals[:, layer] for layer in layers)]
    pairs = [(s.T @ near[:, at], s.T @ far[:, at]) for s, at in zip(sources, layers[:-1], strict=False)]
    apart = (forward.signals - settled) ** 2
    return {
        "cosines": [float(np.vdot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))) for a, b in pairs],
        "ratios": [float(np.linalg.norm(b) / np.linalg.norm(a)) for a, b in pairs],
        "losses": [float(0.5 * apart[:, layer].sum(axis=1).mean()) for layer in layers],
    }


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Every network with its seeds, taught both ways."""
    base: dict[str, Any] = {"data": config.data, "batch": config.batch, "probe": config.probe}
    base["data_dir"] = None if data_dir is None else str(data_dir)
    return [
        Point(f"{'-'.join(map(str, net.hidden))} {way} seed {seed}", {**base, **asdict(net), "way": way, "seed": seed})
        for net in config.nets
        for seed in config.seeds[: net.seeds]
        for way in LOSSES
    ]


def train(settings: Settings, folder: Path) -> Result:
    """Train once, going on from ``folder`` where something is there; look before the first and after every epoch."""
    s = settings
    data_dir = None if s["data_dir"] is None else Path(s["data_dir"])
    trainer = trainer_of(s, load(s["data"], data_dir=data_dir, validation=True, dtype=np.float32))
    checkpoint, measured = folder / "training.npz", folder / "alignment.json"
    probe = trainer.data.x_train[: s["probe"]]
    if checkpoint.exists():
        trainer.resume(checkpoint)
        found = json.loads(measured.read_text(encoding="utf-8"))[: trainer.epoch + 1]
    else:
        found = [alignment(trainer, probe)]
    while trainer.epoch < s["epochs"]:
        trainer.run_epoch()
        found.append(alignment(trainer, probe))
        folder.mkdir(parents=True, exist_ok=True)
        write_text_atomically(measured, json.dumps(found))
        trainer.save(checkpoint)
    return {"history": [asdict(epoch) for epoch in trainer.history], "alignment": found}


def trainer_of(s: Settings, data: Dataset) -> DigitalTrainer:
    """Trainer at its start; of one seed both ways start from the same weights."""
    config = TrainingConfig(
        epochs=s["epochs"],
        batch_size=s["batch"],
        rates=tuple(s["rates"]),
        schedule=Schedule(s["beta"], "random-sign", 0.0, 0.5 * s["free_steps"], 0.5 * s["nudged_steps"]),
        seed=s["seed"],
    )
    network = Network.layered((data.n_inputs, *s["hidden"], data.n_classes))
    kind = DigitalTrainer if s["way"] == "local" else GlobalTeaching
    return kind(network, data, config, DigitalSettings(fastest=s["fastest"]))


def grouped(finished: Sequence[Finished]) -> dict[str, dict[str, list[Result]]]:
    """Results by network and way, in the order of the seeds."""
    found: dict[str, dict[str, list[Result]]] = {}
    for one in finished:
        if one.result is not None:
            net = "-".join(map(str, one.point.settings["hidden"]))
            found.setdefault(net, {}).setdefault(one.point.settings["way"], []).append(one.result)
    return found


def rows(finished: Sequence[Finished], command: str) -> list[Row]:
    """Errors at the end, lowest cosines, and how long the distant gradients are."""
    made: list[Row] = []
    for net, ways in grouped(finished).items():
        for way, results in ways.items():
            last = [result["history"][-1] for result in results]
            case = f"{net}, {LOSSES[way]}, epoch {last[0]['epoch']}, mean of {len(last)}"
            made += [
                recorded(f"{case}: {what}", float(np.mean([epoch[key] for epoch in last])), "%", command)
                for what, key in (("copy", "copy_test_error"), ("settled", "settled_test_error"))
            ]
            angles = np.array([[at["cosines"] for at in result["alignment"]] for result in results])
            made += [
                recorded(f"{net}, {LOSSES[way]}: lowest cosine {when}", float(angles[:, part].min()), "", command)
                for when, part in (("at the start", slice(1)), ("after the first epoch or later", slice(1, None)))
            ]
            longest = max(max(result["alignment"][-1]["ratios"]) for result in results)
            made.append(
                recorded(f"{net}, {LOSSES[way]}: distant gradient to local one, longest, end", longest, "", command)
            )
    return made


def figure(finished: Sequence[Finished]) -> Figure:
    """Errors and cosines of every network."""
    drawn = {
        f"784-{net}-10" if finished[0].point.settings["data"] == "mnist" else net: [
            Taught(
                LOSSES[way],
                np.array([[epoch["copy_test_error"] for epoch in r["history"]] for r in results]),
                np.array([[epoch["settled_test_error"] for epoch in r["history"]] for r in results]),
                np.array([[at["cosines"] for at in r["alignment"]] for r in results]),
            )
            for way, results in ways.items()
        ]
        for net, ways in grouped(finished).items()
    }
    return teaching_figure(drawn)


EXPERIMENT = Experiment("local_against_global", __doc__, SMOKE, DEFAULT, FULL, points, train, rows, figure)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    sys.exit(main())
