"""Test error and gap against epochs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analogeq.errors import InputError
from analogeq.report import style
from analogeq.report.series import LearningCurve

CLOSE = 4.0
"""Largest over smallest error up to which a logarithmic axis would have a tick or two."""

ERROR_TICKS = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0)


def learning_curve_figure(
    curves: Sequence[LearningCurve], *, title: str = "The circuit teaches its copy", unit: str = "fraction of rail"
) -> Figure:
    """Draw test errors above and the gap between copy and circuit below, one colour for each run."""
    if not curves:
        raise InputError("learning curve figure: no curve to draw; pass at least one")
    figure = style.new_figure(7.2, 4.8)
    errors, gaps = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    style.dress(errors, x="", y="test error [%]", title=title)
    style.dress(gaps, x="epoch", y=f"|copy − circuit|\n[{unit}]")
    for k, curve in enumerate(curves):
        colour, marker = style.series(k)
        marker = marker or ("o" if len(curve.epochs) < 12 else "")
        errors.plot(
            curve.epochs, curve.copy_test_error, color=colour, linewidth=1.5, marker=marker, markersize=3.5,
            label=f"{curve.label}: copy alone, {_last(curve.copy_test_error)}",
        )  # fmt: skip
        measured = np.isfinite(curve.settled_test_error)
        if measured.any():
            errors.plot(
                curve.epochs[measured], curve.settled_test_error[measured], color=colour, linewidth=1.0,
                linestyle=(0, (3, 1.5)), marker="s", markersize=3.2, markerfacecolor=style.PAPER, markeredgewidth=0.8,
                label=f"{curve.label}: copy, then settled, {_last(curve.settled_test_error[measured])}",
            )  # fmt: skip
        gaps.plot(curve.epochs, curve.gap, color=colour, linewidth=1.5, marker=marker, markersize=3.5)
    _error_axis(errors, curves)
    gaps.set_ylim(bottom=0.0)
    first, last = min(c.epochs[0] for c in curves), max(c.epochs[-1] for c in curves)
    gaps.set_xlim(first - 0.02 * (last - first + 1), last + 0.02 * (last - first + 1))
    gaps.xaxis.set_major_locator(MaxNLocator(integer=True))
    style.legend(errors, where="upper right")
    return figure


def _error_axis(axes: Axes, curves: Sequence[LearningCurve]) -> None:
    """Scale errors logarithmically; linearly where they lie close together, and below 1 % where a run made none."""
    both = np.concatenate([np.concatenate([c.copy_test_error, c.settled_test_error]) for c in curves])
    if np.nanmin(both) > 0.0 and np.nanmax(both) <= CLOSE * np.nanmin(both):
        return
    if np.nanmin(both) > 0.0:
        axes.set_yscale("log")
    else:
        axes.set_yscale("symlog", linthresh=1.0, linscale=0.5)
        axes.set_ylim(bottom=-0.1)
    low, high = axes.get_ylim()
    axes.set_yticks([tick for tick in ERROR_TICKS if low <= tick <= high])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    axes.minorticks_off()


def _last(values: np.ndarray) -> str:
    return f"{values[-1]:.1f} % at the end"
