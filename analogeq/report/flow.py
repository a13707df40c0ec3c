"""The picture of the whole: graph to circuit to phases to copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.ticker import MultipleLocator
from numpy.typing import NDArray

from analogeq.errors import InputError
from analogeq.report import style, symbols
from analogeq.report.series import Floats

WIDTH, HEIGHT = 11.0, 4.7  # inch; the figure is laid out in these units
PANEL_TOP, PANEL_HEIGHT = 4.05, 2.75
PANEL = "#f7f9fb"


@dataclass(frozen=True, eq=False)
class PhaseStory:
    """One small circuit's free and nudged phase, to be drawn.

    Attributes
    ----------
    times : ndarray, shape (time,)
        In time constants.
    voltages : ndarray, shape (time, node)
        [V], hidden nodes and outputs.
    outputs : ndarray of int, shape (output,)
    targets : ndarray, shape (output,)
        [V], where the nudge pulls the outputs.
    nudged_at : float
        When the nudged phase begins, in time constants.
    """

    times: Floats
    voltages: Floats
    outputs: NDArray[np.intp]
    targets: Floats
    nudged_at: float


def flow_figure(layer_sizes: Sequence[int], netlist: Sequence[str], story: PhaseStory) -> Figure:
    """Draw the flow from a graph to a deployed copy in four panels.

    Parameters
    ----------
    layer_sizes : sequence of int
        Of the small network drawn.
    netlist : sequence of str
        Three or four lines of its netlist.
    story : PhaseStory
        Its two phases.
    """
    if len(netlist) > 4:
        raise InputError(f"flow figure: {len(netlist)} netlist lines; at most 4 fit under the schematic")
    figure = Figure(figsize=(WIDTH, HEIGHT), facecolor=style.PAPER)
    sheet = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    sheet.set_axis_off()
    sheet.set_xlim(0.0, WIDTH)
    sheet.set_ylim(0.0, HEIGHT)
    spans = ((0.2, 1.85), (2.65, 2.75), (6.0, 2.5), (9.05, 1.75))
    heads = (
        ("1  Graph", "what the user draws,\nchecked into arrays"),
        ("2  Circuit", "a neuron: crossbar pairs, sense amplifier,\nleak, capacitor, clamp; and its SPICE lines"),
        ("3  Two phases", "the circuit settles twice: left alone,\nthen with outputs pulled to their targets"),
        ("4  Copy", "feedforward, learns to predict\nwhere the circuit settles"),
    )
    for (left, width), (head, text) in zip(spans, heads, strict=True):
        _panel(sheet, left, width, head, text)
    _graph(_inside(figure, *spans[0]), layer_sizes, directed=False)
    _neuron(_inside(figure, *spans[1]), netlist)
    _phases(_inside(figure, *spans[2]), story)
    _graph(_inside(figure, *spans[3]), layer_sizes, directed=True)
    _arrows(sheet, spans)
    return figure


def _panel(sheet: Axes, left: float, width: float, head: str, text: str) -> None:
    box = FancyBboxPatch(
        (left, PANEL_TOP - PANEL_HEIGHT), width, PANEL_HEIGHT, boxstyle="round,pad=0,rounding_size=0.08",
        facecolor=PANEL, edgecolor=style.RULE, linewidth=0.8,
    )  # fmt: skip
    sheet.add_patch(box)
    sheet.text(left, PANEL_TOP + 0.14, head, fontsize=11.5, fontweight="bold", color=style.INK, va="bottom")
    below = PANEL_TOP - PANEL_HEIGHT - 0.12
    sheet.text(left, below, text, fontsize=style.SMALL, color=style.QUIET, va="top", linespacing=1.35)


def _inside(figure: Figure, left: float, width: float) -> Axes:
    """Axes over a panel, in inches from its lower left corner."""
    bottom = PANEL_TOP - PANEL_HEIGHT
    axes = figure.add_axes((left / WIDTH, bottom / HEIGHT, width / WIDTH, PANEL_HEIGHT / HEIGHT))
    axes.set_axis_off()
    axes.set_xlim(0.0, width)
    axes.set_ylim(0.0, PANEL_HEIGHT)
    return axes


def _graph(axes: Axes, sizes: Sequence[int], *, directed: bool) -> None:
    width = axes.get_xlim()[1]
    columns = np.linspace(0.3, width - 0.3, len(sizes))
    places = [
        [(float(x), PANEL_HEIGHT / 2 + 0.42 * (k - (n - 1) / 2)) for k in range(n)]
        for x, n in zip(columns, sizes, strict=True)
    ]
    for left, right in pairwise(places):
        for start in left:
            for stop in right:
                _edge(axes, start, stop, directed=directed)
    last = len(sizes) - 1
    for index, layer in enumerate(places):
        colour = {0: style.QUIET, last: style.VERMILION}.get(index, style.BLUE)
        x, y = zip(*layer, strict=True)
        axes.scatter(x, y, s=95, color=colour, edgecolor=style.PAPER, linewidth=1.2, zorder=4)


def _edge(axes: Axes, start: symbols.Point, stop: symbols.Point, *, directed: bool) -> None:
    arrow = "-|>,head_width=1.1,head_length=2.2" if directed else "-"
    colour = style.QUIET if directed else "#a9b3be"
    edge = FancyArrowPatch(start, stop, arrowstyle=arrow, shrinkA=5, shrinkB=5.5, color=colour, linewidth=0.6, zorder=2)
    axes.add_patch(edge)


def _neuron(axes: Axes, netlist: Sequence[str]) -> None:
    node, column, low, high = 1.55, 0.88, 1.12, 2.15
    for height, name in ((node + 0.4, "v₁"), (node, "v₂"), (node - 0.4, "v₃")):
        symbols.terminal(axes, (0.34, height), name)
        symbols.resistor(axes, (0.39, height), (column, height), colour=style.GREEN)
    symbols.wire(axes, [(column, node - 0.4), (column, node + 0.4)])
    symbols.label(axes, (0.62, node + 0.62), "G⁺ − G⁻", colour=style.GREEN)
    symbols.joint(axes, (column, node))
    symbols.wire(axes, [(column, node), (2.5, node)])
    symbols.amplifier(axes, (0.98, node), (1.22, node))
    leak, plates, clamp = 1.42, 1.72, 2.02
    symbols.resistor(axes, (leak, node), (leak, low))
    symbols.capacitor(axes, (plates, node), (plates, low))
    symbols.diode(axes, (clamp, low), (clamp, node))
    for x in (leak, plates, clamp):
        symbols.joint(axes, (x, node))
        symbols.ground(axes, (x, low))
    symbols.diode(axes, (clamp, node), (clamp, high))
    symbols.label(axes, (clamp, high + 0.1), "rail")
    for x, name, colour in ((1.57, "copy", style.BLUE), (2.36, "target", style.VERMILION)):
        symbols.resistor(axes, (x, node), (x, high), colour=colour)
        symbols.joint(axes, (x, node), colour=colour)
        symbols.label(axes, (x, high + 0.1), name, colour=colour)
    symbols.terminal(axes, (2.55, node), "v", align="left")
    text = "\n".join(netlist)
    axes.text(0.16, 0.42, text, family="monospace", fontsize=7.0, color=style.INK, va="center", linespacing=1.5)


def _phases(axes: Axes, story: PhaseStory) -> None:
    inner = axes.inset_axes((0.2, 0.17, 0.75, 0.72))
    style.dress(inner, x="time [τ]", y="node voltage [V]")
    inner.set_facecolor(PANEL)
    inner.grid(visible=False)
    stop = float(story.times[-1])
    inner.axvspan(story.nudged_at, stop, color=style.VERMILION, alpha=0.07, linewidth=0)
    hidden = np.setdiff1d(np.arange(story.voltages.shape[1]), story.outputs)
    inner.plot(story.times, story.voltages[:, hidden], color=style.BLUE, linewidth=0.7, alpha=0.5)
    inner.plot(story.times, story.voltages[:, story.outputs], color=style.VERMILION, linewidth=1.8)
    for target in story.targets:
        dashes = (0, (2, 2))
        inner.plot([story.nudged_at, stop], [target, target], color=style.VERMILION, linewidth=0.9, linestyle=dashes)
    inner.set_xlim(0.0, stop)
    inner.set_ylim(-0.04, 1.04)
    inner.xaxis.set_major_locator(MultipleLocator(4.0))
    for at, text in ((story.nudged_at / 2, "free"), ((story.nudged_at + stop) / 2, "nudged")):
        place = ("data", "axes fraction")
        inner.annotate(text, (at, 1.03), xycoords=place, fontsize=style.SMALL, color=style.INK, ha="center")


def _arrows(sheet: Axes, spans: Sequence[tuple[float, float]]) -> None:
    middle = PANEL_TOP - PANEL_HEIGHT / 2
    for ((left, width), (right, _)), text in zip(pairwise(spans), ("compile", "settle", "teach"), strict=True):
        _arrow(sheet, (left + width + 0.06, middle), (right - 0.06, middle), style.INK)
        sheet.text((left + width + right) / 2, middle + 0.12, text, fontsize=style.SMALL, color=style.INK, ha="center")
    learn = r"program conductances:  $\Delta w_{ij} \propto (s_i s_j)_\mathrm{nudged} - (s_i s_j)_\mathrm{free}$"
    for start, stop, text, colour in (
        (6.75, 3.95, learn, style.GREEN),
        (9.9, 7.5, "the next settling starts from its prediction", style.BLUE),
    ):
        _arrow(sheet, (start, 0.66), (stop, 0.66), colour, bend=-0.1)
        sheet.text((start + stop) / 2, 0.24, text, fontsize=style.SMALL, color=colour, ha="center", va="center")


def _arrow(sheet: Axes, start: symbols.Point, stop: symbols.Point, colour: str, *, bend: float = 0.0) -> None:
    arrow = FancyArrowPatch(
        start, stop, arrowstyle="-|>,head_width=3,head_length=5", connectionstyle=f"arc3,rad={bend}",
        color=colour, linewidth=1.5, zorder=5, shrinkA=0, shrinkB=0,
    )  # fmt: skip
    sheet.add_patch(arrow)
