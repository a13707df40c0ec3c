r"""Local and distant gradients in the neighbourhood of a minimum of all losses, for every direction at once.

    python sim/alignment_neighbourhood.py --full
    python sim/alignment_neighbourhood.py --smoke

O'Connor, Gavves and Welling (ICLR 2019) argue for local losses L_l = |s_l - s*_l|^2 / 2 by the alignment of a layer's
local gradient with its distant one, that of the losses of later layers, in a neighbourhood of parameters where all
losses are 0 (Eq. 12). Their text was not at hand: what is stated and checked here was derived for this script.

To first order in a displacement d from such parameters the errors are e = K d, where the block K_lm of layer l and
weights m <= l is the Jacobian of s_l. The summed loss has gradient G d with G = K^T K, symmetric and not negative.
The local gradients are A d with A = J^T K, J being K's diagonal blocks. So:

1. A is block lower triangular and its diagonal blocks J_l^T J_l are Gram matrices. Its eigenvalues are theirs: real,
   none negative. Where none is 0, every small enough local step brings d to 0, aligned or not: layer 1 arrives, then
   layer 2 does, and so on. The angle is not what makes local losses work near a minimum.
2. Of a displacement of one layer alone, the same in all directions on average, local and distant gradient have the
   mean inner product trace(J_l^T J_l D_l) with D_l = sum_k>l K_kl^T K_kl, a trace of a product of two Gram matrices
   and so not negative.
3. For every single direction that does not follow: the form d^T A_l^T (G - A)_l d need not be definite. Whether it is
   is what an eigenvalue tells and sampled directions cannot.

A and G are central differences of the gradients at the target's parameters, so the derivation is tested and not
used. In the direction of each form's lowest eigenvalue a displacement of small size is made and the cosine measured
with the gradients themselves. Then both losses are descended from one displaced start, each by steps of 1 / its
largest eigenvalue.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from analogeq.digital import Activation, FeedforwardCopy, backpropagate_layers
from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.measurements import Row, at_least, at_most, recorded
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.learning.alignment import layer_cosines
from analogeq.network import Network, Parameters, glorot_uniform
from analogeq.network.network import Floats
from analogeq.report import Figure
from analogeq.report.neighbourhood import Neighbourhood, neighbourhood_figure

Gradient = Callable[[FeedforwardCopy, Floats, Floats], Parameters]
RHO = Activation(-0.5, 0.5, 0.01)
STEP = 1e-6  # rho is linear between its kinks, so differences are exact but for a sum that a step takes over one


@dataclass(frozen=True)
class Config:
    """Networks as those of the alignment experiment but small.

    Displacements for cosines are ``radius`` times the parameters' length, those that descents start from ``start``
    times; losses are kept before each of the first ``every`` steps and then before every ``every``-th.
    """

    matrices: int = 5
    width: int = 10
    scale: float = 1.6
    samples: int = 300
    directions: int = 10_000
    radius: float = 1e-4
    start: float = 1e-2
    steps: int = 3000
    every: int = 20
    seeds: tuple[int, ...] = tuple(range(10))


SMOKE = Config(matrices=3, width=6, samples=200, directions=1000, steps=1000, every=5, seeds=(0, 1))
DEFAULT = Config(matrices=4, width=8, seeds=(0, 1, 2))


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """One for each seed; no data are read."""
    del data_dir
    settings = {key: value for key, value in asdict(config).items() if key != "seeds"}
    return [Point(f"seed {seed}", {**settings, "seed": seed}) for seed in config.seeds]


def look(settings: Settings, folder: Path) -> Result:
    """Measure everything at one target; nothing is kept in ``folder``."""
    del folder
    rng = np.random.default_rng(settings["seed"])
    network = Network.layered([settings["width"]] * (settings["matrices"] + 1))
    goal = glorot_uniform(network, rng, scale=settings["scale"])
    inputs = rng.standard_normal((settings["samples"], settings["width"]))
    copy = FeedforwardCopy(network, goal.copy(), RHO)
    targets = copy.predict(inputs)
    local, whole = (
        slopes(copy, inputs, targets, way) for way in (FeedforwardCopy.local_gradient, backpropagate_layers)
    )
    values = np.linalg.eigvals(local)
    return {
        "local_eigenvalues": ascending(values.real),
        "largest_imaginary_part": float(np.abs(values.imag).max()),
        "above_diagonal": float(max(np.abs(local[a, b]).max() for a, b in above(network))),
        "global_eigenvalues": ascending(np.linalg.eigvalsh(whole)),
        "layers": [
            layer_forms(settings, copy, inputs, targets, local, whole, block.edges, rng)
            for block in network.blocks[:-1]
        ],
        "summed": summed_form(local, whole),
        "descents": descents(settings, copy, inputs, targets, local, whole),
    }


def slopes(copy: FeedforwardCopy, inputs: Floats, targets: Floats, gradient: Gradient) -> Floats:
    """Derivative of a gradient by every weight, shape (edge, edge)."""
    held = copy.parameters.weights
    found = np.empty((len(held), len(held)))
    for edge, value in enumerate(held.copy()):
        held[edge] = value + STEP
        ahead = gradient(copy, inputs, targets).weights
        held[edge] = value - STEP
        found[:, edge] = (ahead - gradient(copy, inputs, targets).weights) / (2.0 * STEP)
        held[edge] = value
    return found


def above(network: Network) -> list[tuple[slice, slice]]:
    """Pairs of a layer's weights and a later layer's."""
    runs = [block.edges for block in network.blocks]
    return [(a, b) for k, a in enumerate(runs) for b in runs[k + 1 :]]


def ascending(values: Floats) -> list[float]:
    """Sort for a record, to six digits."""
    return [float(f"{value:.6g}") for value in np.sort(values)]


def symmetric(form: Floats) -> Floats:
    """What of a matrix its quadratic form sees."""
    half: Floats = 0.5 * (form + form.T)
    return half


def layer_forms(
    settings: Settings, copy: FeedforwardCopy, inputs: Floats, targets: Floats, local: Floats, whole: Floats,
    run: slice, rng: np.random.Generator,
) -> Result:  # fmt: skip
    """Inner product of a layer's local and distant gradient as a form; cosines sampled and in the worst direction."""
    near, far = local[run], whole[run] - local[run]
    values, vectors = np.linalg.eigh(symmetric(near.T @ far))
    alone = near[:, run].T @ far[:, run]
    drawn = rng.standard_normal((settings["directions"], near.shape[1]))
    products = np.einsum("de,de->d", drawn @ near.T, drawn @ far.T)
    lengths = np.linalg.norm(drawn @ near.T, axis=1) * np.linalg.norm(drawn @ far.T, axis=1)
    sampled = products / lengths
    index = [block.edges for block in copy.network.blocks].index(run)
    return {
        "lowest": float(values[0]),
        "highest": float(values[-1]),
        "share_negative": float((values < 0.0).mean()),
        "alone_lowest": float(np.linalg.eigvalsh(symmetric(alone))[0]),
        "alone_trace": float(np.trace(alone)),
        "sampled": [float(q) for q in np.quantile(sampled, (0.0, 0.05, 0.5, 0.95, 1.0))],
        "sampled_positive": float((sampled > 0.0).mean()),
        "worst": cosine_at(settings["radius"], copy, inputs, targets, vectors[:, 0])[index],
    }


