"""Engine against engine, and label against label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analogeq.errors import InputError
from analogeq.report import style
from analogeq.report.series import PhaseVoltages

MANY = 5_000
"""Points beyond which they are drawn smaller, to stay apart."""


def agreement_figure(
    phases: Sequence[PhaseVoltages],
    tolerance: float,
    *,
    names: tuple[str, str] = ("native", "ngspice"),
    title: str = "Two engines, one circuit",
) -> Figure:
    """Draw one engine's node voltages against the other's, and their difference below the tolerance.

    Parameters
    ----------
    phases : sequence of PhaseVoltages
    tolerance : float
        Largest difference allowed [V].
    names : tuple of str
        Of the first and the second engine.
    """
    if not phases:
        raise InputError("agreement figure: no phase to draw; pass at least one")
    figure = style.new_figure(7.6, 3.8)
    scatter, residuals = figure.subplots(1, 2, width_ratios=(1, 1.25))
    style.heading(figure, title)
    style.dress(scatter, x=f"{names[1]} [V]", y=f"{names[0]} [V]")
    style.dress(residuals, x=f"{names[1]} [V]", y=f"|{names[0]} − {names[1]}| [V]")
    every = np.concatenate([p.second.ravel() for p in phases])
    low, high = float(every.min(initial=0.0)), float(every.max(initial=1.0))
    scatter.plot([low, high], [low, high], color=style.RULE, linewidth=3.0, zorder=1)
    gaps = np.concatenate([np.abs(p.first - p.second).ravel() for p in phases])
    worst, floor = float(gaps.max(initial=0.0)), _floor(gaps, tolerance)
    size = 2.2 if every.size < MANY else 1.2  # points
    for phase, colour in zip(phases, style.SERIES, strict=False):
        x, y = phase.second.ravel(), phase.first.ravel()
        dots = {"linestyle": "none", "marker": "o", "markersize": size, "markeredgewidth": 0, "color": colour}
        scatter.plot(x, y, alpha=0.5, rasterized=True, label=phase.phase, **dots)
        residuals.plot(x, np.maximum(np.abs(y - x), floor), alpha=0.35, rasterized=True, **dots)
    scatter.set_box_aspect(1.0)
    residuals.set_box_aspect(1.0 / 1.25)  # as high as the square beside it
    residuals.set_yscale("log")
    residuals.set_ylim(floor / 2, max(10.0 * tolerance, 3.0 * worst))
    residuals.axhline(tolerance, color=style.INK, linewidth=1.0, linestyle=(0, (4, 3)))
    residuals.annotate(
        f"tolerance {_volts(tolerance)}", (0.5, tolerance), xycoords=("axes fraction", "data"), xytext=(0, 4),
        textcoords="offset points", fontsize=style.SMALL, color=style.INK, ha="center",
    )  # fmt: skip
    scatter.set_title(f"{every.size:,} node voltages", fontsize=style.BODY, color=style.INK, loc="left")
    residuals.set_title(f"largest difference {_volts(worst)}", fontsize=style.BODY, color=style.INK, loc="left")
    style.legend(scatter, where="lower right")
    return figure


def _floor(gaps: NDArray[np.floating], tolerance: float) -> float:
    """Where the difference axis ends: below what nearly all points reach; exact agreement stands on it."""
    above_zero = gaps[gaps > 0.0]
    low = float(np.quantile(above_zero, 0.01)) if above_zero.size else tolerance
    return min(max(low, 1e-17), 1e-3 * tolerance)


def _volts(value: float) -> str:
    unit, letter = style.prefix(value)
    return f"{value / unit:.3g} {letter}V"


def confusion_figure(
    labels: NDArray[np.intp], predictions: NDArray[np.intp], class_names: Sequence[str], *, title: str = ""
) -> Figure:
    """Draw how often each class was read as each other: counts, the diagonal pale.

    Parameters
    ----------
    labels, predictions : ndarray of int, shape (sample,)
    class_names : sequence of str
    """
    n = len(class_names)
    counts = np.zeros((n, n), dtype=np.intp)
    np.add.at(counts, (labels, predictions), 1)
    wrong = counts - np.diag(np.diag(counts))
    figure = style.new_figure(4.6, 4.6)
    axes = figure.add_subplot()
    error = 100.0 * wrong.sum() / max(1, counts.sum())
    style.dress(axes, x="read as", y="label", title=title or f"{wrong.sum()} of {counts.sum()} misread ({error:.1f} %)")
    axes.grid(visible=False)
    shade = np.ma.masked_equal(wrong, 0) / max(1, wrong.max())
    axes.imshow(shade, cmap="Oranges", vmin=-0.3, vmax=1.6, aspect="equal")
    axes.set_xticks(np.arange(n + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(n + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=style.RULE, linewidth=0.5)
    axes.tick_params(which="minor", length=0.0)
    for row, column in np.argwhere(counts > 0):
        own = row == column
        axes.text(
            column, row, str(counts[row, column]), ha="center", va="center", fontsize=style.SMALL,
            color=style.QUIET if own else style.INK, fontweight="normal" if own else "bold",
        )  # fmt: skip
    axes.set_xticks(range(n), class_names)
    axes.set_yticks(range(n), class_names)
    return figure
