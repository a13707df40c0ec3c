"""Several maps of one quantity or another over the same two axes, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from analogeq.errors import InputError
from analogeq.report import style

Cells = Sequence[Sequence[float | None]]


@dataclass(frozen=True)
class HeatMap:
    """One panel.

    Attributes
    ----------
    title : str
        What is measured, of what, with its unit.
    cells : sequence of sequences of float or None
        Rows by y from below, columns by x; None where nothing was measured.
    decades : bool
        Colour by the logarithm, for errors that span more than a factor; linear otherwise.
    better : {"low", "high"}
        Which end of the colours is the lighter one: what a reader hopes for.
    """

    title: str
    cells: Cells
    decades: bool = True
    better: str = "low"

    def __post_init__(self) -> None:
        if not self.cells or len({len(row) for row in self.cells}) != 1 or not self.cells[0]:
            raise InputError(f"heat map {self.title!r}: rows of different lengths, or none; give a full grid")
        if self.better not in ("low", "high"):
            raise InputError(f"heat map {self.title!r}: better {self.better!r} is unknown; give 'low' or 'high'")

    @property
    def values(self) -> np.ndarray:
        """Cells as numbers, NaN where there is none."""
        return np.array([[np.nan if cell is None else cell for cell in row] for row in self.cells], dtype=float)


@dataclass(frozen=True)
class Ticks:
    """An axis: its label with the unit, and what its columns or rows are called."""

    label: str
    names: Sequence[str]


def heat_maps_figure(maps: Sequence[HeatMap], x: Ticks, y: Ticks, *, columns: int, title: str) -> Figure:
    """Draw every map with its numbers; maps of one kind of colour share their range of colours."""
    if not maps:
        raise InputError("heat maps figure: no map to draw; pass at least one")
    for one in maps:
        if one.values.shape != (len(y.names), len(x.names)):
            raise InputError(
                f"heat map {one.title!r}: {one.values.shape} cells, axes of {len(y.names)} and {len(x.names)} names"
            )
    rows = -(-len(maps) // columns)
    figure = style.new_figure(columns * (0.9 + 0.52 * len(x.names)), 0.5 + rows * (1.0 + 0.3 * len(y.names)))
    style.heading(figure, title)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for k, (axes, one) in enumerate(zip(panels, maps, strict=False)):
        _draw(axes, one, _colours(one, maps), x, y)
        axes.set_xlabel(x.label if k >= len(maps) - columns else "", fontsize=style.BODY, color=style.INK)
        axes.set_ylabel(y.label if k % columns == 0 else "", fontsize=style.BODY, color=style.INK)
    for axes in panels[len(maps) :]:
        axes.set_visible(False)
    return figure


def _colours(one: HeatMap, maps: Sequence[HeatMap]) -> Normalize:
    """One range for all maps that are coloured alike."""
    alike = [other.values for other in maps if (other.decades, other.better) == (one.decades, one.better)]
    found = np.concatenate([values[np.isfinite(values)] for values in alike])
    if not found.size:
        return Normalize(0.0, 1.0)
    low, high = float(found.min()), float(found.max())
    if one.decades and low > 0.0 and high > low:
        return LogNorm(low, high)
    return Normalize(low, high if high > low else low + 1.0)


def _draw(axes: Axes, one: HeatMap, colours: Normalize, x: Ticks, y: Ticks) -> None:
    style.dress(axes, x="", y="")
    axes.grid(visible=False)
    axes.set_title(one.title, fontsize=style.BODY, color=style.INK, loc="left")
    values = one.values
    palette = "cividis_r" if one.better == "low" else "cividis"
    axes.imshow(values, origin="lower", aspect="auto", cmap=palette, norm=colours)
    axes.set_xticks(range(len(x.names)), x.names)
    axes.set_yticks(range(len(y.names)), y.names)
    for (r, c), value in np.ndenumerate(values):
        share = 0.0 if np.isnan(value) else float(colours(value))
        light = (share if one.better == "high" else 1.0 - share) > 0.5  # the light half of the palette
        text = "–" if np.isnan(value) else f"{value:.3g}" if abs(value) < 10 else f"{value:.0f}"
        axes.text(
            c, r, text, ha="center", va="center", fontsize=style.SMALL - 1.0, color=style.INK if light else "white"
        )
