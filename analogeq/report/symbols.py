"""Circuit symbols as lines, for schematics drawn by hand on axes of equal scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Polygon

from analogeq.report import style

Point = tuple[float, float]
WIDTH = 1.1  # points


def wire(axes: Axes, points: Sequence[Point], *, colour: str = style.INK) -> None:
    """Draw a wire through ``points``."""
    axes.plot(*zip(*points, strict=True), color=colour, linewidth=WIDTH, solid_capstyle="round", zorder=3)


def joint(axes: Axes, at: Point, *, colour: str = style.INK, radius: float = 0.035) -> None:
    """Draw a dot where wires meet."""
    axes.add_patch(Circle(at, radius, color=colour, zorder=5, linewidth=0))


def resistor(axes: Axes, start: Point, stop: Point, *, colour: str = style.INK) -> None:
    """Draw a zigzag between two points, with leads of a fifth each."""
    along = np.subtract(stop, start)
    across = np.array([-along[1], along[0]]) / np.hypot(*along) * 0.08
    shares = np.concatenate([[0.0, 0.2], np.linspace(0.25, 0.75, 6), [0.8, 1.0]])
    sides = np.array([0, 0, 1, -1, 1, -1, 1, -1, 0, 0])
    points = np.asarray(start) + shares[:, None] * along + sides[:, None] * across
    wire(axes, [(float(x), float(y)) for x, y in points], colour=colour)


def capacitor(axes: Axes, top: Point, bottom: Point) -> None:
    """Draw two plates between two points one above the other."""
    x, middle = top[0], (top[1] + bottom[1]) / 2
    for end, plate in ((top[1], middle + 0.04), (bottom[1], middle - 0.04)):
        wire(axes, [(x, end), (x, plate)])
        axes.plot([x - 0.12, x + 0.12], [plate, plate], color=style.INK, linewidth=1.6, zorder=3)


def diode(axes: Axes, anode: Point, cathode: Point) -> None:
    """Draw a diode from ``anode`` up to ``cathode``, one above the other."""
    x, middle = anode[0], (anode[1] + cathode[1]) / 2
    wire(axes, [anode, cathode])
    triangle = [(x - 0.1, middle - 0.09), (x + 0.1, middle - 0.09), (x, middle + 0.09)]
    axes.add_patch(
        Polygon(triangle, closed=True, facecolor=style.PAPER, edgecolor=style.INK, linewidth=WIDTH, zorder=4)
    )
    axes.plot([x - 0.1, x + 0.1], [middle + 0.09, middle + 0.09], color=style.INK, linewidth=1.4, zorder=4)


def amplifier(axes: Axes, start: Point, stop: Point) -> None:
    """Draw a triangle that points from ``start`` to ``stop``, on one level."""
    half = 0.6 * (stop[0] - start[0])
    triangle = [(start[0], start[1] + half), (start[0], start[1] - half), stop]
    axes.add_patch(
        Polygon(triangle, closed=True, facecolor=style.PAPER, edgecolor=style.INK, linewidth=WIDTH, zorder=4)
    )


def ground(axes: Axes, at: Point) -> None:
    """Draw three bars under a point."""
    for drop, half in ((0.0, 0.11), (0.05, 0.07), (0.1, 0.03)):
        axes.plot([at[0] - half, at[0] + half], [at[1] - drop] * 2, color=style.INK, linewidth=WIDTH, zorder=3)


def terminal(axes: Axes, at: Point, text: str, *, colour: str = style.INK, align: str = "right") -> None:
    """Draw an open terminal with its name beside it."""
    axes.add_patch(Circle(at, 0.045, facecolor=style.PAPER, edgecolor=colour, linewidth=WIDTH, zorder=5))
    shift = -0.1 if align == "right" else 0.1
    label(axes, (at[0] + shift, at[1]), text, colour=colour, align=align)


def label(axes: Axes, at: Point, text: str, *, colour: str = style.INK, align: str = "center") -> None:
    """Write a small name at a point."""
    axes.text(*at, text, fontsize=style.SMALL, color=colour, ha=align, va="center", zorder=6)