def moved(copy: FeedforwardCopy, direction: Floats, radius: float) -> FeedforwardCopy:
    """Move the weights by ``radius`` times their length."""
    weights = copy.parameters.weights
    size = radius * np.linalg.norm(weights) / np.linalg.norm(direction)
    return FeedforwardCopy(copy.network, Parameters(weights + size * direction, copy.parameters.biases.copy()), RHO)


def cosine_at(radius: float, copy: FeedforwardCopy, inputs: Floats, targets: Floats, direction: Floats) -> list[float]:
    """Cosines of the gradients themselves after a displacement."""
    return layer_cosines(moved(copy, direction, radius), inputs, targets)


def summed_form(local: Floats, whole: Floats) -> Result:
    """Rate at which local steps lower the summed loss, as a form."""
    values = np.linalg.eigvalsh(symmetric(local.T @ whole))
    return {"lowest": float(values[0]), "highest": float(values[-1]), "share_negative": float((values < 0.0).mean())}


def descents(
    settings: Settings, copy: FeedforwardCopy, inputs: Floats, targets: Floats, local: Floats, whole: Floats
) -> dict[str, list[float]]:
    """Summed loss along both descents from where a local step raises it fastest, each by 1 / its largest eigenvalue."""
    _, vectors = np.linalg.eigh(symmetric(local.T @ whole))
    ways: tuple[tuple[str, Gradient, float], ...] = (
        ("local", FeedforwardCopy.local_gradient, float(np.linalg.eigvals(local).real.max())),
        ("global", backpropagate_layers, float(np.linalg.eigvalsh(whole)[-1])),
    )
    return {
        name: descend(settings, moved(copy, vectors[:, 0], settings["start"]), inputs, targets, way, 1.0 / most)
        for name, way, most in ways
    }


