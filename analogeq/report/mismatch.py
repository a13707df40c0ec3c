"""Errors and gradients against how much the two directions of a weight differ, trained in place and transferred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from analogeq.errors import InputError
from analogeq.report import style

COLOURS = {"in place": style.BLUE, "transferred": style.VERMILION}


@dataclass(frozen=True)
class MismatchCurve:
    """Chips whose weights were come by in one way.

    Attributes
    ----------
    way : {"in place", "transferred"}
    percent : tuple of float
        Standard deviation of the backward array's relative error [%], increasing.
    settled, copy : tuple of tuple of float
        Test errors [%] of every chip at every amount.
    cosine : tuple of tuple of float
        Of the measured gradient with an ideal chip's.
    """

    way: str
    percent: tuple[float, ...]
    settled: tuple[tuple[float, ...], ...]
    copy: tuple[tuple[float, ...], ...]
    cosine: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        if self.way not in COLOURS:
            raise InputError(f"mismatch curve: way {self.way!r} is unknown; give {' or '.join(map(repr, COLOURS))}")
        for several in (self.settled, self.copy, self.cosine):
            if len(several) != len(self.percent) or not all(several):
                raise InputError(f"mismatch curve, {self.way}: give the chips' numbers for each amount")


def mismatch_figure(curves: Sequence[MismatchCurve], *, title: str) -> Figure:
    """Draw errors beside cosines; lines are means over chips, bands reach from the lowest to the highest."""
    if not curves:
        raise InputError("mismatch figure: no curve to draw; pass at least one")
    figure = style.new_figure(9.2, 3.7)
    style.heading(figure, title)
    errors, cosines = figure.subplots(1, 2)
    x = "mismatch of the mirrored arrays, standard deviation [%]"
    style.dress(errors, x=x, y="test error [%]")
    style.dress(cosines, x=x, y="gradient's cosine with the ideal chip's")
    for curve in curves:
        _draw(errors, curve, curve.settled, "solid", f"{curve.way}: settled")
        if curve.way == "in place" or len(curves) == 1:  # a transferred chip's copy knows nothing of the chip
            _draw(errors, curve, curve.copy, (0, (4, 1.5)), f"{curve.way}: copy alone")
        _draw(cosines, curve, curve.cosine, "solid", curve.way)
    for axes in (errors, cosines):
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        style.legend(axes)
    errors.set_ylim(bottom=0.0)
    return figure


def _draw(
    axes: Axes,
    curve: MismatchCurve,
    several: tuple[tuple[float, ...], ...],
    dashes: str | tuple[int, tuple[float, float]],
    label: str,
) -> None:
    low, mean, high = (np.array([f(values) for values in several]) for f in (np.min, np.mean, np.max))
    colour = COLOURS[curve.way]
    axes.plot(
        curve.percent, mean, color=colour, linestyle=dashes, linewidth=1.4, marker="o", markersize=3.0, label=label
    )
    if dashes == "solid":
        axes.fill_between(curve.percent, low, high, color=colour, alpha=0.15, linewidth=0.0)
