"""Local and global descent near a minimum: what steps they allow, how gradients agree, how the loss falls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analogeq.errors import InputError
from analogeq.report import style

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """What was found around the minima of several networks.

    Attributes
    ----------
    local_eigenvalues, global_eigenvalues : ndarray, shape (seed, edge)
        Real parts, of the slopes of local and summed gradients.
    sampled : ndarray, shape (seed, layer, 5)
        Least cosine of local and distant gradient over random directions, its 5 %, 50 % and 95 % quantiles, largest.
    worst : ndarray, shape (seed, layer)
        Cosine in the direction in which the inner product is lowest.
    steps : ndarray, shape (time,)
    local_loss, global_loss : ndarray, shape (seed, time)
        Summed loss along both descents [squared signals].
    """

    local_eigenvalues: Doubles
    global_eigenvalues: Doubles
    sampled: Doubles
    worst: Doubles
    steps: NDArray[np.integer]
    local_loss: Doubles
    global_loss: Doubles


def neighbourhood_figure(found: Neighbourhood, *, title: str = "Near a minimum of all losses") -> Figure:
    """Draw eigenvalues, cosines in random and in the worst directions, and losses; a line or mark for every seed."""
    if found.sampled.ndim != 3 or found.sampled.shape[2] != 5:
        raise InputError(f"neighbourhood: sampled of shape {found.sampled.shape}; pass (seed, layer, 5)")
    figure = style.new_figure(12.6, 4.0)
    eigenvalues, cosines, losses = figure.subplots(1, 3)
    _eigenvalues(eigenvalues, found)
    _cosines(cosines, found)
    _losses(losses, found)
    style.heading(figure, title)
    return figure


def _ways(local: Doubles, whole: Doubles) -> tuple[tuple[str, Doubles, str], ...]:
    return (("local losses", local, style.SERIES[0]), ("global loss", whole, style.SERIES[1]))


def _eigenvalues(axes: Axes, found: Neighbourhood) -> None:
    style.dress(axes, x="eigenvalue's rank, largest first", y="eigenvalue of the gradient's slope")
    for label, values, colour in _ways(found.local_eigenvalues, found.global_eigenvalues):
        for k, line in enumerate(values):
            shown = f"{label}" if k == 0 else None
            axes.plot(np.arange(1, len(line) + 1), np.sort(line)[::-1], color=colour, linewidth=0.9, label=shown)
    axes.set_yscale("log")
    style.legend(axes)


def _cosines(axes: Axes, found: Neighbourhood) -> None:
    style.dress(axes, x="weights of layer", y="cosine of local and distant gradient")
    layers = np.arange(1, found.worst.shape[1] + 1)
    low, high = found.sampled[:, :, 0].min(axis=0), found.sampled[:, :, 4].max(axis=0)
    middle = np.median(found.sampled[:, :, 2], axis=0)
    axes.errorbar(
        layers, middle, (middle - low, high - middle), fmt="o", color=style.SERIES[2], markersize=4, linewidth=1.5,
        label="random directions: least, median, largest",
    )  # fmt: skip
    for k, line in enumerate(found.worst):
        shown = "direction of the lowest eigenvalue" if k == 0 else None
        axes.plot(layers, line, "x", color=style.SERIES[4], markersize=5, label=shown)
    axes.axhline(0.0, color=style.QUIET, linewidth=0.8)
    axes.set_xticks(layers)
    axes.set_ylim(top=1.55)
    style.legend(axes, where="upper right")


def _losses(axes: Axes, found: Neighbourhood) -> None:
    style.dress(axes, x="step, each by 1 / its largest eigenvalue", y="loss, sum of layers, relative to the start")
    for label, values, colour in _ways(found.local_loss, found.global_loss):
        for k, line in enumerate(values):
            axes.plot(found.steps, line / line[0], color=colour, linewidth=0.9, label=label if k == 0 else None)
    axes.set_yscale("log")
    style.legend(axes)
