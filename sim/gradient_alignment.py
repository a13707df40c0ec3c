"""Whether local gradients point where backpropagation would: Fig. 1 of O'Connor, Gavves, Welling (ICLR 2019).

    python sim/gradient_alignment.py --full
    python sim/gradient_alignment.py --smoke

A network learns the layer outputs of another random network of its kind, from one start by several ways. The loss
of layer l is L_l = |s_l - target_l|^2, mean over the batch. Local training lets each layer descend its own L_l with
the layer before it held fixed; global training descends the sum of all L_l by backpropagation. The distant
gradient of a layer is that of the losses of the layers after it. As in the authors' published code the losses carry
no factor one half, inputs are standard normal and there are no biases; weights here are uniform with the
variance the authors give their normal ones. Cosines are between whole weight gradients over all samples (the
authors average cosines of rows); the last layer has no distant gradient and no cosine.

The paper trains both at one rate. What a rate allows is the loss's curvature: a minimum that every minibatch agrees
on attracts steps with momentum m only while rate * curvature < 2 (1 + m) on the minibatches (Polyak 1964, of one
fixed quadratic). So there are also lower rates of the global training, trainings that start near the
target's parameters, the known minimum of all losses, and the largest curvature there, by power iteration over
central differences of the gradients.

Around the target, cosines are taken at random displacements of given relative size. Random directions are samples,
not a proof for every direction: `alignment_neighbourhood.py` has all directions of smaller networks.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analogeq.digital import Activation, FeedforwardCopy, backpropagate_layers
from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.measurements import Row, recorded
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.learning import Descent
from analogeq.learning.alignment import layer_cosines
from analogeq.network import Network, Parameters, glorot_uniform
from analogeq.network.network import Floats
from analogeq.report import Figure
from analogeq.report.alignment import Alignment, alignment_figure

RHO = Activation(-0.5, 0.5, 0.01)


@dataclass(frozen=True)
class Config:
    """What is measured.

    Attributes
    ----------
    matrices, width, scale, samples, batch, iterations, momentum, rate : int or float
        The paper's.
    lower_rates : tuple of float
        Of the global training besides ``rate``.
    near, near_iterations, near_rate : float and int
        Relative size of the displacement that the trainings near the target start from, how long they are, and
        the rate of the global one among them besides ``rate``.
    every : int
        Iterations between measurements.
    radii, directions : tuple of float, int
        So many random displacements of each relative size are looked at.
    power : int
        Power iterations for a largest curvature.
    """

    matrices: int = 7
    width: int = 200
    scale: float = 1.6
    samples: int = 1000
    batch: int = 100
    iterations: int = 10_000
    momentum: float = 0.9
    rate: float = 0.01
    lower_rates: tuple[float, ...] = (0.003, 0.001)
    near: float = 0.1
    near_iterations: int = 2000
    near_rate: float = 0.0003
    every: int = 100
    radii: tuple[float, ...] = (1e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
    directions: int = 5
    power: int = 25
    seeds: tuple[int, ...] = (0, 1, 2)


SMOKE = Config(
    matrices=3, width=20, samples=100, batch=20, iterations=300, lower_rates=(0.003,), near_iterations=200, every=50,
    directions=2, seeds=(0,),
)  # fmt: skip
DEFAULT = Config(iterations=2000, lower_rates=(), seeds=(0,))


@dataclass(frozen=True, eq=False)
class Task:
    """What a seed draws: a network that learns, from ``start``, what the one with ``goal`` does with the inputs."""

    network: Network
    goal: Parameters
    start: Parameters
    inputs: Floats
    targets: Floats
    order: NDArray[np.intp]


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Trainings from a random start and from near the target, and a look around the target, for each seed."""
    del data_dir
    base: dict[str, Any] = {key: value for key, value in asdict(config).items() if key != "seeds"}
    made = []
    for seed in config.seeds:
        ways = [("local", config.rate), *(("global", rate) for rate in (config.rate, *config.lower_rates))]
        made += [_training(base, way, rate, "random", config.iterations, seed) for way, rate in ways]
        ways = [("local", config.rate), ("global", config.rate), ("global", config.near_rate)]
        made += [_training(base, way, rate, "near", config.near_iterations, seed) for way, rate in ways]
        made.append(Point(f"around the target seed {seed}", {**base, "what": "around", "seed": seed}))
    return made


