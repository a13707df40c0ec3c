"""Errors of networks trained in place and of transferred ones, against what is wrong with the devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from analogeq.errors import InputError
from analogeq.report import style

HOWS = {
    "transferred": ("transferred: settled", style.VERMILION, "solid"),
    "in place": ("in place: settled", style.BLUE, "solid"),
    "copy": ("in place: copy alone", style.BLUE, (0, (4, 1.5))),
}
TICKS = (2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


@dataclass(frozen=True)
class InPlaceCurve:
    """One panel.

    Attributes
    ----------
    family : str
        Row of the panel.
    label : str
        Of its abscissa, with the unit: what is wrong with the devices.
    amounts : tuple of float
        How much of it, increasing.
    errors : mapping of str to tuple of tuple of float
        ``transferred``, ``in place`` and ``copy``: test errors [%] of every seed at every amount.
    logarithmic : bool
        Whether amounts are drawn on a logarithmic axis, with a tick at each.
    """

    family: str
    label: str
    amounts: tuple[float, ...]
    errors: Mapping[str, tuple[tuple[float, ...], ...]]
    logarithmic: bool = False

    def __post_init__(self) -> None:
        for how, errors in self.errors.items():
            if how not in HOWS or len(errors) != len(self.amounts) or not all(errors):
                raise InputError(
                    f"{self.family}, {self.label}: {how}: give errors of each amount, by {', '.join(HOWS)}"
                )


def in_place_figure(curves: Sequence[InPlaceCurve], *, title: str) -> Figure:
    """Draw a row of panels for each family, all on one error axis; bands reach from the best seed to the worst."""
    families = list(dict.fromkeys(curve.family for curve in curves))
    if not families:
        raise InputError("in-place figure: no curve to draw; pass at least one")
    columns = max(sum(curve.family == family for curve in curves) for family in families)
    figure = style.new_figure(3.1 * columns, 0.7 + 2.9 * len(families))
    style.heading(figure, title)
    panels = figure.subplots(len(families), columns, sharey=True, squeeze=False)
    for row, family in zip(panels, families, strict=True):
        own = [curve for curve in curves if curve.family == family]
        for axes, curve in zip(row, own, strict=False):
            style.dress(axes, x=curve.label, y="test error [%]" if axes is row[0] else "")
            _draw(axes, curve)
        for axes in row[len(own) :]:
            axes.set_visible(False)
        style.note(row[0], (0.03, 0.95), family, colour=style.INK)
    _scale(panels[0, 0], curves)
    style.legend(panels[0, -1], where="upper left")
    return figure


def _draw(axes: Axes, curve: InPlaceCurve) -> None:
    for how, (label, colour, dashes) in HOWS.items():
        if how not in curve.errors:
            continue
        low, mean, high = (np.array([f(several) for several in curve.errors[how]]) for f in (np.min, np.mean, np.max))
        axes.plot(
            curve.amounts, mean, color=colour, linestyle=dashes, linewidth=1.4, marker="o", markersize=3.0, label=label
        )
        if how != "copy":
            axes.fill_between(curve.amounts, low, high, color=colour, alpha=0.15, linewidth=0.0)
    if curve.logarithmic:
        axes.set_xscale("log")
        axes.set_xticks(curve.amounts, [f"{amount:g}" for amount in curve.amounts], minor=False)
        axes.set_xticks([], minor=True)


def _scale(axes: Axes, curves: Sequence[InPlaceCurve]) -> None:
    """One logarithmic error axis, its ticks plain numbers."""
    least = min(min(several) for curve in curves for errors in curve.errors.values() for several in errors)
    low = 0.8 * max(least, 1.0)  # an error of zero has no place on it
    axes.set_yscale("log")
    axes.set_ylim(low, 130.0)
    axes.set_yticks([tick for tick in TICKS if tick >= low])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()
