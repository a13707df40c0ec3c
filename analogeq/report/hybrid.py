"""Copies taught by circuits of several kinds: errors by epoch, and what each copy is worth alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import ArrayLike, NDArray

from analogeq.errors import InputError
from analogeq.report import style
from analogeq.report.error_curves import TICKS

DASHES = (0, (4, 1.5))


@dataclass(frozen=True, eq=False)
class Taught:
    """One way of teaching a copy, once for each seed.

    Attributes
    ----------
    label : str
    family : str
        Circuits of one family share a panel of curves.
    copy, circuit : ndarray, shape (seed, epoch)
        Test errors after each epoch [%].
    deployed, settled : ndarray, shape (seed,)
        Test errors at the end, of the copy alone and of the circuit [%].
    followed : bool
        Whether its epochs are drawn; otherwise only its end is.
    beside : str
        Label of the one whose colour it takes; if that is another one, it is drawn as crosses without a line.
    """

    label: str
    family: str
    copy: NDArray[np.floating]
    circuit: NDArray[np.floating]
    deployed: NDArray[np.floating]
    settled: NDArray[np.floating]
    followed: bool = True
    beside: str = ""


def hybrid_figure(taught: Sequence[Taught], *, title: str) -> Figure:
    """Draw a panel of curves for each family, and bars for all; lines and bars are means over seeds."""
    if not taught:
        raise InputError("hybrid figure: nothing to draw; pass at least one way of teaching")
    families = list(dict.fromkeys(t.family for t in taught))
    figure = style.new_figure(11.0, 1.2 + 3.3 * max(len(families), 1))
    style.heading(figure, title)
    panels = figure.subplot_mosaic([[family, "bars"] for family in families], width_ratios=(1.25, 1.0))
    for family in families:
        chosen = [t for t in taught if t.family == family and t.followed]
        _curves(panels[family], family, chosen)
    _bars(panels["bars"], taught)
    return figure


def _curves(axes: Axes, family: str, chosen: Sequence[Taught]) -> None:
    style.dress(axes, x="epoch", y="test error [%]", title=f"{family} circuits")
    lines = [one for one in chosen if one.beside in ("", one.label)]
    for one, colour in zip(lines, style.SERIES, strict=False):
        epochs = np.arange(1, one.copy.shape[1] + 1)
        _line(axes, epochs, one.copy.mean(axis=0), colour, one.label)
        _dashes(axes, epochs, one.circuit.mean(axis=0), colour)
        for other in (other for other in chosen if other.beside == one.label and other is not one):
            for errors, marker in ((other.copy, "x"), (other.circuit, "+")):
                axes.plot(epochs, errors.mean(axis=0), marker, color=colour, markersize=7.0, markeredgewidth=1.2)
    _line(axes, [], [], style.QUIET, "copy alone")
    _dashes(axes, [], [], style.QUIET, "circuit")
    if len(lines) < len(chosen):
        axes.plot([], [], "x", color=style.QUIET, markersize=7.0, label="copy taught by ngspice, first seed")
        axes.plot([], [], "+", color=style.QUIET, markersize=7.0, label="ngspice itself")
    _scales(axes)
    style.legend(axes, where="upper right")


def _line(axes: Axes, x: ArrayLike, y: ArrayLike, colour: str, label: str) -> None:
    axes.plot(x, y, color=colour, linewidth=1.5, marker="o", markersize=3.5, label=label)


def _dashes(axes: Axes, x: ArrayLike, y: ArrayLike, colour: str, label: str | None = None) -> None:
    axes.plot(
        x, y, color=colour, linewidth=1.0, linestyle=DASHES, marker="s", markersize=3.2, markerfacecolor=style.PAPER,
        markeredgewidth=0.8, label=label,
    )  # fmt: skip


def _scales(axes: Axes) -> None:
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_yticks([tick for tick in TICKS if low <= tick <= high])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _bars(axes: Axes, taught: Sequence[Taught]) -> None:
    style.dress(axes, x="test error [%]", y="", title="At the end")
    places = np.arange(len(taught))
    means = [float(one.deployed.mean()) for one in taught]
    axes.barh(places, means, height=0.62, color=style.SKY, label="copy deployed alone")
    for place, one in zip(places, taught, strict=True):
        seeds, circuit = ("its seeds", "circuit") if place == 0 else (None, None)
        level = np.full(len(one.deployed), place)
        axes.plot(one.deployed, level, "|", color=style.INK, markersize=9, label=seeds)
        axes.plot(one.settled.mean(), place, "D", color=style.VERMILION, markersize=4.5, label=circuit)
        axes.annotate(
            f"{means[place]:.2f}", (0.0, place), xytext=(3, 0), textcoords="offset points",
            va="center", fontsize=style.SMALL, color=style.INK,
        )  # fmt: skip
    axes.set_yticks(places, [one.label for one in taught])
    axes.set_ylim(len(taught) - 0.4, -2.0)  # from the top down, with room for the legend
    axes.set_xlim(left=0.0)
    axes.grid(visible=False, axis="y")
    style.legend(axes, where="upper right")