def _training(base: Settings, way: str, rate: float, start: str, iterations: int, seed: int) -> Point:
    own = {"what": "train", "way": way, "rate": rate, "start": start, "iterations": iterations, "seed": seed}
    return Point(f"{way} {rate:g} {start} start seed {seed}", {**base, **own})


def work(settings: Settings, folder: Path) -> Result:
    """Train once, or look around the target; nothing is kept in ``folder``."""
    del folder
    task = draw(settings)
    return train(settings, task) if settings["what"] == "train" else around(settings, task)


def draw(s: Settings) -> Task:
    """Draw everything a seed stands for; every point of a seed gets the same."""
    rng = np.random.default_rng(s["seed"])
    network = Network.layered([s["width"]] * (s["matrices"] + 1))
    goal, start = (glorot_uniform(network, rng, scale=s["scale"], dtype=np.float32) for _ in range(2))
    inputs = rng.standard_normal((s["samples"], s["width"]), dtype=np.float32)
    targets = FeedforwardCopy(network, goal, RHO).predict(inputs)
    order = np.array([rng.choice(s["samples"], s["batch"], replace=False) for _ in range(s["iterations"])])
    return Task(network, goal, start, inputs, targets, order)


def train(s: Settings, task: Task) -> Result:
    """Descend one of the losses; note summed loss and cosines before every so many steps and at the end."""
    start = task.start if s["start"] == "random" else displaced(task, s["near"], np.random.default_rng(s["seed"]))
    copy = FeedforwardCopy(task.network, start.copy(), RHO)
    descent = Descent(task.network, [s["rate"]] * s["matrices"], momentum=s["momentum"])
    at, losses, cosines = [], [], []
    for step in range(s["iterations"] + 1):
        if step % s["every"] == 0 or step == s["iterations"]:
            at.append(step)
            error = copy.predict(task.inputs) - task.targets
            losses.append([float((error[:, layer] ** 2).sum(axis=1).mean()) for layer in task.network.layers])
            cosines.append(layer_cosines(copy, task.inputs, task.targets))
        if step < s["iterations"]:
            chosen = task.order[step]
            descent.step(copy.parameters, gradient(s["way"], copy, task.inputs[chosen], task.targets[chosen]))
    return {"iterations": at, "losses": losses, "cosines": cosines}


def gradient(way: str, copy: FeedforwardCopy, inputs: Floats, targets: Floats) -> Parameters:
    """Local gradients, or that of the sum of all losses; of losses without the half that the copy's carry."""
    halved = copy.local_gradient(inputs, targets) if way == "local" else backpropagate_layers(copy, inputs, targets)
    return Parameters(2.0 * halved.weights, np.zeros_like(halved.biases))


def displaced(task: Task, radius: float, rng: np.random.Generator) -> Parameters:
    """Move every weight matrix of the target by ``radius`` times its norm in a random direction."""
    moved = task.goal.copy()
    for block in task.network.blocks:
        step = rng.standard_normal(block.edges.stop - block.edges.start)
        step *= radius * np.linalg.norm(task.goal.weights[block.edges]) / np.linalg.norm(step)
        moved.weights[block.edges] += step.astype(np.float32)
    return moved


def around(s: Settings, task: Task) -> Result:
    """Cosines at random displacements from the target, and the largest curvature of either loss at the target."""
    rng = np.random.default_rng(s["seed"])
    near = [
        [
            layer_cosines(FeedforwardCopy(task.network, displaced(task, radius, rng), RHO), task.inputs, task.targets)
            for _ in range(s["directions"])
        ]
        for radius in s["radii"]
    ]
    batch = task.order[0]
    return {
        "near": near,
        "curvature": {
            way: {"samples": curvature(s, task, way), "batch": curvature(s, task, way, batch)}
            for way in ("local", "global")
        },
    }


def curvature(s: Settings, task: Task, way: str, chosen: NDArray[np.intp] | None = None) -> float:
    """Largest eigenvalue of the slope of a gradient at the target, by power iteration in double precision.

    The slope of the local gradients is block triangular, so its eigenvalues are those of each layer's own
    loss; the iteration is on the block diagonal, which is that of all layers side by side.
    """
    some = slice(None) if chosen is None else chosen
    inputs = task.inputs[some].astype(np.float64)
    goal = task.goal.weights.astype(np.float64)
    biases = task.goal.biases.astype(np.float64)
    targets = FeedforwardCopy(task.network, Parameters(goal, biases), RHO).predict(inputs)
    runs = [block.edges for block in task.network.blocks] if way == "local" else [slice(None)]
    return max(_curvature(s, task.network, goal, biases, inputs, targets, way, run) for run in runs)


