"""Errors of gradients and of trained networks against the nudge, for several noises of reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from analogeq.errors import InputError
from analogeq.report import style
from analogeq.report.error_curves import TICKS

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Estimates:
    """Gradients of one circuit by one nudging.

    Attributes
    ----------
    kind : str
        Which.
    betas : ndarray, shape (beta,)
    noises : ndarray, shape (noise,)
        Standard deviation of a reading [V].
    error, predicted : ndarray, shape (noise, beta)
        Root mean square error over the gradient's norm, measured and by theory.
    best : ndarray, shape (noise,)
        The theory's best beta.
    """

    kind: str
    betas: Doubles
    noises: Doubles
    error: Doubles
    predicted: Doubles
    best: Doubles


@dataclass(frozen=True, eq=False)
class Lessons:
    """Trainings of one kind with one noise [V]; ``errors`` [%] of shape (beta, seed)."""

    kind: str
    noise: float
    betas: Doubles
    errors: Doubles


def nudge_noise_figure(estimates: Sequence[Estimates], lessons: Sequence[Lessons]) -> Figure:
    """Draw a column for each kind; dotted lines stand at the theory's best nudge."""
    if not estimates:
        raise InputError("nudge figure: no gradients to draw; pass at least one kind")
    noises = sorted({*(float(s) for one in estimates for s in one.noises), *(one.noise for one in lessons)})
    figure = style.new_figure(3.6 * len(estimates) + 1.6, 6.4)
    style.heading(figure, "Reading with noise: how strong should a nudge be?")
    panels = figure.subplots(2, len(estimates), squeeze=False, sharex=True, sharey="row")
    for k, one in enumerate(estimates):
        above, below = panels[0, k], panels[1, k]
        first = k == 0
        style.dress(above, x="", y="error of the gradient\nover its norm" if first else "", title=one.kind)
        style.dress(below, x="nudge β", y="test error of the settled\ncircuit [%]" if first else "")
        _gradients(above, one, noises)
        _trainings(below, [lesson for lesson in lessons if lesson.kind == one.kind], one, noises)
    _scales(panels[0, 0], panels[1, 0])
    for axes in panels[:, -1]:
        style.legend_beside(axes)
    return figure


def _gradients(axes: Axes, one: Estimates, noises: Sequence[float]) -> None:
    for noise, error, predicted, best in zip(one.noises, one.error, one.predicted, one.best, strict=True):
        colour = _colour(noise, noises)
        axes.plot(one.betas, error, "o", color=colour, markersize=4.0, label=f"{1e3 * noise:g} mV, measured")
        axes.plot(one.betas, predicted, color=colour, linewidth=1.2, label=f"{1e3 * noise:g} mV, theory")
        axes.axvline(best, color=colour, linewidth=0.9, linestyle=(0, (1, 2)))


def _trainings(axes: Axes, lessons: Sequence[Lessons], theory: Estimates, noises: Sequence[float]) -> None:
    for one in lessons:
        colour = _colour(one.noise, noises)
        axes.plot(
            one.betas, one.errors.mean(axis=1), color=colour, marker="s", markersize=3.5, linewidth=1.3,
            label=f"{1e3 * one.noise:g} mV",
        )  # fmt: skip
        axes.fill_between(
            one.betas, one.errors.min(axis=1), one.errors.max(axis=1), color=colour, alpha=0.12, linewidth=0
        )
    for noise, best in zip(theory.noises, theory.best, strict=True):
        axes.axvline(best, color=_colour(noise, noises), linewidth=0.9, linestyle=(0, (1, 2)))


def _colour(noise: float, noises: Sequence[float]) -> str:
    return style.series(min(range(len(noises)), key=lambda k: abs(noises[k] - noise)))[0]


def _scales(above: Axes, below: Axes) -> None:
    for axes in (above, below):
        axes.set_xscale("log")
        axes.set_yscale("log")
    low, high = below.get_ylim()
    below.set_yticks([tick for tick in TICKS if low <= tick <= high])
    below.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    below.minorticks_off()
