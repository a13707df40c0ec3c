"""How local gradients agree with backpropagated ones: losses, cosines during training, cosines near the minimum."""

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
class Alignment:
    """What one training with local losses, and one with the global loss, went through.

    Attributes
    ----------
    iterations : ndarray, shape (time,)
    local_loss, global_loss : ndarray, shape (seed, time)
        Summed loss of the training by local losses and of that by the global one, in squared signals.
    cosines : ndarray, shape (seed, time, layer)
        Along the training by local losses.
    radii : ndarray, shape (radius,)
        Relative distance of the parameters from those of the target.
    near : ndarray, shape (seed, radius, layer)
        Mean cosine at each distance.
    """

    iterations: Doubles
    local_loss: Doubles
    global_loss: Doubles
    cosines: Doubles
    radii: Doubles
    near: Doubles


def alignment_figure(found: Alignment, *, title: str = "Local against backpropagated gradients") -> Figure:
    """Draw losses, cosines of each layer during training, and cosines against distance; means over the seeds."""
    if found.cosines.ndim != 3 or found.cosines.shape[1] != len(found.iterations):
        raise InputError(f"alignment: cosines of shape {found.cosines.shape}; pass (seed, time, layer)")
    figure = style.new_figure(12.6, 4.0)
    losses, training, near = figure.subplots(1, 3)
    style.dress(losses, x="iteration", y="loss, sum of layers [squared signals]")
    for loss, label, colour in ((found.local_loss, "local losses", 0), (found.global_loss, "global loss", 1)):
        losses.plot(found.iterations, loss.mean(axis=0), color=style.SERIES[colour], label=f"trained by {label}")
    losses.set_yscale("log")
    losses.tick_params(which="minor", labelsize=style.SMALL, labelcolor=style.INK)
    style.legend(losses)
    style.dress(training, x="iteration, trained by local losses", y="cosine")
    _layers(training, found.iterations, found.cosines.mean(axis=0))
    style.dress(near, x="relative distance from the target's parameters", y="cosine")
    _layers(near, found.radii, found.near.mean(axis=0))
    near.set_xscale("log")
    style.legend(near)
    style.heading(figure, title)
    return figure


def _layers(axes: Axes, x: Doubles, cosines: Doubles) -> None:
    axes.axhline(0.0, color=style.QUIET, linewidth=0.8)
    for k in range(cosines.shape[1]):
        colour = style.SERIES[k % len(style.SERIES)]
        axes.plot(x, cosines[:, k], color=colour, linewidth=1.2, label=f"layer {k + 1}")
