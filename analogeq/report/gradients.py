"""What an estimate of the gradient loses: cosine against the nudge's strength."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from analogeq.errors import InputError
from analogeq.report import style

FLOOR = 1e-16
"""Where the axis may end: below, a cosine only shows rounding."""

_COLOURS = {"one-sided": style.VERMILION, "centred": style.BLUE}
_STROKES: tuple[str | tuple[int, tuple[float, ...]], ...] = ("solid", (0, (5, 2)), (0, (1.5, 1.5)), (0, (5, 2, 1, 2)))
_MARKS = ("o", "s", "^", "D")


@dataclass(frozen=True, eq=False)
class LossCurve:
    """One nudging at one read noise.

    Attributes
    ----------
    nudging : str
        "one-sided", "centred"; a nudging has one colour.
    noise : float
        Standard deviation of a read voltage [V]; a noise has one stroke.
    betas : ndarray, shape (beta,)
    losses : ndarray, shape (beta,)
        1 - cosine to the exact gradient.
    """

    nudging: str
    noise: float
    betas: NDArray[np.float64]
    losses: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.betas.shape != self.losses.shape or not self.betas.size:
            raise InputError(
                f"loss curve {self.nudging}: {self.betas.size} betas, {self.losses.size} losses; pass one for each beta"
            )


@dataclass(frozen=True, eq=False)
class LossPanel:
    """The curves of one pair of settling times.

    Attributes
    ----------
    title : str
    curves : sequence of LossCurve
    proposed : sequence of (float, float)
        Beta and loss of what is proposed, one for each noise.
    """

    title: str
    curves: Sequence[LossCurve]
    proposed: Sequence[tuple[float, float]] = ()


def gradient_loss_figure(
    panels: Sequence[LossPanel],
    *,
    limit: float = 0.0,
    title: str = "What an EP estimate loses of the exact gradient",
) -> Figure:
    """Draw 1 - cosine against beta, both axes logarithmic, a panel for each pair of settling times.

    Parameters
    ----------
    panels : sequence of LossPanel
    limit : float
        Loss of the beta → 0 estimate, drawn as a level where it is above rounding.
    """
    if not panels:
        raise InputError("gradient figure: no panel to draw; pass at least one")
    noises = sorted({c.noise for p in panels for c in p.curves})
    columns = len(panels) if len(panels) <= 3 else 2 if len(panels) == 4 else 3
    rows = -(-len(panels) // columns)
    figure = style.new_figure(max(5.2, 1.2 + 3.3 * columns), 0.9 + (3.2 if rows == 1 else 2.6) * rows)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes in grid.ravel()[len(panels) :]:
        axes.set_visible(False)
    for number, (axes, panel) in enumerate(zip(grid.ravel(), panels, strict=False)):
        _dress(axes, panel.title, left=number % columns == 0, bottom=number + columns >= len(panels))
        for curve in panel.curves:
            _draw(axes, curve, noises.index(curve.noise))
        for beta, loss in panel.proposed:
            _mark(axes, beta, loss)
        if limit > 10 * FLOOR:
            _level(axes, limit)
    low, high = grid[0, 0].get_ylim()
    grid[0, 0].set_ylim(low * (low / high) ** 0.08, high)  # room for what is written below the lowest mark
    style.heading(figure, title)
    _legend(figure, panels, noises)
    return figure


def _dress(axes: Axes, title: str, *, left: bool, bottom: bool) -> None:
    style.dress(axes, x="β" if bottom else "", y="1 − cosine to the exact gradient,\nworst layer" if left else "")
    axes.set_title(title, fontsize=style.BODY, color=style.INK, loc="left")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.tick_params(labelbottom=bottom, labelleft=left)


def _draw(axes: Axes, curve: LossCurve, rank: int) -> None:
    axes.plot(
        curve.betas, np.maximum(curve.losses, FLOOR), color=_COLOURS.get(curve.nudging, style.GREEN), linewidth=1.5,
        linestyle=_STROKES[rank % len(_STROKES)], marker=_MARKS[rank % len(_MARKS)], markersize=3.2, zorder=3,
    )  # fmt: skip


def _mark(axes: Axes, beta: float, loss: float) -> None:
    axes.plot(
        [beta], [max(loss, FLOOR)], linestyle="none", marker="o", markersize=9.0, markerfacecolor="none",
        markeredgecolor=style.INK, markeredgewidth=1.1, zorder=4,
    )  # fmt: skip
    axes.annotate(
        f"{beta:g}", (beta, max(loss, FLOOR)), xytext=(4, -12), textcoords="offset points", fontsize=style.SMALL,
        color=style.INK, fontweight="bold", zorder=5, path_effects=[withStroke(linewidth=2.5, foreground=style.PAPER)],
    )  # fmt: skip


def _level(axes: Axes, limit: float) -> None:
    axes.axhline(limit, color=style.GREEN, linewidth=1.0, linestyle=(0, (1, 2)), zorder=2)
    axes.annotate(
        "β → 0", (1.0, limit), xycoords=("axes fraction", "data"), xytext=(-2, 3), textcoords="offset points",
        fontsize=style.SMALL, color=style.GREEN, ha="right",
    )  # fmt: skip


def _legend(figure: Figure, panels: Sequence[LossPanel], noises: Sequence[float]) -> None:
    named = list(dict.fromkeys(c.nudging for p in panels for c in p.curves))
    axes = figure.axes[0]
    handles = [axes.plot([], [], color=_COLOURS.get(n, style.GREEN), linewidth=1.5, label=n)[0] for n in named]
    if len(noises) > 1 or noises[0] > 0.0:
        handles += [
            axes.plot(
                [], [], color=style.QUIET, linewidth=1.2, linestyle=_STROKES[k % len(_STROKES)], markersize=3.2,
                marker=_MARKS[k % len(_MARKS)], label=_noise(sigma),
            )[0]
            for k, sigma in enumerate(noises)
        ]  # fmt: skip
    if any(p.proposed for p in panels):
        handles += axes.plot(
            [], [], linestyle="none", marker="o", markersize=8.0, markerfacecolor="none", markeredgecolor=style.INK,
            label="loses least, at this β",
        )  # fmt: skip
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(len(handles), 6), fontsize=style.SMALL, frameon=False,
        labelcolor=style.INK, handlelength=2.8,
    )  # fmt: skip


def _noise(sigma: float) -> str:
    if sigma == 0.0:
        return "no read noise"
    unit, letter = style.prefix(sigma)
    return f"σ = {sigma / unit:g} {letter}V"
