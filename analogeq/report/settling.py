"""Node voltages against time: the circuit's waveform and the digital steps on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from analogeq.errors import InputError
from analogeq.report import style
from analogeq.report.series import Floats, SettlingTrace

RINGS = 24
"""How many rings a waveform drawn over another gets: enough to see that they lie on it."""


def settling_figure(
    traces: Sequence[SettlingTrace],
    outputs: NDArray[np.intp],
    time_constant: float,
    rail: float,
    *,
    target: int | None = None,
    nudged_at: float | None = None,
    title: str = "One sample settles",
) -> Figure:
    """Draw one sample's node voltages against time, in time constants below and seconds above.

    Parameters
    ----------
    traces : sequence of SettlingTrace
        The reference first.
    outputs : ndarray of int, shape (output,)
        Positions of the outputs on the ``node`` axis; hidden nodes are drawn faint.
    time_constant : float
        tau [s].
    rail : float
        [V]
    target : int, optional
        Which output (0 or more) should win; it is highlighted.
    nudged_at : float, optional
        When the nudged phase begins [s].
    """
    if not traces:
        raise InputError("settling figure: no trace to draw; pass at least one")
    figure = style.new_figure(7.2, 4.3)
    axes = figure.add_subplot()
    style.dress(axes, x="time [τ]", y="node voltage [V]", title=title)
    for trace in traces:
        _draw(axes, trace, outputs, time_constant, target)
    stop = max(float(t.times[-1]) for t in traces) / time_constant
    axes.set_xlim(-0.01 * stop, 1.01 * stop)
    axes.set_ylim(-0.04 * rail, (1.04 if nudged_at is None else 1.12) * rail)  # above the rail stand the phases' names
    _seconds(axes, stop, time_constant)
    if nudged_at is not None:
        _mark_phases(axes, nudged_at / time_constant)
    axes.legend(
        handles=_legend(traces, target),
        fontsize=style.SMALL,
        frameon=False,
        labelcolor=style.INK,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
    )
    return figure


def _draw(axes: Axes, trace: SettlingTrace, outputs: NDArray[np.intp], tau: float, target: int | None) -> None:
    times = trace.times / tau
    hidden = np.setdiff1d(np.arange(trace.voltages.shape[1]), outputs)
    if trace.drawn == "line":
        axes.plot(times, trace.voltages[:, hidden], color=style.QUIET, linewidth=0.5, alpha=0.3, zorder=1)
    for index, node in enumerate(outputs):
        chosen = index == target
        colour = style.VERMILION if chosen else style.BLUE
        _draw_output(axes, trace, times, trace.voltages[:, node], colour, 4 if chosen else 3)


def _draw_output(axes: Axes, trace: SettlingTrace, times: Floats, volts: Floats, colour: str, order: int) -> None:
    if trace.drawn == "line":
        axes.plot(times, volts, color=colour, linewidth=1.6 if order == 4 else 1.1, zorder=order)
    elif trace.drawn == "ring":
        at = np.linspace(times[0], times[-1], RINGS)
        axes.plot(
            at,
            np.interp(at, times, volts),
            linestyle="none",
            marker="o",
            markersize=4.2,
            markerfacecolor="none",
            markeredgecolor=colour,
            markeredgewidth=0.8,
            zorder=order + 2,
        )
    else:
        axes.plot(
            times,
            volts,
            linestyle="none",
            marker="o",
            markersize=3.0,
            markerfacecolor=style.INK,
            markeredgecolor=style.PAPER,
            markeredgewidth=0.4,
            zorder=order + 4,
        )


def _seconds(axes: Axes, stop: float, tau: float) -> None:
    unit, letter = style.prefix(stop * tau)
    upper = axes.secondary_xaxis("top", functions=(partial(np.multiply, tau / unit), partial(np.multiply, unit / tau)))
    upper.set_xlabel(f"time [{letter}s]", fontsize=style.SMALL, color=style.QUIET, loc="right")
    upper.tick_params(labelsize=style.SMALL, colors=style.QUIET, width=0.6, length=3.0)
    upper.spines["top"].set_color(style.QUIET)
    upper.spines["top"].set_linewidth(0.6)


def _mark_phases(axes: Axes, at: float) -> None:
    axes.axvline(at, color=style.QUIET, linewidth=0.8, linestyle=(0, (4, 3)), zorder=2)
    for text, align, shift in (("free phase", "right", -6), ("nudged phase", "left", 6)):
        axes.annotate(
            text,
            (at, 0.985),
            xycoords=("data", "axes fraction"),
            xytext=(shift, 0),
            textcoords="offset points",
            fontsize=style.SMALL,
            color=style.QUIET,
            ha=align,
            va="top",
        )


def _legend(traces: Sequence[SettlingTrace], target: int | None) -> list[Line2D]:
    handles = []
    for trace in traces:
        if trace.drawn == "line":
            handles.append(Line2D([], [], color=style.INK, linewidth=1.2, label=trace.label))
        elif trace.drawn == "ring":
            ring = {"marker": "o", "markersize": 4.2, "markerfacecolor": "none", "markeredgecolor": style.INK}
            handles.append(Line2D([], [], linestyle="none", label=trace.label, **ring))  # type: ignore[arg-type]  # a plain dict of the right types
        else:
            handles.append(
                Line2D([], [], linestyle="none", marker="o", markersize=3.0, color=style.INK, label=trace.label)
            )
    if target is not None:
        handles.append(Line2D([], [], color=style.VERMILION, linewidth=1.6, label=f"output {target}, the target"))
    handles.append(
        Line2D([], [], color=style.BLUE, linewidth=1.1, label="other outputs" if target is not None else "outputs")
    )
    handles.append(Line2D([], [], color=style.QUIET, linewidth=0.6, alpha=0.5, label="hidden nodes"))
    return handles
