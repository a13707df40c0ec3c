"""Training with and without kept states: errors against epochs above, what a free phase leaves to equilibrium below."""

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

STEP_TICKS = (1, 2, 5, 10, 20, 50, 150, 500)
TICKS = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0)


@dataclass(frozen=True, eq=False)
class PhaseRun:
    """One training run.

    Attributes
    ----------
    label : str
        Where its free phases start.
    errors : ndarray, shape (epoch,)
        Test error after each epoch [%].
    steps, distances : ndarray, shape (count,)
        Steps of a free phase after the last epoch, and how far from equilibrium they leave it [signal]; empty
        where there is no equilibrium.
    dashed : bool
    fresh : ndarray, shape (epoch,), optional
        Test error of images that start from zero all the same [%].
    """

    label: str
    errors: NDArray[np.floating]
    steps: NDArray[np.integer]
    distances: NDArray[np.floating]
    dashed: bool = False
    fresh: NDArray[np.floating] | None = None


@dataclass(frozen=True, eq=False)
class KeptStatesPanel:
    """Runs of one network; a column of the figure."""

    title: str
    runs: Sequence[PhaseRun]


def kept_states_figure(panels: Sequence[KeptStatesPanel], *, published: tuple[float, float], title: str) -> Figure:
    """Draw a column for each network.

    Parameters
    ----------
    panels : sequence of KeptStatesPanel
    published : tuple of float
        Between which errors others end [%]: a band.
    title : str
    """
    if not panels or not all(panel.runs for panel in panels):
        raise InputError("kept states figure: a network without runs, or no network; pass at least one run of each")
    figure = style.new_figure(0.9 + 3.0 * len(panels), 5.8)
    grid = figure.subplots(2, len(panels), squeeze=False)
    for column, panel in enumerate(panels):
        first = column == 0
        _errors(grid[0, column], panel, published, first=first)
        _distances(grid[1, column], panel, first=first)
    style.heading(figure, title)
    return figure


def _errors(axes: Axes, panel: KeptStatesPanel, published: tuple[float, float], *, first: bool) -> None:
    style.dress(axes, x="epoch", y="test error [%]" if first else "")
    axes.set_title(panel.title, fontsize=style.BODY, color=style.INK, loc="left")
    axes.axhspan(*published, color=style.AMBER, alpha=0.18, linewidth=0, label="published" if first else None)
    for run in panel.runs:
        epochs = np.arange(1, len(run.errors) + 1)
        _draw(axes, run, epochs, run.errors, label=f"{run.label}: {run.errors[-1]:.2f} %")
        if run.fresh is not None:
            axes.plot(
                epochs, run.fresh, color=style.SKY, linewidth=1.2, linestyle=(0, (1, 1)),
                label=f"… then tested from zero: {run.fresh[-1]:.2f} %",
            )  # fmt: skip
    axes.set_yscale("log")
    low = min(published[0], *(float(run.errors.min()) for run in panel.runs))
    high = max(2.0 * published[1], *(float(run.errors.max()) for run in panel.runs))
    axes.set_ylim(0.8 * max(low, 0.1), 1.6 * high)
    axes.set_yticks([tick for tick in TICKS if 0.8 * low <= tick <= 1.6 * high])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(
        fontsize=style.SMALL, frameon=False, labelcolor=style.INK, loc="upper center", bbox_to_anchor=(0.5, -0.2),
        handlelength=2.4,
    )  # fmt: skip


def _distances(axes: Axes, panel: KeptStatesPanel, *, first: bool) -> None:
    style.dress(
        axes, x="Euler steps of the free phase", y="largest distance\nfrom equilibrium [signal]" if first else ""
    )
    for run in panel.runs:
        _draw(axes, run, run.steps, run.distances)
    axes.set_xscale("log")
    last = max((int(run.steps[-1]) for run in panel.runs if len(run.steps)), default=1)
    axes.set_xticks([tick for tick in STEP_TICKS if tick <= last])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_yscale("log")
    drawn = np.concatenate([run.distances for run in panel.runs])
    if len(drawn):
        axes.set_ylim(*_decades(drawn))
    axes.minorticks_off()


def _decades(values: NDArray[np.floating]) -> tuple[float, float]:
    """Whole powers of ten around positive values, for at least two of them have to be on the axis."""
    return float(10.0 ** np.floor(np.log10(values.min()))), float(10.0 ** np.ceil(np.log10(values.max())))


def _draw(axes: Axes, run: PhaseRun, x: NDArray[np.generic], y: NDArray[np.floating], label: str | None = None) -> None:
    axes.plot(
        x, y, color=style.VERMILION if run.dashed else style.BLUE, linestyle=(0, (4, 2)) if run.dashed else "solid",
        linewidth=1.5, marker="o", markersize=2.6, label=label,
    )  # fmt: skip
