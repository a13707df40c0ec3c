"""Whether local gradients point where backpropagation would: Fig. 1 of O'Connor, Gavves, Welling (ICLR 2019).

    python sim/gradient_alignment.py --out sim/results/gradient_alignment.json
    python sim/gradient_alignment.py --smoke

A network learns the layer outputs of another random network of its kind, from one start twice. The loss
of layer l is L_l = |s_l - target_l|^2, mean over the batch. Local training lets each layer descend its own L_l with
the layer before it held fixed; global training descends the sum of all L_l by backpropagation. The distant
gradient of a layer is that of the losses of the layers after it. As in the authors' published code the
losses carry no factor one half, inputs are standard normal and there are no biases; weights here are uniform
with the variance the authors give their normal ones. Cosines are between whole weight gradients over all
samples (the authors average cosines of rows); the last layer has no distant gradient and no cosine.

Checked of the neighbourhood result (Eq. 12): whether local and distant gradients share a half-space (cosine
above 0, so that local and global ones do, too) along the local training, and at random displacements of given
relative size from the target's parameters, the known minimum of all losses. Random directions are
samples, not a proof for every direction. Not checked: the derivations of Appendices B and C.
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
    """Descend one of the losses; note summed loss and cosines before every so many steps and at the end."""
    net = copy.network
    descent = Descent(net, [config.rate] * len(net.layers), momentum=config.momentum)
    losses, angles, at = [], [], []
    for step in range(config.iterations + 1):
        if step % config.every == 0 or step == config.iterations:
            at.append(step)
            error = copy.predict(inputs) - targets
            losses.append(float((error**2).sum(axis=1).mean()))
            if by_local:
                angles.append(cosines(copy, inputs, targets))
        if step < config.iterations:
            x, y = inputs[order[step]], targets[order[step]]
            gradient = local_gradient(copy, x, y) if by_local else global_gradient(copy, x, y)
            descent.step(copy.parameters, gradient)
    return {"iterations": at, "loss": losses, "cosines": angles}


def global_gradient(copy: FeedforwardCopy, inputs: Singles, targets: Singles) -> Parameters:
    """Gradient of the sum of all layers' losses by the weights, by the chain rule; biases stay."""
    net = copy.network
    signals, summed = copy.forward(inputs)
    error = 2.0 * (signals - targets) / len(inputs)
    for block in reversed(net.blocks):
        layer = net.layer(block.post)
        error[:, layer] *= copy.activation.slope(summed[:, layer], layer)
        if block.pre > 0:
            error[:, net.layer(block.pre)] += error[:, layer] @ block.matrix(copy.parameters.weights).T
    return _without_biases(copy.spread(inputs, signals, error))


def local_gradient(copy: FeedforwardCopy, inputs: Singles, targets: Singles) -> Parameters:
    """Gradient of each layer's own loss by its weights; biases stay."""
    halved = copy.local_gradient(inputs, targets)
    return _without_biases(Parameters(2.0 * halved.weights, halved.biases))


def _without_biases(gradient: Parameters) -> Parameters:
    return Parameters(gradient.weights, np.zeros_like(gradient.biases))


def cosines(copy: FeedforwardCopy, inputs: Singles, targets: Singles) -> list[float]:
    """Cosine of local and distant gradient of each weight matrix but the last."""
    near, whole = local_gradient(copy, inputs, targets).weights, global_gradient(copy, inputs, targets).weights
    near, whole = near.astype(np.float64), whole.astype(np.float64)
    pairs = [(near[b.edges], whole[b.edges] - near[b.edges]) for b in copy.network.blocks[:-1]]
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
    near = np.array([r["near"] for r in results])[:, 0]
    started, local, whole = (
        np.mean([r[way]["loss"][k] for r in results]) for way, k in (("local", 0), ("local", -1), ("global", -1))
    )
    found = (
        ("summed loss at the start", started, "signal**2"),
        ("summed loss, local training", local, "signal**2"),
        ("summed loss, global training", whole, "signal**2"),
        ("lowest cosine of a layer at the start", first.min(), ""),
        ("lowest cosine of a layer after local training", last.min(), ""),
        ("lowest cosine at the smallest displacement", near.min(), ""),
        ("share of cosines above 0 at the smallest displacement", (near > 0.0).mean(), ""),
    )
    return [recorded(case, float(value), unit, command) for case, value, unit in found]


def save(record: Record, path: Path) -> None:
    """Write ``path`` (.json), and beside it the table (.csv) and the figure (.png)."""
    write_text_atomically(path, json.dumps(asdict(record), indent=1) + "\n")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    layers = [f"cosine_{k + 1}" for k in range(record.config.matrices - 1)]
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
