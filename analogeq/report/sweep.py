"""A metric over what a study varied: lines over one axis, maps over two."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter
from numpy.typing import NDArray

from analogeq.report.style import BODY, INK, QUIET, SMALL, dress, legend, legend_beside, new_figure, series

Cells = Sequence[Sequence[float | None]]
Doubles = NDArray[np.float64]

COLOURS = "viridis_r"

MOST_PANELS = 12
"""Maps that one figure can hold and be read."""

MOST_LINES = 18
"""Corners that one figure can tell apart by colour and marker."""

MOST_INSIDE = 4
"""Lines of a legend that has room among the curves."""

PANELS_ACROSS = 3

LOGARITHMIC = 30.0
"""Largest over smallest value of an axis from which it is drawn in decades."""

TINY = 1e-3
"""Where all numbers are below it, they are written with SI prefixes."""

_LABEL = 40
"""Letters in a line of an axis' label."""

_LETTER = 0.075
"""Inches that a letter of a label takes."""


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
    panels : mapping of str to sequences of sequences of float or None
        Maps by their titles, one for each corner and value of further axes; a single one may have no title. Rows by y,
        columns by x; None where no point has a number.
    limit : float or None
        What is specified: cells on its two sides are written differently.
    """

    label: str
    x: str
    y: str
    x_names: Sequence[str]
    y_names: Sequence[str]
    panels: Mapping[str, Cells]
    limit: float | None = None


def sweep_figure(drawn: MetricSeries | MetricMap) -> Figure:
    """Draw either."""
    return _map_figure(drawn) if isinstance(drawn, MetricMap) else _series_figure(drawn)


def _series_figure(drawn: MetricSeries) -> Figure:
    figure = new_figure(6.0, 3.8)
    axes = figure.subplots()
    dress(axes, x=drawn.axis, y=textwrap.fill(drawn.label, _LABEL))
    largest = max(high for line in drawn.lines.values() for *_, high in line)
    if 0.0 < largest < TINY:
        axes.yaxis.set_major_formatter(EngFormatter())
    places = np.arange(len(drawn.names)) if drawn.numbers is None else np.asarray(drawn.numbers)
    for k, (corner, line) in enumerate(list(drawn.lines.items())[:MOST_LINES]):
        colour, marker = series(k)
        at, median, low, high = (np.array(column) for column in zip(*line, strict=True))
        x = places[at.astype(int)]
        axes.plot(x, median, color=colour, marker=marker or "o", markersize=3.5, linewidth=1.4, label=corner)
        axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
    if drawn.limit is not None:
        axes.axhline(drawn.limit, color=QUIET, linewidth=1.0, linestyle="--", label="specified")
    _scale(axes, drawn, places)
    if largest == 0.0:
        axes.set_ylim(0.0, 1.0)  # nothing to show a scale of
    if len(drawn.lines) > MOST_INSIDE:
        legend_beside(axes)
    elif len(drawn.lines) > 1 or drawn.limit is not None:
        legend(axes)
    if len(drawn.lines) > MOST_LINES:
        note = f"the first {MOST_LINES} of {len(drawn.lines)} corners; summary.csv has all"
        figure.supxlabel(note, fontsize=SMALL, color=QUIET)
    return figure


def _scale(axes: Axes, drawn: MetricSeries, places: np.ndarray) -> None:
    if drawn.numbers is None:
        axes.set_xticks(places, drawn.names)
    elif places.min() > 0.0 and places.max() / places.min() >= LOGARITHMIC:
        axes.set_xscale("log")


def _map_figure(drawn: MetricMap) -> Figure:
    """One map a panel, all with the same colours; a note says how many do not fit."""
    shown = dict(list(drawn.panels.items())[:MOST_PANELS])
    across = min(PANELS_ACROSS, len(shown))
    down = -(-len(shown) // across)
    x, y = _key(drawn.x), _key(drawn.y)
    width = max(0.9 + 0.75 * len(drawn.x_names), 0.6 + _LETTER * _longest(x))
    height = max(1.1 + 0.45 * len(drawn.y_names), 0.8 + _LETTER * _longest(y))
    figure = new_figure(1.3 + across * width, 0.5 + down * height)
    panels = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True).ravel()
    colours = _colours([_numbers(cells) for cells in shown.values()])
    for k, (axes, (title, cells)) in enumerate(zip(panels, shown.items(), strict=False)):
        dress(axes, x=x if k + across >= len(shown) else "", y="" if k % across else y)
        axes.set_title(textwrap.fill(title, int(width / _LETTER)), fontsize=BODY, color=INK, loc="left")
        _draw_map(axes, drawn, _numbers(cells), colours)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    bar = figure.colorbar(ScalarMappable(colours, COLOURS), ax=list(panels))
    bar.set_label(textwrap.fill(drawn.label, min(_LABEL, int(down * height / _LETTER))), fontsize=BODY, color=INK)
    bar.ax.tick_params(labelsize=SMALL)
    if note := _note(drawn, len(shown)):
        figure.supxlabel(note, fontsize=SMALL, color=QUIET)
    return figure


def _key(key: str) -> str:
    """Break a key between its table and its name."""
    table, _, name = key.rpartition(".")
    return f"{table}.\n{name}" if table else name


def _longest(lines: str) -> int:
    return max(map(len, lines.split("\n")))


def _numbers(cells: Cells) -> Doubles:
    return np.array([[np.nan if cell is None else cell for cell in row] for row in cells], dtype=float)


def _colours(maps: Sequence[Doubles]) -> Normalize:
    """One range of colours for all maps."""
    found = np.concatenate([values[np.isfinite(values)] for values in maps])
    if not found.size:
        return Normalize(0.0, 1.0)
    return Normalize(float(found.min()), float(found.max()))


def _draw_map(axes: Axes, drawn: MetricMap, values: Doubles, colours: Normalize) -> None:
    axes.grid(visible=False)
    axes.imshow(values, origin="lower", aspect="auto", cmap=COLOURS, norm=colours)
    axes.set_xticks(range(len(drawn.x_names)), drawn.x_names)
    axes.set_yticks(range(len(drawn.y_names)), drawn.y_names)
    low, high = float(colours.vmin or 0.0), float(colours.vmax or 0.0)
    written = EngFormatter(places=1) if high < TINY else "{:.3g}".format
    for (r, c), value in np.ndenumerate(values):
        beyond = drawn.limit is not None and value > drawn.limit
        axes.text(
            c, r, "none" if np.isnan(value) else written(value), ha="center", va="center", fontsize=SMALL,
            color="white" if value > 0.5 * (low + high) else INK, fontstyle="italic" if beyond else "normal",
        )  # fmt: skip


def _note(drawn: MetricMap, shown: int) -> str:
    """Say what italics mean and how many maps are missing, where that is so."""
    said = [] if drawn.limit is None else [f"italic: above the specified {drawn.limit:g}"]
    if len(drawn.panels) > shown:
        said.append(f"the first {shown} of {len(drawn.panels)} maps; summary.csv has all")
    return "; ".join(said)
