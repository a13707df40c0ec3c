"""How local gradients agree with backpropagated ones: losses, cosines during training, cosines near the minimum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analogeq.errors import InputError
from analogeq.report import style

Floats = NDArray[np.floating]
Losses = Mapping[str, tuple[Floats, Floats]]


@dataclass(frozen=True, eq=False)
class Alignment:
    """What trainings by local losses and by the global loss went through.

    Attributes
    ----------
    losses : mapping of str to (ndarray, ndarray)
        By the legend's words: iterations, shape (time,), and summed loss in squared signals, shape (seed, time).
    near_losses : mapping
        The same of trainings that started near the target's parameters.
    iterations : ndarray, shape (time,)
        Of the cosines.
    cosines : ndarray, shape (seed, time, layer)
        Along a training by local losses.
    radii : ndarray, shape (radius,)
        Relative distance of the parameters from those of the target.
    near : ndarray, shape (seed, radius, layer)
        Mean cosine at each distance.
    """

    losses: Losses
    near_losses: Losses
    iterations: Floats
    cosines: Floats
    radii: Floats
    near: Floats


def alignment_figure(found: Alignment, *, title: str = "Local against backpropagated gradients") -> Figure:
    """Draw losses from both starts above; cosines of each layer during training and against distance below."""
    if found.cosines.ndim != 3 or found.cosines.shape[1] != len(found.iterations):
        raise InputError(f"alignment: cosines of shape {found.cosines.shape}; pass (seed, time, layer)")
    figure = style.new_figure(10.0, 7.0)
    (far, close), (training, near) = figure.subplots(2, 2)
    _losses(far, found.losses, "from a random start")
    _losses(close, found.near_losses, "from near the target")
    style.dress(training, x="iteration, trained by local losses", y="cosine of local and distant gradient")
    _layers(training, found.iterations, found.cosines.mean(axis=0))
    style.dress(near, x="relative distance from the target's parameters", y="cosine of local and distant gradient")
    _layers(near, found.radii, found.near.mean(axis=0))
    near.set_xscale("log")
    style.legend(near)
    style.heading(figure, title)
    return figure


def _losses(axes: Axes, losses: Losses, start: str) -> None:
    style.dress(axes, x=f"iteration {start}", y="loss, sum of layers [squared signals]")
    dashes = iter(((0, ()), (0, (5, 1.5)), (0, (2, 1.5)), (0, (1, 1))))
    for label, (iterations, values) in losses.items():
        local = label.startswith("local")
        axes.plot(
            iterations, values.mean(axis=0), label=label, color=style.SERIES[0 if local else 1],
            linestyle=(0, ()) if local else next(dashes),
        )  # fmt: skip
    axes.set_yscale("log")
    axes.tick_params(which="minor", labelsize=style.SMALL, labelcolor=style.INK)
    style.legend(axes)


def _layers(axes: Axes, x: Floats, cosines: Floats) -> None:
    axes.axhline(0.0, color=style.QUIET, linewidth=0.8)
    for k in range(cosines.shape[1]):
        colour = style.SERIES[k % len(style.SERIES)]
        axes.plot(x, cosines[:, k], color=colour, linewidth=1.2, label=f"layer {k + 1}")
