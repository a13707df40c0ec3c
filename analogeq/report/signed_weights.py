"""Errors, score margins and power of chips against how signed weights are laid onto their devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from analogeq.errors import InputError
from analogeq.report import style

LABELS = {
    "levels": "levels of a device",
    "noise": "write noise, standard\ndeviation [% of the range]",
    "ratio": "on/off ratio,\nwrite noise 5 % of the value",
    "gain": "conveyors' gains, standard\ndeviation [%]",
    "wires": "a segment of word and bit\nline resists [Ω]",
}
COLOURS = {"differential": style.BLUE, "offset-column": style.VERMILION, "affine": style.GREEN}
DASHES: tuple[str | tuple[int, tuple[float, float]], ...] = ("solid", (0, (4.0, 1.5)), (0, (1.0, 1.5)))

Several = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class MappedChips:
    """Chips of one task whose weights are laid out in one way.

    Attributes
    ----------
    task : str
    mapping : {"differential", "offset-column", "affine"}
    amounts : mapping of str to tuple of float
        What was varied, by axis (``levels``, ``noise`` [%], ``ratio``, ``gain`` [%], ``wires`` [Ohm]), increasing.
    errors, kept : mapping of str to tuple of tuple of float
        Test errors [%], and score margins over those of ideal devices [%], of every chip at every amount.
    power : tuple of float
        Dissipated by the settled circuit at every ``ratio`` [W].
    ideal : float
        Test error of ideal devices [%].
    """

    task: str
    mapping: str
    amounts: Mapping[str, tuple[float, ...]]
    errors: Mapping[str, Several]
    kept: Mapping[str, Several]
    power: tuple[float, ...]
    ideal: float

    def __post_init__(self) -> None:
        if self.mapping not in COLOURS:
            raise InputError(f"mapped chips: mapping {self.mapping!r} is unknown; give one of {', '.join(COLOURS)}")
        for axis in LABELS:
            if not len(self.amounts[axis]) == len(self.errors[axis]) == len(self.kept[axis]):
                raise InputError(f"mapped chips, {axis}: give the chips' numbers for each amount")


def signed_weights_figure(chips: Sequence[MappedChips], *, title: str) -> Figure:
    """Draw a column for each thing varied, and power beside them; colours are mappings, dashes tasks."""
    if not chips:
        raise InputError("signed weights figure: no chips to draw; pass at least one kind")
    figure = style.new_figure(17.4, 5.6)
    style.heading(figure, title)
    panels = figure.subplots(2, len(LABELS) + 1, squeeze=False)
    tasks = list(dict.fromkeys(one.task for one in chips))
    for column, (axis, label) in enumerate(LABELS.items()):
        above, below = panels[0, column], panels[1, column]
        style.dress(above, x="", y="test error, settled [%]" if column == 0 else "")
        style.dress(below, x=label, y="score margin kept [%]" if column == 0 else "")
        for one in chips:
            _draw(above, one, one.amounts[axis], one.errors[axis], tasks)
            _draw(below, one, one.amounts[axis], one.kept[axis], tasks)
        for axes in (above, below):
            _scaled(axes, chips[0].amounts[axis])
        above.set_ylim(bottom=0.0)
        below.axhline(100.0, color=style.QUIET, linewidth=0.8)
    _powers(panels[0, -1], chips, tasks)
    _key(panels[1, -1], chips, tasks)
    return figure


def _draw(axes: Axes, one: MappedChips, amounts: Sequence[float], several: Several, tasks: Sequence[str]) -> None:
    low, mean, high = (np.array([f(values) for values in several]) for f in (np.min, np.mean, np.max))
    colour = COLOURS[one.mapping]
    axes.plot(amounts, mean, color=colour, linestyle=_dashes(one, tasks), linewidth=1.4, marker="o", markersize=3.0)
    axes.fill_between(amounts, low, high, color=colour, alpha=0.12, linewidth=0.0)


def _dashes(one: MappedChips, tasks: Sequence[str]) -> str | tuple[int, tuple[float, float]]:
    return DASHES[tasks.index(one.task) % len(DASHES)]


def _scaled(axes: Axes, amounts: Sequence[float]) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(list(amounts)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _powers(axes: Axes, chips: Sequence[MappedChips], tasks: Sequence[str]) -> None:
    style.dress(axes, x="on/off ratio", y="power of a settled circuit [mW]")
    for one in chips:
        axes.plot(
            one.amounts["ratio"], 1e3 * np.array(one.power), color=COLOURS[one.mapping],
            linestyle=_dashes(one, tasks), linewidth=1.4, marker="o", markersize=3.0,
        )  # fmt: skip
    _scaled(axes, chips[0].amounts["ratio"])
    axes.set_ylim(bottom=0.0)


def _key(axes: Axes, chips: Sequence[MappedChips], tasks: Sequence[str]) -> None:
    axes.set_axis_off()
    for mapping in dict.fromkeys(one.mapping for one in chips):
        axes.plot([], [], color=COLOURS[mapping], linewidth=1.4, marker="o", markersize=3.0, label=mapping)
    for k, task in enumerate(tasks):
        ideal = next(one.ideal for one in chips if one.task == task)
        label = f"{task} (ideal devices: {ideal:.3g} %)"
        axes.plot([], [], color=style.INK, linestyle=DASHES[k % len(DASHES)], linewidth=1.2, label=label)
    axes.plot([], [], color=style.QUIET, linewidth=6.0, alpha=0.3, label="lowest to highest chip")
    style.legend(axes)
