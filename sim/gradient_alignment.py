"""Whether local gradients point where backpropagation would: Fig. 1 of O'Connor, Gavves, Welling (ICLR 2019).

    python sim/gradient_alignment.py --out sim/results/gradient_alignment.json
    python sim/gradient_alignment.py --smoke

A network learns the layer outputs of another random network of its kind, from one start twice: by each
layer's own half squared error with the layer before it held fixed (Eq. 8), and by the half squared error
of the outputs, backpropagated. Inputs are standard normal; Glorot's limits are multiplied by the init
scale; both are choices made here. Cosines are between the two gradients of each layer's weights over
all samples. The output layer's two gradients are one, so its cosine is 1: a check of the code.

Checked of the neighbourhood result (Eq. 12): whether the two gradients share a half-space (cosine above 0)
along the local training, and at random displacements of given relative size from the target's parameters,
the known minimum of both losses. Random directions are samples, not a proof for every direction.
Not checked: the derivations of Appendices B and C, and any constant in them.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from analogeq.digital import Activation, FeedforwardCopy
from analogeq.digital.backprop import backpropagate
from analogeq.files import write_text_atomically
from analogeq.flow.measurements import Row, recorded, surroundings
from analogeq.flow.points import Point, Result, Settings, failures, run_points
from analogeq.learning import Descent
from analogeq.network import Network, Parameters, glorot_uniform
from analogeq.report.alignment import Alignment, alignment_figure
from analogeq.report.style import save_figure

Singles = NDArray[np.float32]
RHO = Activation(-0.5, 0.5, 0.01)


@dataclass(frozen=True)
class Config:
    """What is measured; ``directions`` displacements of each relative size in ``radii`` for each seed."""

    matrices: int = 7
    width: int = 200
    scale: float = 1.6
    samples: int = 1000
    batch: int = 100
    iterations: int = 10_000
    momentum: float = 0.9
    rate: float = 0.01
    every: int = 100
    radii: tuple[float, ...] = (1e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
    directions: int = 5
    seeds: tuple[int, ...] = (0,)


SMOKE = Config(matrices=3, width=20, samples=100, batch=20, iterations=300, every=50, directions=2)


@dataclass(frozen=True)
class Record:
    """Everything one run measured; ``results`` has one entry for each seed."""

    config: Config
    command: str
    results: tuple[Result, ...]
    rows: tuple[Row, ...]
    machine: str
    versions: dict[str, str]
    load: float


def run(
    config: Config,
    command: str = "python sim/gradient_alignment.py",
    folder: Path | None = None,
    jobs: int = 1,
    console: Console | None = None,
) -> Record:
    """Measure every seed; results are kept in ``folder``, if one is given."""
    settings = {key: value for key, value in asdict(config).items() if key != "seeds"}
    points = [Point(f"seed {s}", {**settings, "seeds": [s]}) for s in config.seeds]
    with tempfile.TemporaryDirectory() as scratch:
        done = run_points(points, measure, folder or Path(scratch), jobs=jobs, console=console)
    if failures(done):
        sys.exit(failures(done))
    results = tuple(one.result for one in done if one.result is not None)
    about = surroundings()
    machine = about.pop("machine")
    rows = tuple(_rows(results, command))
    return Record(config, command, results, rows, machine, about, os.getloadavg()[0])


def measure(settings: Settings, _: Path) -> Result:
    """Train from one start by both losses, then look around the target."""
    config = Config(**settings)
    rng = np.random.default_rng(config.seeds[0])
    network = Network.layered([config.width] * (config.matrices + 1))
    goal, start = (glorot_uniform(network, rng, scale=config.scale, dtype=np.float32) for _ in range(2))
    inputs = rng.standard_normal((config.samples, config.width), dtype=np.float32)
    targets = FeedforwardCopy(network, goal, RHO).predict(inputs)
    order = [rng.choice(config.samples, config.batch, replace=False) for _ in range(config.iterations)]
    local = train(config, FeedforwardCopy(network, start.copy(), RHO), inputs, targets, order, by_local=True)
    whole = train(config, FeedforwardCopy(network, start.copy(), RHO), inputs, targets, order, by_local=False)
    near = [
        [cosines(displaced(network, goal, radius, rng), inputs, targets) for _ in range(config.directions)]
        for radius in config.radii
    ]
    return {"local": local, "global": whole, "near": near}


def train(
    config: Config, copy: FeedforwardCopy, inputs: Singles, targets: Singles, order: list[NDArray[np.int64]],
    *, by_local: bool,
) -> Result:  # fmt: skip
    """Descend one of the losses; note output loss and cosines before every so many steps and at the end."""
    net = copy.network
    descent = Descent(net, [config.rate] * len(net.layers), momentum=config.momentum)
    losses, angles, at = [], [], []
    for step in range(config.iterations + 1):
        if step % config.every == 0 or step == config.iterations:
            at.append(step)
            error = (copy.predict(inputs) - targets)[:, net.outputs]
            losses.append(float(0.5 * (error**2).sum(axis=1).mean()))
            if by_local:
                angles.append(cosines(copy, inputs, targets))
        if step < config.iterations:
            x, y = inputs[order[step]], targets[order[step]]
            gradient = copy.local_gradient(x, y) if by_local else distant(copy, x, y)
            descent.step(copy.parameters, gradient)
    return {"iterations": at, "loss": losses, "cosines": angles}


def distant(copy: FeedforwardCopy, inputs: Singles, targets: Singles) -> Parameters:
    """Gradient of half the squared error of the outputs."""
    whole = backpropagate(copy, inputs, targets[:, copy.network.outputs])
    return Parameters(0.5 * whole.weights, 0.5 * whole.biases)


def cosines(copy: FeedforwardCopy, inputs: Singles, targets: Singles) -> list[float]:
    """Cosine of local and distant gradient of each weight matrix."""
    near, far = copy.local_gradient(inputs, targets).weights, distant(copy, inputs, targets).weights
    pairs = [(near[b.edges].astype(np.float64), far[b.edges].astype(np.float64)) for b in copy.network.blocks]
    return [float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b))) for a, b in pairs]


def displaced(network: Network, goal: Parameters, radius: float, rng: np.random.Generator) -> FeedforwardCopy:
    """Move every weight matrix of the target by ``radius`` times its norm in a random direction."""
    moved = goal.copy()
    for block in network.blocks:
        step = rng.standard_normal(block.edges.stop - block.edges.start)
        step *= radius * np.linalg.norm(goal.weights[block.edges]) / np.linalg.norm(step)
        moved.weights[block.edges] += step.astype(np.float32)
    return FeedforwardCopy(network, moved, RHO)


def _rows(results: tuple[Result, ...], command: str) -> list[Row]:
    first, last = (np.array([r["local"]["cosines"][k] for r in results]) for k in (0, -1))
    near = np.array([r["near"] for r in results])
    found = [
        recorded("output loss at the start", np.mean([r["local"]["loss"][0] for r in results]), "signal**2", command),
        recorded("output loss, local training", np.mean([r["local"]["loss"][-1] for r in results]), "signal**2", command),
        recorded("output loss, global training", np.mean([r["global"]["loss"][-1] for r in results]), "signal**2", command),
        recorded("lowest cosine of a layer at the start", first.min(), "", command),
        recorded("lowest cosine of a layer after local training", last.min(), "", command),
        recorded("lowest cosine at the smallest displacement", near[:, 0].min(), "", command),
        recorded("share of cosines above 0 at the smallest displacement", (near[:, 0] > 0).mean(), "", command),
    ]  # fmt: skip
    return [Row(r.case, float(r.value), r.unit, r.target, r.met, r.command) for r in found]


def save(record: Record, path: Path) -> None:
    """Write ``path`` (.json), and beside it the table (.csv) and the figure (.png)."""
    write_text_atomically(path, json.dumps(asdict(record), indent=1) + "\n")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    layers = [f"cosine_{k + 1}" for k in range(record.config.matrices)]
    writer.writerow(["seed", "iteration", "loss_local_training", "loss_global_training", *layers])
    for seed, r in zip(record.config.seeds, record.results, strict=True):
        local = r["local"]
        for row in zip(local["iterations"], local["loss"], r["global"]["loss"], local["cosines"], strict=True):
            writer.writerow([seed, *row[:3], *row[3]])
    write_text_atomically(path.with_suffix(".csv"), text.getvalue())
    save_figure(alignment_figure(drawn(record)), path.with_suffix(".png"))


def drawn(record: Record) -> Alignment:
    """Arrays for the figure."""
    results = record.results
    return Alignment(
        np.array(results[0]["local"]["iterations"], dtype=np.float64),
        np.array([r["local"]["loss"] for r in results]),
        np.array([r["global"]["loss"] for r in results]),
        np.array([r["local"]["cosines"] for r in results]),
        np.array(record.config.radii),
        np.array([r["near"] for r in results]).mean(axis=2),
    )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--smoke", action="store_true", help="a small network, in seconds")
    size.add_argument("--full", action="store_true", help="the paper's size, which is the default")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--jobs", type=int, default=1, help="worker processes")
    parser.add_argument("--folder", type=Path, help="where finished seeds are kept, to go on after a stop")
    parser.add_argument("--out", type=Path, help="write record, table and figure: a .json path")
    options = parser.parse_args()
    size_of = asdict(SMOKE if options.smoke else Config())
    config = Config(**{**size_of, "seeds": tuple(options.seeds)})
    command = " ".join(["python", "sim/gradient_alignment.py", *sys.argv[1:]])
    record = run(config, command, options.folder, options.jobs, Console(stderr=True))
    if options.out:
        save(record, options.out)
    for row in record.rows:
        print(f"{row.case:60} {row.value:<10.4g} {row.unit}")


if __name__ == "__main__":
    main()
