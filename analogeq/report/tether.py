"""Errors of copy and settled network against the tether between them, one panel a way of settling."""

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

TICKS = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0)
DASHES = (0, (4, 1.5))
LINEAR = 0.01
"""Tether below which its axis is linear, so that zero has a place on it."""


@dataclass(frozen=True, eq=False)
class TetherCurve:
    """Errors of one way of settling for one length of the free phase.

    Attributes
    ----------
    way : str
        Names the panel.
    free_steps : int
    tethers : ndarray, shape (tether,)
        Lambda, dimensionless; increasing.
    copy, settled : ndarray, shape (tether,)
        Errors [%].
    """

    way: str
    free_steps: int
    tethers: NDArray[np.floating]
    copy: NDArray[np.floating]
    settled: NDArray[np.floating]

    def __post_init__(self) -> None:
        if not len(self.tethers) == len(self.copy) == len(self.settled) > 0:
            raise InputError(f"{self.way}, T- {self.free_steps}: give an error of copy and settled for each tether")


def tether_figure(curves: Sequence[TetherCurve], *, bounds: tuple[float, float], title: str) -> Figure:
    """Draw the panels side by side on one error axis, one colour for each length of the free phase.

    Parameters
    ----------
    bounds : tuple of float
        Tethers above which Euler steps may be, and have to be, unstable; marked in every panel, named in the first.
    """
    ways = list(dict.fromkeys(curve.way for curve in curves))
    lengths = sorted({curve.free_steps for curve in curves})
    if not ways:
        raise InputError("tether figure: no curve to draw; pass at least one")
    figure = style.new_figure(1.8 + 4.4 * len(ways), 4.4)
    style.heading(figure, title)
    panels = figure.subplots(1, len(ways), sharey=True, squeeze=False)[0]
    for axes, way in zip(panels, ways, strict=True):
        style.dress(axes, x="tether λ", y="validation error [%]" if way == ways[0] else "", title=f"{way} steps")
        for curve in (c for c in curves if c.way == way):
            colour, _ = style.series(lengths.index(curve.free_steps))
            _draw(axes, curve, colour)
        _mark(axes, bounds, named=way == ways[-1])
        _scales(axes, curves)
    style.legend_beside(panels[-1])
    return figure


def _draw(axes: Axes, curve: TetherCurve, colour: str) -> None:
    for errors, dashes, what in ((curve.copy, "solid", "copy"), (curve.settled, DASHES, "settled")):
        axes.plot(
            curve.tethers, errors, color=colour, linewidth=1.4, linestyle=dashes, marker="o", markersize=3.5,
            label=f"T⁻ {curve.free_steps}: {what}",
        )  # fmt: skip


def _mark(axes: Axes, bounds: tuple[float, float], *, named: bool) -> None:
    texts = ("ε(1+λ+σ) = 2, first weights", "ε(1+λ+2β) = 2, any weights")
    for at, text, aside in zip(bounds, texts, (-3, 3), strict=True):
        if at <= 0.0:
            continue
        axes.axvline(at, color=style.QUIET, linewidth=0.9, linestyle=(0, (1, 2)))
        if named:
            axes.annotate(
                text, (at, 0.98), xycoords=("data", "axes fraction"), xytext=(aside, 0), textcoords="offset points",
                rotation=90, fontsize=style.SMALL, color=style.QUIET, ha="right" if aside < 0 else "left", va="top",
            )  # fmt: skip


def _scales(axes: Axes, curves: Sequence[TetherCurve]) -> None:
    tethers = np.unique(np.concatenate([curve.tethers for curve in curves]))
    axes.set_xscale("symlog", linthresh=LINEAR, linscale=0.5)
    axes.set_xticks(tethers)
    axes.set_xlim(tethers[0] - 0.2 * LINEAR, 1.3 * tethers[-1])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_yscale("log")
    low = min(float(np.min([curve.copy.min(), curve.settled.min()])) for curve in curves)
    axes.set_ylim(0.8 * low, 110.0)
    axes.set_yticks([tick for tick in TICKS if tick >= 0.8 * low])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()
