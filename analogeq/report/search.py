"""Settings that were tried, and the one that was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analogeq.errors import InputError
from analogeq.report import style
from analogeq.report.error_curves import TICKS
from analogeq.report.lag import LagCurve

WIDEST = 1.5
"""Errors beyond this many times the goal are written at the edge instead of drawn."""


@dataclass(frozen=True)
class Tried:
    """Validation errors of one setting.

    Attributes
    ----------
    label : str
    copy, settled : float
        [%]
    """

    label: str
    copy: float
    settled: float

    @property
    def worse(self) -> float:
        """The larger of the two [%]."""
        return max(self.copy, self.settled)


def search_figure(tried: Sequence[Tried], chosen: Sequence[LagCurve], *, goal: float) -> Figure:
    """Draw validation errors by setting at the left, test errors of the chosen one by epoch at the right.

    Parameters
    ----------
    tried : sequence of Tried
    chosen : sequence of LagCurve
        One for each seed.
    goal : float
        Test error aimed at [%].
    """
    if not tried or not chosen:
        raise InputError("search figure: nothing tried, or nothing chosen; pass at least one of each")
    figure = style.new_figure(9.6, 4.2)
    left, right = figure.subplots(1, 2, width_ratios=(5, 4))
    _settings(left, tried, goal)
    _epochs(right, chosen, goal)
    return figure


def _settings(axes: Axes, tried: Sequence[Tried], goal: float) -> None:
    style.dress(axes, x="validation error [%]", y="", title="Settings tried")
    ranked = sorted(tried, key=lambda one: one.worse, reverse=True)
    shown = [(y, one) for y, one in enumerate(ranked) if one.worse <= WIDEST * goal]
    for y, one in shown:
        axes.plot([one.copy, one.settled], [y, y], color=style.QUIET, linewidth=0.8)
    heights = [y for y, _ in shown]
    axes.plot([one.copy for _, one in shown], heights, "o", color=style.BLUE, markersize=5.0, label="copy")
    axes.plot(
        [one.settled for _, one in shown], heights, "s", color=style.VERMILION, markersize=4.5,
        markerfacecolor=style.PAPER, label="circuit",
    )  # fmt: skip
    for y, one in enumerate(ranked):
        if one.worse > WIDEST * goal:
            style.note(axes, (0.02, (y + 0.5) / len(ranked)), f"copy {one.copy:.0f} %, circuit {one.settled:.0f} %")
    axes.set_ylim(-0.5, len(ranked) - 0.5)
    axes.set_yticks(range(len(ranked)), [one.label for one in ranked])
    style.legend(axes)


def _epochs(axes: Axes, chosen: Sequence[LagCurve], goal: float) -> None:
    style.dress(axes, x="epoch", y="test error [%]", title="The best, on all images")
    for curve, colour in zip(chosen, style.SERIES, strict=False):
        end = f"copy {curve.copy[-1]:.2f} %, circuit {curve.settled[-1]:.2f} %"
        axes.plot(curve.epochs, curve.copy, color=colour, linewidth=1.4, label=f"{curve.label}: {end}")
        axes.plot(curve.epochs, curve.settled, color=colour, linewidth=1.0, linestyle=(0, (3, 1.5)))
    last = max(curve.epochs[-1] for curve in chosen)
    axes.plot([1, last], [goal] * 2, color=style.INK, linewidth=1.0, linestyle=(0, (1, 1.5)), label=f"aim: {goal:g} %")
    for line, who in (("-", "solid: copy"), ((0, (3, 1.5)), "dashed: circuit")):
        axes.plot([], [], color=style.QUIET, linewidth=1.2, linestyle=line, label=who)
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_yticks([tick for tick in TICKS if low <= tick <= high])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    style.legend(axes, where="upper right")
