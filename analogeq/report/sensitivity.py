"""Tornado: what each parameter does to a metric, the largest on top, and its shares of the variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analogeq.report.style import AMBER, BLUE, GREEN, QUIET, SKY, dress, legend, new_figure


@dataclass(frozen=True)
class Swing:
    """One parameter.

    Attributes
    ----------
    name : str
        Key and range.
    at_low, at_high : float
        The metric at the ends of the range.
    first, total, uncertainty : float or None
        Sobol's indices and the half width of the total one's interval.
    """

    name: str
    at_low: float
    at_high: float
    first: float | None = None
    total: float | None = None
    uncertainty: float | None = None


def sensitivity_figure(label: str, middle: float, swings: Sequence[Swing]) -> Figure:
    """Draw swings as given, the first on top, and indices beside them where there are any.

    Parameters
    ----------
    label : str
        What is measured, with its unit.
    middle : float
        The metric with every parameter in the middle of its range.
    """
    shared = all(one.total is not None for one in swings)
    figure = new_figure(8.4 if shared else 6.0, 1.4 + 0.6 * len(swings))
    panels = figure.subplots(1, 2 if shared else 1, sharey=True, squeeze=False)[0]
    _tornado(panels[0], label, middle, swings)
    if shared:
        _shares(panels[1], swings)
    return figure


def _tornado(axes: Axes, label: str, middle: float, swings: Sequence[Swing]) -> None:
    dress(axes, x=label, y="", title="One at a time")
    rows = np.arange(len(swings))[::-1]
    for ends, colour, name in (
        ([one.at_low for one in swings], SKY, "low end of the range"),
        ([one.at_high for one in swings], BLUE, "high end"),
    ):
        axes.barh(rows, np.array(ends) - middle, left=middle, height=0.55, color=colour, label=name)
    axes.axvline(middle, color=QUIET, linewidth=1.0)
    axes.set_yticks(rows, [one.name for one in swings])
    axes.margins(y=0.25)
    legend(axes)


def _shares(axes: Axes, swings: Sequence[Swing]) -> None:
    dress(axes, x="share of the variance (Sobol index)", y="", title="All at once")
    rows = np.arange(len(swings))[::-1].astype(float)
    total = np.array([one.total for one in swings], dtype=float)
    whiskers = np.array([one.uncertainty for one in swings], dtype=float)
    axes.barh(rows + 0.16, np.array([one.first for one in swings], dtype=float), 0.3, color=AMBER, label="first-order")
    axes.barh(rows - 0.16, total, 0.3, xerr=whiskers, color=GREEN, label="total, 95 %", error_kw={"lw": 0.8})
    axes.axvline(0.0, color=QUIET, linewidth=0.8)
    legend(axes)
