"""Test errors against the resistance of the crossbars' wires, and how much of the weights they take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from analogeq.errors import InputError
from analogeq.report import style
from analogeq.report.error_curves import TICKS

STYLES = {"in place": ("-", "o"), "transferred": ((0, (4, 1.5)), "")}
"""Line and marker of each way to come by the weights."""


@dataclass(frozen=True, eq=False)
class WireCurve:
    """One size of array, and one way to come by its weights.

    Attributes
    ----------
    hidden : int
        Columns of the first array.
    way : {"in place", "transferred"}
        Trained with the wires, or without and programmed afterwards.
    ohms : ndarray, shape (resistance,)
        Of a line's segment [Ohm]; increasing, may begin with zero.
    error, copy : ndarray, shape (resistance,)
        Test error of the settled circuit, and of its copy [%].
    taken : ndarray, shape (resistance,)
        Norm of what the wires take from the first layer's weights, over theirs.
    """

    hidden: int
    way: str
    ohms: NDArray[np.floating]
    error: NDArray[np.floating]
    copy: NDArray[np.floating]
    taken: NDArray[np.floating]

    def __post_init__(self) -> None:
        if self.way not in STYLES:
            raise InputError(f"wire curve: way {self.way!r} is unknown; give {' or '.join(map(repr, STYLES))}")
        if not len(self.ohms) == len(self.error) == len(self.copy) == len(self.taken) > 0:
            raise InputError(f"wire curve of {self.hidden} columns: give an error and a share for each resistance")


def wires_figure(families: Mapping[str, Sequence[WireCurve]], *, title: str) -> Figure:
    """Draw errors beside what the wires take; one row a family, one colour a size, one kind of line a way."""
    if not families or not all(families.values()):
        raise InputError("wires figure: no curve to draw; pass at least one for each family")
    figure = style.new_figure(9.6, 0.4 + 3.4 * len(families))
    style.heading(figure, title)
    panels = figure.subplots(len(families), 2, squeeze=False)
    sizes = sorted({curve.hidden for curves in families.values() for curve in curves})
    colours = {size: style.SERIES[k % len(style.SERIES)] for k, size in enumerate(sizes)}
    for (errors, taken), (family, curves) in zip(panels, families.items(), strict=True):
        _dress(errors, taken, family)
        for curve in curves:
            _draw(errors, taken, curve, colours[curve.hidden])
        _scale((errors, taken), curves)
        _errors_by_logarithm(errors)
        taken.set_ylim(bottom=0.0)
        style.legend_beside(taken)
    return figure


def _dress(errors: Axes, taken: Axes, family: str) -> None:
    x = "resistance of a wire's segment [Ω]"
    style.dress(errors, x=x, y=f"{family}: settled test error [%]")
    style.dress(taken, x=x, y="share of the first layer taken [%]")


def _draw(errors: Axes, taken: Axes, curve: WireCurve, colour: str) -> None:
    line, marker = STYLES[curve.way]
    look: dict[str, Any] = {"color": colour, "linestyle": line, "marker": marker, "markersize": 3.5, "linewidth": 1.4}
    errors.plot(curve.ohms, curve.error, **look)
    taken.plot(curve.ohms, 100.0 * curve.taken, label=f"{curve.hidden} columns, {curve.way}", **look)


def _scale(panels: tuple[Axes, Axes], curves: Sequence[WireCurve]) -> None:
    """Logarithmic from the smallest resistance on, linear below it, so that zero has a place."""
    every = sorted({float(ohms) for curve in curves for ohms in curve.ohms})
    above = [ohms for ohms in every if ohms > 0.0]
    for axes in panels:
        if above:
            axes.set_xscale("symlog", linthresh=above[0], linscale=0.5)
        axes.set_xticks(every)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda ohms, _: f"{ohms:g}"))
        axes.minorticks_off()


def _errors_by_logarithm(axes: Axes) -> None:
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_yticks([tick for tick in TICKS if low <= tick <= high])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{error:g}"))
    axes.minorticks_off()