def _curvature(
    s: Settings, network: Network, goal: Floats, biases: Floats, inputs: Floats, targets: Floats, way: str, run: slice
) -> float:
    direction = np.random.default_rng(s["seed"]).standard_normal(len(goal[run]))
    largest = 0.0
    for _ in range(s["power"]):
        direction /= np.linalg.norm(direction)
        ends = []
        for sign in (1e-5, -1e-5):  # of weights of order 0.1; rounding over it is 1e-11
            weights = goal.copy()
            weights[run] += sign * direction
            ends.append(gradient(way, FeedforwardCopy(network, Parameters(weights, biases), RHO), inputs, targets))
        direction = (ends[0].weights[run] - ends[1].weights[run]) / 2e-5
        largest = float(np.linalg.norm(direction))
    return largest


def chosen(finished: Sequence[Finished], **wanted: object) -> list[Result]:
    """Results of the points with these settings, in the order of the seeds."""
    return [
        one.result
        for one in finished
        if one.result is not None and all(one.point.settings.get(key) == value for key, value in wanted.items())
    ]


def trainings(finished: Sequence[Finished], start: str) -> dict[tuple[str, float], list[Result]]:
    """Trainings from a start by way and rate."""
    found: dict[tuple[str, float], list[Result]] = {}
    for one in finished:
        s = one.point.settings
        if one.result is not None and s["what"] == "train" and s["start"] == start:
            found.setdefault((s["way"], s["rate"]), []).append(one.result)
    return found


def rows(finished: Sequence[Finished], command: str) -> list[Row]:
    """Losses at the ends, cosines and curvatures; means over the seeds, lowest cosines of any."""
    found: list[tuple[str, float, str]] = []
    for start in ("random", "near"):
        for (way, rate), results in trainings(finished, start).items():
            first, last = (np.mean([np.sum(r["losses"][k]) for r in results]) for k in (0, -1))
            case = f"{way} training, rate {rate:g}, {start} start"
            found += [(f"summed loss, {case}: first", float(first), "signal**2")] if way == "local" else []
            found.append((f"summed loss, {case}: last", float(last), "signal**2"))
    along = np.array([r["cosines"] for r in chosen(finished, what="train", way="local", start="random")])
    looks = chosen(finished, what="around")
    near = np.array([r["near"] for r in looks])[:, 0]
    found += [
        ("lowest cosine of a layer at the start", along[:, 0].min(), ""),
        ("lowest cosine of a layer after local training", along[:, -1].min(), ""),
        ("lowest cosine at the smallest displacement", near.min(), ""),
        ("share of cosines above 0 at the smallest displacement", (near > 0.0).mean(), ""),
    ]
    for way in ("local", "global"):
        for part in ("samples", "batch"):
            values = [r["curvature"][way][part] for r in looks]
            found.append((f"largest curvature at the target, {way}, of the {part}", float(np.mean(values)), ""))
    settings = finished[0].point.settings
    limit = 2.0 * (1.0 + settings["momentum"]) / settings["rate"]
    found.append((f"curvature that rate {settings['rate']:g} allows", limit, ""))
    return [recorded(case, float(value), unit, command) for case, value, unit in found]


def figure(finished: Sequence[Finished]) -> Figure:
    """Draw the means over the seeds."""
    local = chosen(finished, what="train", way="local", start="random")
    return alignment_figure(
        Alignment(
            losses=_losses(trainings(finished, "random")),
            near_losses=_losses(trainings(finished, "near")),
            iterations=np.array(local[0]["iterations"], dtype=np.float64),
            cosines=np.array([r["cosines"] for r in local]),
            radii=np.array(finished[0].point.settings["radii"]),
            near=np.array([r["near"] for r in chosen(finished, what="around")]).mean(axis=2),
        )
    )


def _losses(ways: dict[tuple[str, float], list[Result]]) -> dict[str, tuple[Floats, Floats]]:
    names = {"local": "local losses", "global": "global loss"}
    return {
        f"{names[way]}, rate {rate:g}": (
            np.array(results[0]["iterations"], dtype=np.float64),
            np.array([np.sum(r["losses"], axis=1) for r in results]),
        )
        for (way, rate), results in ways.items()
    }


EXPERIMENT = Experiment("gradient_alignment", __doc__, SMOKE, DEFAULT, Config(), points, work, rows, figure)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    sys.exit(main())
