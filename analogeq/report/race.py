"""Test error against the processor time that training took, a panel for each network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from analogeq.errors import InputError
from analogeq.report import style

ERROR_TICKS = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0)
TIMES = ((0.01, "10 ms"), (0.1, "0.1 s"), (1.0, "1 s"), (10.0, "10 s"), (60.0, "1 min"), (600.0, "10 min"),
         (3600.0, "1 h"), (36000.0, "10 h"), (345600.0, "4 d"))  # fmt: skip


@dataclass(frozen=True, eq=False)
class RaceCurve:
    """One contestant.

    Attributes
    ----------
    label : str
    seconds : ndarray, shape (epoch,)
        Of training, since the start [s].
    errors : ndarray, shape (epoch,)
        Test error after each epoch [%].
    colour : int
        Which of the style's colours; -1 for ink.
    dashed : bool
    """

    label: str
    seconds: NDArray[np.floating]
    errors: NDArray[np.floating]
    colour: int = -1
    dashed: bool = False


@dataclass(frozen=True, eq=False)
class RacePanel:
    """Contestants on one network."""

    title: str
    curves: Sequence[RaceCurve]


@dataclass(frozen=True)
class QuotedPoint:
    """An error [%] that others reached after so many seconds [s]."""

    label: str
    seconds: float
    error: float


def race_figure(panels: Sequence[RacePanel], *, quoted: Sequence[QuotedPoint] = (), title: str) -> Figure:
    """Draw error against time, both logarithmic; quoted points as hollow marks in every panel."""
    if not panels or not all(panel.curves for panel in panels):
        raise InputError("race figure: a network without contestants, or no network; pass at least one curve of each")
    figure = style.new_figure(1.0 + 4.9 * len(panels), 4.6)
    for column, (axes, panel) in enumerate(zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True)):
        style.dress(axes, x="processor time of training", y="test error [%]" if column == 0 else "")
        axes.set_title(panel.title, fontsize=style.BODY, color=style.INK, loc="left")
        for curve in panel.curves:
            _draw(axes, curve)
        for point, marker in zip(quoted, "sD^v", strict=False):
            axes.plot(
                [point.seconds], [point.error], marker, color=style.QUIET, markerfacecolor=style.PAPER, markersize=6,
                label=f"{point.label}: {point.error:g} %",
            )  # fmt: skip
        _scales(axes, panel, quoted)
        axes.legend(
            fontsize=style.SMALL, frameon=False, labelcolor=style.INK, loc="upper center",
            bbox_to_anchor=(0.5, -0.14), ncols=2, handlelength=2.4,
        )  # fmt: skip
    style.heading(figure, title)
    return figure


def _draw(axes: Axes, curve: RaceCurve) -> None:
    colour = style.INK if curve.colour < 0 else style.SERIES[curve.colour % len(style.SERIES)]
    axes.plot(
        curve.seconds, curve.errors, color=colour, linestyle=(0, (4, 2)) if curve.dashed else "solid", linewidth=1.4,
        marker="o", markersize=2.4, label=f"{curve.label}: {curve.errors[-1]:.2f} %",
    )  # fmt: skip


def _scales(axes: Axes, panel: RacePanel, quoted: Sequence[QuotedPoint]) -> None:
    errors = np.concatenate([[point.error for point in quoted], *(curve.errors for curve in panel.curves)])
    seconds = np.concatenate([[point.seconds for point in quoted], *(curve.seconds for curve in panel.curves)])
    positive = errors[errors > 0.0]
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(0.6 * seconds.min(), 1.8 * seconds.max())
    axes.set_ylim(0.85 * positive.min(initial=100.0), 1.2 * positive.max(initial=1.0))
    axes.set_xticks([at for at, _ in TIMES if 0.6 * seconds.min() <= at <= 1.8 * seconds.max()])
    names = dict(TIMES)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: names.get(at, f"{at:g} s")))
    low, high = axes.get_ylim()
    axes.set_yticks([tick for tick in ERROR_TICKS if low <= tick <= high])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()
