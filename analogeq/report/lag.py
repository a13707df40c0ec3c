"""How far a copy is behind its circuit, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from analogeq.errors import InputError
from analogeq.report import style
from analogeq.report.error_curves import TICKS

LINEAR_LAG = 1.0
"""Percentage points up to which lags are drawn in proportion; beyond, by their logarithm."""
LAG_TICKS = (-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 10.0, 30.0, 100.0)


@dataclass(frozen=True, eq=False)
class LagCurve:
    """Test errors of one run.

    Attributes
    ----------
    label : str
    epochs, copy, settled : ndarray, shape (epoch,)
        Epoch numbers; errors of the copy alone and of the circuit that started from it [%].
    """

    label: str
    epochs: NDArray[np.floating]
    copy: NDArray[np.floating]
    settled: NDArray[np.floating]


def lag_figure(curves: Sequence[LagCurve], *, allowed: float, from_epoch: int, title: str) -> Figure:
    """Draw errors above and the copy's less the circuit's below.

    Parameters
    ----------
    curves : sequence of LagCurve
    allowed : float
        Largest lag aimed at [percentage points], drawn as a line.
    from_epoch : int
        Where it begins to count.
    title : str
    """
    if not curves:
        raise InputError("lag figure: no curve to draw; pass at least one")
    figure = style.new_figure(7.2, 5.2)
    errors, lags = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    style.dress(errors, x="", y="test error [%]", title=title)
    style.dress(lags, x="epoch", y="copy less circuit\n[percentage points]")
    for curve, colour in zip(curves, style.SERIES, strict=False):
        _draw(errors, lags, curve, colour)
    last = max(curve.epochs[-1] for curve in curves)
    lags.plot(
        [from_epoch, last], [allowed] * 2, color=style.INK, linewidth=1.0, linestyle=(0, (1, 1.5)),
        label=f"aim from epoch {from_epoch} on: at most {allowed:g}",
    )  # fmt: skip
    _scales(errors, lags)
    style.legend(errors, where="upper right")
    style.legend(lags, where="upper right")
    return figure


def _draw(errors: Axes, lags: Axes, curve: LagCurve, colour: str) -> None:
    dashes = (0, (3, 1.5))
    end = f"{curve.copy[-1]:.2f} %", f"{curve.settled[-1]:.2f} %"
    errors.plot(
        curve.epochs, curve.copy, color=colour, linewidth=1.5, label=f"{curve.label}: copy, {end[0]} at the end"
    )
    errors.plot(
        curve.epochs, curve.settled, color=colour, linewidth=1.0, linestyle=dashes,
        label=f"{curve.label}: circuit, {end[1]} at the end",
    )  # fmt: skip
    lags.plot(curve.epochs, curve.copy - curve.settled, color=colour, linewidth=1.2, marker="o", markersize=3.0)


def _scales(errors: Axes, lags: Axes) -> None:
    errors.set_yscale("log")
    lags.set_yscale("symlog", linthresh=LINEAR_LAG, linscale=1.0)
    for axes, ticks in ((errors, TICKS), (lags, LAG_TICKS)):
        low, high = axes.get_ylim()
        axes.set_yticks([tick for tick in ticks if low <= tick <= high])
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.minorticks_off()
    lags.xaxis.set_major_locator(MaxNLocator(integer=True))
