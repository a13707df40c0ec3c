"""Errors of copy and settled network against epochs, over several seeds, one panel a network."""

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

TICKS = (0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0, 50.0, 100.0)
DASHES = (0, (4, 1.5))


@dataclass(frozen=True, eq=False)
class SeedCurves:
    """One setting, trained once for each seed.

    Attributes
    ----------
    label : str
    copy : ndarray, shape (seed, epoch), or None
        Error of the copy alone after each epoch [%]; None where none is trained.
    settled : ndarray, shape (seed, epoch)
        Error of the settled network [%].
    """

    label: str
    copy: NDArray[np.floating] | None
    settled: NDArray[np.floating]

    def __post_init__(self) -> None:
        if self.settled.ndim != 2 or self.settled.size == 0:
            raise InputError(
                f"{self.label}: settled errors of shape {self.settled.shape}; pass (seed, epoch), not empty"
            )
        if self.copy is not None and self.copy.shape != self.settled.shape:
            raise InputError(
                f"{self.label}: errors of shapes {self.copy.shape} and {self.settled.shape}; "
                "pass the same seeds and epochs"
            )


def seed_curves_figure(panels: Mapping[str, Sequence[SeedCurves]], *, title: str) -> Figure:
    """Draw each setting in its colour: mean over seeds as a line, the range of seeds as a band.

    Copies are solid lines, settled networks dashed ones; the legend has the means after the last epoch.
    """
    if not panels or not all(panels.values()):
        raise InputError("seed curves figure: a panel without a curve, or no panel; pass at least one curve for each")
    figure = style.new_figure(9.6, 0.5 + 3.4 * len(panels))
    style.heading(figure, title)
    rows = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
    for axes, (name, curves) in zip(rows, panels.items(), strict=True):
        style.dress(axes, x="epoch", y="test error [%]", title=name)
        for k, curve in enumerate(curves):
            colour, marker = style.series(k)
            if curve.copy is not None:
                _draw(axes, curve.copy, colour, marker, "solid", f"{curve.label}: copy, {_end(curve.copy)}")
            _draw(axes, curve.settled, colour, marker, DASHES, f"{curve.label}: settled, {_end(curve.settled)}")
        _finish(axes)
    return figure


def _draw(axes: Axes, errors: NDArray[np.floating], colour: str, marker: str, dashes: object, label: str) -> None:
    epochs = np.arange(1, errors.shape[1] + 1)
    axes.plot(
        epochs, errors.mean(axis=0), color=colour, linewidth=1.4, linestyle=dashes, marker=marker, markersize=3.5,
        markevery=max(1, len(epochs) // 10), label=label,
    )  # fmt: skip
    if len(errors) > 1:
        axes.fill_between(epochs, errors.min(axis=0), errors.max(axis=0), color=colour, alpha=0.15, linewidth=0)


def _end(errors: NDArray[np.floating]) -> str:
    seeds = "" if len(errors) == 1 else f" (mean of {len(errors)} seeds)"
    return f"{errors[:, -1].mean():.2f} %{seeds}"


def _finish(axes: Axes) -> None:
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_yticks([tick for tick in TICKS if low <= tick <= high])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    style.legend_beside(axes)
