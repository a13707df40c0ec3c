"""Test error against epochs of several circuits, each beside the number it is to be compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from analogeq.errors import InputError
from analogeq.report import style

TICKS = (0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0, 50.0, 100.0)


@dataclass(frozen=True, eq=False)
class ErrorCurve:
    """Test errors of one run.

    Attributes
    ----------
    label : str
    errors : ndarray, shape (epoch,)
        After each epoch [%].
    published : float or None
        Test error that others report [%], drawn as a dashed line.
    """

    label: str
    errors: NDArray[np.floating]
    published: float | None = None


def error_curves_figure(curves: Sequence[ErrorCurve], *, title: str) -> Figure:
    """Draw every run in its own colour, from the seventh on with markers, errors on a logarithmic axis."""
    if not curves or any(len(curve.errors) == 0 for curve in curves):
        raise InputError("error curves figure: a run without epochs, or no run; pass at least one error for each run")
    figure = style.new_figure(7.2, 4.2)
    axes = figure.subplots()
    style.dress(axes, x="epoch", y="test error [%]", title=title)
    for k, curve in enumerate(curves):
        colour, marker = style.series(k)
        epochs, last = np.arange(1, len(curve.errors) + 1), curve.errors[-1]
        axes.plot(
            epochs, curve.errors, color=colour, linewidth=1.5, marker=marker, markersize=3.5,
            markevery=max(1, len(epochs) // 10), label=f"{curve.label}: {last:.2f} % at the end",
        )  # fmt: skip
        if curve.published is not None:
            axes.plot(
                epochs[[0, -1]], [curve.published] * 2, color=colour, linewidth=1.0, linestyle=(0, (3, 1.5)),
                label=f"published: {curve.published:.2f} %",
            )  # fmt: skip
    axes.set_yscale("log")
    axes.set_yticks([tick for tick in TICKS if axes.get_ylim()[0] <= tick <= axes.get_ylim()[1]])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    style.legend(axes, where="upper right")
    return figure
