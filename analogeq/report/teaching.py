"""A copy taught by local losses beside one taught by backpropagation: errors, and how the gradients agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from analogeq.errors import InputError
from analogeq.report import style

Doubles = NDArray[np.float64]
TICKS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0)


@dataclass(frozen=True, eq=False)
class Taught:
    """One network taught one way.

    Attributes
    ----------
    way : str
        What the copy descends: "local losses" or "global loss".
    copy_errors, settled_errors : ndarray, shape (seed, epoch)
        After each epoch [%].
    cosines : ndarray, shape (seed, epoch + 1, layer)
        Of local and distant gradients, before the first and after each epoch; the last layer has none.
    """

    way: str
    copy_errors: Doubles
    settled_errors: Doubles
    cosines: Doubles


def teaching_figure(
    networks: Mapping[str, Sequence[Taught]], *, title: str = "The copy taught by local losses and by backpropagation"
) -> Figure:
    """Draw a column for each network: errors above, cosines below; means over the seeds, bands their range."""
    if not networks or any(not taught for taught in networks.values()):
        raise InputError("teaching figure: no network, or one that was not taught; pass at least one way for each")
    figure = style.new_figure(7.0 * len(networks), 6.0)
    panels = figure.subplots(2, len(networks), squeeze=False, sharex="col")
    for (name, taught), errors, cosines in zip(networks.items(), *panels, strict=True):
        style.dress(errors, x="", y="test error [%]", title=name)
        for one, colour in zip(taught, style.SERIES, strict=False):
            _errors(errors, one, colour)
        _error_axis(errors)
        style.dress(cosines, x="epoch", y="cosine of local and distant gradient")
        for one, dashes in zip(taught, ((0, ()), (0, (3, 1.5))), strict=False):
            _cosines(cosines, one, dashes)
        cosines.axhline(0.0, color=style.QUIET, linewidth=0.8)
        cosines.xaxis.set_major_locator(MaxNLocator(integer=True))
        style.legend_beside(cosines)
    style.heading(figure, title)
    return figure


def _errors(axes: Axes, one: Taught, colour: str) -> None:
    epochs = np.arange(1, one.copy_errors.shape[1] + 1)
    for what, errors, dashes in (("copy", one.copy_errors, (0, ())), ("settled", one.settled_errors, (0, (3, 1.5)))):
        mean = errors.mean(axis=0)
        axes.plot(
            epochs, mean, color=colour, linewidth=1.5, linestyle=dashes,
            label=f"{one.way}, {what}: {mean[-1]:.2f} % at the end",
        )  # fmt: skip
        axes.fill_between(epochs, errors.min(axis=0), errors.max(axis=0), color=colour, alpha=0.12, linewidth=0.0)


def _cosines(axes: Axes, one: Taught, dashes: tuple[int, tuple[float, ...]]) -> None:
    epochs = np.arange(one.cosines.shape[1])
    for k in range(one.cosines.shape[2]):
        colour = style.SERIES[(k + 2) % len(style.SERIES)]
        label = f"matrix {k + 1}, taught by {one.way}"
        axes.plot(epochs, one.cosines[:, :, k].mean(axis=0), color=colour, linewidth=1.3, linestyle=dashes, label=label)


def _error_axis(axes: Axes) -> None:
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_yticks([tick for tick in TICKS if low <= tick <= high])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()
    style.legend_beside(axes)
