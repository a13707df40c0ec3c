"""Test error and gap against epochs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analogeq.errors import InputError
from analogeq.report import style
from analogeq.report.series import LearningCurve


def learning_curve_figure(curves: Sequence[LearningCurve], *, title: str = "The circuit teaches its copy") -> Figure:
    """Draw test errors above and the gap between copy and circuit below, one colour for each run."""
    if not curves:
        raise InputError("learning curve figure: no curve to draw; pass at least one")
    figure = style.new_figure(7.2, 4.8)
    errors, gaps = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    style.dress(errors, x="", y="test error [%]", title=title)
    style.dress(gaps, x="epoch", y="|copy − circuit|\n[fraction of rail]")
    for curve, colour in zip(curves, style.SERIES, strict=False):
        marker = "o" if len(curve.epochs) < 12 else ""
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
    errors.set_yscale("log")
    errors.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    errors.yaxis.set_minor_formatter(FuncFormatter(lambda v, _: f"{v:g}" if str(f"{v:e}")[0] in "235" else ""))
    errors.tick_params(which="minor", labelsize=style.SMALL, labelcolor=style.INK)
    gaps.set_ylim(bottom=0.0)
    gaps.xaxis.set_major_locator(MaxNLocator(integer=True))
    style.legend(errors, where="upper right")
    return figure


def _last(values: np.ndarray) -> str:
    return f"{values[-1]:.1f} % at the end"
