"""Training with phases of a fixed time: error against epochs, and at the end against the time of a phase."""

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

TICKS = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 50.0, 90.0)
NAMES = {True: "initialised by the copy", False: "plain, from zero"}


@dataclass(frozen=True, eq=False)
class PhaseTimeCurve:
    """Runs of one phase time, one a seed.

    Attributes
    ----------
    initialised, circuit : bool
        Whether a copy starts the phases; whether a circuit is followed, or Euler steps taken.
    length : float
        Of a phase: time constants of a circuit, steps of Euler's rule.
    time : float
        Of a phase, in time constants.
    errors : ndarray, shape (seed, epoch)
        Test errors [%].
    """

    initialised: bool
    circuit: bool
    length: float
    time: float
    errors: NDArray[np.float64]

    @property
    def label(self) -> str:
        """As the legend says it."""
        steps = "step" if self.length == 1.0 else "steps"
        return f"circuit, {self.length:g} τ" if self.circuit else f"Euler, {self.length:g} {steps}"


def phase_time_figure(curves: Sequence[PhaseTimeCurve], *, title: str) -> Figure:
    """Draw training curves of both kinds, and errors at the end against the time of a phase."""
    if not curves:
        raise InputError("phase time figure: no curve to draw; pass at least one")
    figure = style.new_figure(12.4, 4.6)
    kinds = [kind for kind in (True, False) if any(c.initialised is kind for c in curves)]
    *training, end = figure.subplots(1, len(kinds) + 1, sharey=True)
    for axes, kind in zip(training, kinds, strict=True):
        _training(axes, [c for c in curves if c.initialised is kind], NAMES[kind])
    training[0].set_ylabel("test error, settled [%]", fontsize=style.BODY, color=style.INK)
    _at_end(end, curves, kinds)
    end.set_yscale("log")
    low, high = end.get_ylim()
    end.set_yticks([tick for tick in TICKS if low <= tick <= high])
    end.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    end.minorticks_off()
    style.heading(figure, title)
    return figure


def _training(axes: Axes, curves: Sequence[PhaseTimeCurve], title: str) -> None:
    style.dress(axes, x="epoch", y="")
    axes.set_title(title, fontsize=style.BODY, color=style.INK, loc="left")
    times = sorted({c.time for c in curves})
    for curve in curves:
        middle = np.median(curve.errors, axis=0)
        epochs = np.arange(1, len(middle) + 1)
        axes.plot(
            epochs, middle, color=style.SERIES[times.index(curve.time) % len(style.SERIES)], label=curve.label,
            linewidth=1.6 if curve.circuit else 0.9, linestyle="solid" if curve.circuit else (0, (2, 1.5)),
            marker="o" if curve.circuit else "s", markersize=3.2,
            markerfacecolor=None if curve.circuit else style.PAPER,
        )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(
        fontsize=style.SMALL, frameon=False, labelcolor=style.INK, loc="upper center", bbox_to_anchor=(0.5, -0.13),
        ncols=2, handlelength=2.4,
    )  # fmt: skip


def _at_end(axes: Axes, curves: Sequence[PhaseTimeCurve], kinds: Sequence[bool]) -> None:
    style.dress(axes, x="time of a phase [τ]", y="")
    axes.set_title("after the last epoch", fontsize=style.BODY, color=style.INK, loc="left")
    for colour, kind in zip((style.BLUE, style.VERMILION), kinds, strict=False):
        for circuit, dash, marker in ((True, "solid", "o"), (False, (0, (2, 1.5)), "s")):
            some = sorted((c for c in curves if (c.initialised, c.circuit) == (kind, circuit)), key=lambda c: c.time)
            if not some:
                continue
            ends = np.array([c.errors[:, -1] for c in some])
            times = [c.time for c in some]
            axes.fill_between(times, ends.min(axis=1), ends.max(axis=1), color=colour, alpha=0.12, linewidth=0)
            way = "circuit" if circuit else "Euler, ε = 0.5"
            axes.plot(
                times, np.median(ends, axis=1), color=colour, linestyle=dash, marker=marker, markersize=3.6,
                markerfacecolor=None if circuit else style.PAPER, linewidth=1.4, label=f"{way}, {NAMES[kind]}",
            )  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    axes.set_xticks([t for t in (0.5, 1.0, 2.0, 5.0, 10.0) if min(c.time for c in curves) <= t])
    axes.legend(
        fontsize=style.SMALL, frameon=False, labelcolor=style.INK, loc="upper center", bbox_to_anchor=(0.5, -0.13),
        ncols=1, handlelength=2.4,
    )  # fmt: skip
