"""How settling grows with depth: a quantity against the number of hidden layers, a panel for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analogeq.errors import InputError
from analogeq.report import style


@dataclass(frozen=True, eq=False)
class DepthCurve:
    """One quantity, measured several times at every depth.

    Attributes
    ----------
    label : str
    depths : ndarray, shape (depth,)
        Hidden layers.
    values : ndarray, shape (depth, repeat)
        Repeats that came to no end are not finite and are left out.
    colour : int
        Which of the style's colours.
    dashed : bool
    fitted : ndarray, shape (depth,), optional
        A law through the values, drawn as a fine dotted line.
    """

    label: str
    depths: NDArray[np.int64]
    values: NDArray[np.float64]
    colour: int = 0
    dashed: bool = False
    fitted: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class DepthPanel:
    """Curves of one unit.

    Attributes
    ----------
    title, unit : str
    curves : sequence of DepthCurve
    """

    title: str
    unit: str
    curves: Sequence[DepthCurve]


def depth_figure(
    panels: Sequence[DepthPanel], *, title: str = "Settling against depth", columns: int | None = None
) -> Figure:
    """Draw medians on a logarithmic axis against depth; bands hold all repeats, gaps are depths without an end.

    Parameters
    ----------
    panels : sequence of DepthPanel
    title : str
    columns : int, optional
        Panels beside each other; all of them by default.
    """
    if not panels or not all(panel.curves for panel in panels):
        raise InputError("depth figure: a panel without curves; pass panels with at least one curve each")
    across = columns or len(panels)
    down = -(-len(panels) // across)
    figure = style.new_figure(0.6 + 4.1 * across, 4.2 * down)
    places = figure.subplots(down, across, squeeze=False).ravel()
    for axes, panel in zip(places, panels, strict=False):
        style.dress(axes, x="hidden layers", y=panel.unit)
        axes.set_title(panel.title, fontsize=style.BODY, color=style.INK, loc="left")
        for curve in panel.curves:
            _draw(axes, curve)
        axes.set_yscale("log")
        axes.tick_params(which="minor", labelsize=style.SMALL, labelcolor=style.INK)
        axes.set_xticks(panel.curves[0].depths)
        axes.legend(
            fontsize=style.SMALL, frameon=False, labelcolor=style.INK, loc="upper center",
            bbox_to_anchor=(0.5, -0.16), ncols=2, handlelength=2.4,
        )  # fmt: skip
    for axes in places[len(panels) :]:
        axes.remove()
    style.heading(figure, title)
    return figure


def _draw(axes: Axes, curve: DepthCurve) -> None:
    low, middle, high = _spread(curve.values)
    colour = style.SERIES[curve.colour % len(style.SERIES)]
    axes.fill_between(curve.depths, low, high, color=colour, alpha=0.12, linewidth=0)
    axes.plot(
        curve.depths, middle, color=colour, label=curve.label, linewidth=1.5, marker="o", markersize=3.5,
        linestyle=(0, (4, 2)) if curve.dashed else "solid",
        markerfacecolor=style.PAPER if curve.dashed else colour,
    )  # fmt: skip
    if curve.fitted is not None:
        axes.plot(curve.depths, curve.fitted, color=colour, linewidth=1.0, linestyle=(0, (1, 1.5)))


def _spread(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Least, median and largest of the repeats that came to an end; a gap where none did."""
    rows = [row[np.isfinite(row)] for row in values]
    return tuple(np.array([pick(row) if row.size else np.nan for row in rows]) for pick in (np.min, np.median, np.max))