def descend(
    settings: Settings, copy: FeedforwardCopy, inputs: Floats, targets: Floats, gradient: Gradient, rate: float
) -> list[float]:
    """Summed loss before the `kept` steps of a descent on all samples."""
    losses, at = [], set(kept(settings))
    for step in range(settings["steps"] + 1):
        if step in at:
            losses.append(summed_loss(copy, inputs, targets))
        copy.parameters.weights[:] -= rate * gradient(copy, inputs, targets).weights
    return losses


def kept(settings: Settings) -> list[int]:
    """Steps before which the loss is kept."""
    every, steps = settings["every"], settings["steps"]
    return [*range(every), *range(every, steps + 1, every)]


def summed_loss(copy: FeedforwardCopy, inputs: Floats, targets: Floats) -> float:
    """Sum of the losses of all layers, mean over the samples [squared signals]."""
    return float(0.5 * ((copy.predict(inputs) - targets) ** 2).sum(axis=1).mean())


def rows(finished: Sequence[Finished], command: str) -> list[Row]:
    """What was derived, as targets; what was not, as it came out."""
    results = [one.result for one in finished if one.result is not None]
    layers = [layer for result in results for layer in result["layers"]]
    # Differences are rounded at 1e-16 / STEP = 1e-10 of values of order 1; eigenvalues of a matrix that is not
    # symmetric magnify that by how far its eigenvectors are from orthogonal, here up to some 1e3.
    checks = [
        at_most("local slopes above the block diagonal", max(r["above_diagonal"] for r in results), "", 1e-9, command),
        at_most("imaginary part of their eigenvalues", _most(results, "largest_imaginary_part"), "", 1e-6, command),
        at_least("lowest of their eigenvalues", min(r["local_eigenvalues"][0] for r in results), "", 0.0, command),
        at_least("mean inner product, one layer moved", min(x["alone_trace"] for x in layers), "", 0.0, command),
    ]
    spans = {way: np.array([r[f"{way}_eigenvalues"] for r in results]) for way in ("local", "global")}
    found = [
        ("largest eigenvalue, local", float(spans["local"][:, -1].max())),
        ("largest eigenvalue, global", float(spans["global"][:, -1].max())),
        ("ratio of largest to lowest, local, median", float(np.median(spans["local"][:, -1] / spans["local"][:, 0]))),
        (
            "ratio of largest to lowest, global, median",
            float(np.median(spans["global"][:, -1] / spans["global"][:, 0])),
        ),
        ("share of sampled directions that align", float(np.mean([x["sampled_positive"] for x in layers]))),
        ("lowest sampled cosine", min(x["sampled"][0] for x in layers)),
        ("layers with a direction that does not align", float(np.mean([x["lowest"] < 0.0 for x in layers]))),
        ("the same, that layer alone moved", float(np.mean([x["alone_lowest"] < 0.0 for x in layers]))),
        ("cosine in each layer's worst direction, highest", max(x["worst"] for x in layers)),
        ("cosine in each layer's worst direction, lowest", min(x["worst"] for x in layers)),
        ("share of dimensions in which a local step raises the sum", _mean(results, "summed", "share_negative")),
        ("highest loss during local descent to loss before, worst", _rise(results, "local")),
        ("highest loss during global descent to loss before, worst", _rise(results, "global")),
        ("loss after local descent to loss before, worst", _fall(results, "local")),
        ("loss after global descent to loss before, worst", _fall(results, "global")),
    ]
    return checks + [recorded(case, value, "", command) for case, value in found]


def _most(results: Sequence[Result], key: str) -> float:
    return float(max(result[key] for result in results))


def _mean(results: Sequence[Result], part: str, key: str) -> float:
    return float(np.mean([result[part][key] for result in results]))


def _fall(results: Sequence[Result], way: str) -> float:
    return float(max(r["descents"][way][-1] / r["descents"][way][0] for r in results))


def _rise(results: Sequence[Result], way: str) -> float:
    return float(max(max(r["descents"][way]) / r["descents"][way][0] for r in results))


def figure(finished: Sequence[Finished]) -> Figure:
    """Draw every seed."""
    results = [one.result for one in finished if one.result is not None]
    found = Neighbourhood(
        local_eigenvalues=np.array([r["local_eigenvalues"] for r in results]),
        global_eigenvalues=np.array([r["global_eigenvalues"] for r in results]),
        sampled=np.array([[layer["sampled"] for layer in r["layers"]] for r in results]),
        worst=np.array([[layer["worst"] for layer in r["layers"]] for r in results]),
        steps=np.array(kept(finished[0].point.settings)),
        local_loss=np.array([r["descents"]["local"] for r in results]),
        global_loss=np.array([r["descents"]["global"] for r in results]),
    )
    return neighbourhood_figure(found)


EXPERIMENT = Experiment("alignment_neighbourhood", __doc__, SMOKE, DEFAULT, Config(), points, look, rows, figure)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    sys.exit(main())
