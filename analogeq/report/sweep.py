"""A metric over what a study varied: lines over one axis, a map over two."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from analogeq.errors import InputError
from analogeq.report.style import BODY, INK, QUIET, SERIES, SMALL, dress, legend, new_figure

LOGARITHMIC = 30.0
"""Largest over smallest value of an axis from which it is drawn in decades."""

TINY = 1e-3
"""Where all numbers are below it, they are written with SI prefixes."""

_LABEL = 40
"""Letters in a line of an axis' label."""


@dataclass(frozen=True)
class MetricSeries:
    """A metric over one axis.

    Attributes
    ----------
    label : str
        What is measured, with its unit.
    axis : str
        Key that is varied.
    names : sequence of str
        Of its values.
    numbers : sequence of float or None
        The values as numbers; None draws them side by side.
    lines : mapping of str to sequence of (index, median, low, high)
        By corner.
    limit : float or None
        What is specified.
    """

    label: str
    axis: str
    names: Sequence[str]
    numbers: Sequence[float] | None
    lines: Mapping[str, Sequence[tuple[int, float, float, float]]]
    limit: float | None = None


@dataclass(frozen=True)
class MetricMap:
    """A metric over two axes.

    Attributes
    ----------
    label, x, y : str
    x_names, y_names : sequence of str
    cells : sequence of sequences of float or None
        Rows by y, columns by x; None where no point has a number.
    limit : float or None
        What is specified: cells on its two sides are written differently.
    """

    label: str
    x: str
    y: str
    x_names: Sequence[str]
    y_names: Sequence[str]
    cells: Sequence[Sequence[float | None]]
    limit: float | None = None


def sweep_figure(drawn: MetricSeries | MetricMap) -> Figure:
    """Draw either."""
    return _map_figure(drawn) if isinstance(drawn, MetricMap) else _series_figure(drawn)


def _series_figure(drawn: MetricSeries) -> Figure:
    if len(drawn.lines) > len(SERIES):
        raise InputError(f"sweep figure: {len(drawn.lines)} corners, {len(SERIES)} colours; draw fewer at once")
    figure = new_figure(6.0, 3.8)
    axes = figure.subplots()
    dress(axes, x=drawn.axis, y=textwrap.fill(drawn.label, _LABEL))
    largest = max(high for line in drawn.lines.values() for *_, high in line)
    if 0.0 < largest < TINY:
        axes.yaxis.set_major_formatter(EngFormatter())
    places = np.arange(len(drawn.names)) if drawn.numbers is None else np.asarray(drawn.numbers)
    for (corner, line), colour in zip(drawn.lines.items(), SERIES, strict=False):
        at, median, low, high = (np.array(column) for column in zip(*line, strict=True))
        x = places[at.astype(int)]
        axes.plot(x, median, color=colour, marker="o", markersize=3.5, linewidth=1.4, label=corner)
        axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
    if drawn.limit is not None:
        axes.axhline(drawn.limit, color=QUIET, linewidth=1.0, linestyle="--", label="specified")
    _scale(axes, drawn, places)
    if largest == 0.0:
        axes.set_ylim(0.0, 1.0)  # nothing to show a scale of
    if len(drawn.lines) > 1 or drawn.limit is not None:
        legend(axes)
    return figure


def _scale(axes: Axes, drawn: MetricSeries, places: np.ndarray) -> None:
    if drawn.numbers is None:
        axes.set_xticks(places, drawn.names)
    elif places.min() > 0.0 and places.max() / places.min() >= LOGARITHMIC:
        axes.set_xscale("log")


def _map_figure(drawn: MetricMap) -> Figure:
    values = np.array([[np.nan if cell is None else cell for cell in row] for row in drawn.cells], dtype=float)
    columns, rows = len(drawn.x_names), len(drawn.y_names)
    figure = new_figure(2.2 + 0.75 * columns, 1.6 + 0.45 * rows)
    axes = figure.subplots()
    dress(axes, x=drawn.x, y=drawn.y)
    axes.grid(visible=False)
    shown = axes.imshow(values, origin="lower", aspect="auto", cmap="viridis_r")
    axes.set_xticks(range(columns), drawn.x_names)
    axes.set_yticks(range(rows), drawn.y_names)
    written = EngFormatter(places=1) if np.nanmax(values) < TINY else "{:.3g}".format
    dark = np.nanmean([np.nanmin(values), np.nanmax(values)])
    for (r, c), value in np.ndenumerate(values):
        text = "failed" if np.isnan(value) else written(value)
        beyond = drawn.limit is not None and value > drawn.limit
        axes.text(
            c, r, text, ha="center", va="center", fontsize=SMALL, color="white" if value > dark else INK,
            fontstyle="italic" if beyond else "normal",
        )  # fmt: skip
    bar = figure.colorbar(shown, ax=axes)
    bar.set_label(textwrap.fill(drawn.label, _LABEL), fontsize=BODY, color=INK)
    bar.ax.tick_params(labelsize=SMALL)
    if drawn.limit is not None:
        axes.set_title(f"italic: above the specified {drawn.limit:g}", fontsize=SMALL, color=QUIET, loc="left")
    return figure
