"""How fast: distance to the fixed point against time, circuit and Euler steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analogeq.errors import InputError
from analogeq.report import style
from analogeq.report.series import DistanceCurve

THRESHOLDS = {1e-2: "1 %", 1e-3: "0.1 %", 1e-6: "10⁻⁶"}
CROWDED = 60
"""Steps on an axis beyond which their dots shrink, so as not to run into a band."""
FLOOR = 1e-9
"""Where the axis ends; below this both methods only show rounding."""


def convergence_figure(
    curves: Sequence[DistanceCurve],
    *,
    horizon: float | None = None,
    title: str = "Analog against digital settling",
    time: str = "time [τ]",
    unit: str = "fraction of rail",
) -> Figure:
    """Draw the distance to the fixed point on a logarithmic axis, one panel for each start.

    Lines are medians over the samples, bands hold the middle 80 % of them. Waveforms after the first
    are dashed, so that those that agree are all seen.

    Parameters
    ----------
    curves : sequence of DistanceCurve
    horizon : float, optional
        Where the time axis ends, in time constants; by default where every curve's median has
        reached a millionth, or its end.
    title : str
    time, unit : str
        What the axes count.
    """
    if not curves:
        raise InputError("convergence figure: no curve to draw; pass at least one")
    end = horizon if horizon is not None else max(_arrival(c) for c in curves)
    starts = list(dict.fromkeys(c.start for c in curves))
    methods = list(dict.fromkeys(c.method for c in curves))
    figure = style.new_figure(max(4.6, 1.6 + 2.9 * len(starts)), 3.9)
    panels = figure.subplots(1, len(starts), sharex=True, sharey=True, squeeze=False)[0]
    for axes, start in zip(panels, starts, strict=True):
        first = axes is panels[0]
        style.dress(axes, x=time, y=f"distance to the fixed point\n[{unit}]" if first else "")
        axes.set_title(start, fontsize=style.BODY, color=style.INK, loc="left")
        for curve in (c for c in curves if c.start == start):
            _draw(
                axes,
                curve,
                end,
                style.SERIES[methods.index(curve.method) % len(style.SERIES)],
                dashed=curve.method != methods[0],
            )
        _thresholds(axes, label=axes is panels[-1])
    panels[0].set_yscale("log")
    panels[0].set_ylim(FLOOR, 2.0)
    panels[0].set_xlim(0.0, end)
    style.heading(figure, title)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=len(labels), fontsize=style.SMALL, frameon=False,
        labelcolor=style.INK,
    )  # fmt: skip
    return figure


def _draw(axes: Axes, curve: DistanceCurve, end: float, colour: str, *, dashed: bool) -> None:
    low, middle, high = np.maximum(curve.quantiles((0.1, 0.5, 0.9)), FLOOR / 10)
    axes.fill_between(curve.times, low, high, color=colour, alpha=0.09, linewidth=0)
    if curve.steps:
        crowded = np.count_nonzero(curve.times <= end) > CROWDED
        axes.plot(
            curve.times, middle, color=colour, label=curve.method, linewidth=0.6, marker="o",
            markersize=1.3 if crowded else 2.6,
        )  # fmt: skip
    else:
        pattern = (0, (5, 4)) if dashed else "solid"
        axes.plot(curve.times, middle, color=colour, label=curve.method, linewidth=1.7, linestyle=pattern)


def _thresholds(axes: Axes, *, label: bool) -> None:
    for level, text in THRESHOLDS.items():
        axes.axhline(level, color=style.QUIET, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
        if label:
            axes.annotate(
                text, (1.0, level), xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points",
                fontsize=style.SMALL, color=style.QUIET, va="center",
            )  # fmt: skip


def _arrival(curve: DistanceCurve) -> float:
    """Time from which the median stays below a third of a millionth, or the last one."""
    above = np.flatnonzero(curve.quantiles([0.5])[0] > 0.3e-6)
    last = int(above[-1]) + 1 if len(above) else 1
    return float(curve.times[min(last, len(curve.times) - 1)])
