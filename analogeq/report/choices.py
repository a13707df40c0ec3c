"""What the best settings reach, and which they are, against the on/off ratio they were chosen for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from analogeq.errors import InputError
from analogeq.report import style


@dataclass(frozen=True)
class ChoiceCurve:
    """One way to train, with its best settings at every ratio.

    Attributes
    ----------
    label : str
    ratios : tuple of float
        On/off ratios.
    error : tuple of float
        Least error [%].
    gain, rate : tuple of float
        Input gain and rate of the first layer that gave it.
    """

    label: str
    ratios: tuple[float, ...]
    error: tuple[float, ...]
    gain: tuple[float, ...]
    rate: tuple[float, ...]

    def __post_init__(self) -> None:
        lengths = {len(several) for several in (self.ratios, self.error, self.gain, self.rate)}
        if len(lengths) != 1 or not self.ratios:
            raise InputError(f"choice curve {self.label!r}: lengths {sorted(lengths)}; give one number for each ratio")


def choices_figure(curves: Sequence[ChoiceCurve], *, title: str) -> Figure:
    """Draw errors, and beside them the gains and rates they were reached with."""
    if not curves:
        raise InputError("choices figure: no curve to draw; pass at least one")
    figure = style.new_figure(10.0, 4.2)
    style.heading(figure, title)
    wide, gains, rates = figure.subplots(1, 3, width_ratios=(1.6, 1.0, 1.0))
    for axes, what, label in (
        (wide, "error", "least settled error [%]"),
        (gains, "gain", "input gain that gave it [V for a signal of 1]"),
        (rates, "rate", "rate of the first layer that gave it"),
    ):
        style.dress(axes, x="on/off ratio", y=label)
        for k, curve in enumerate(curves):
            _draw(axes, curve, what, k)
        _scales(axes, curves[0].ratios)
    style.legend(wide)
    return figure


def _scales(axes: Axes, ratios: Sequence[float]) -> None:
    """Decades, with the numbers themselves at the ticks."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(ratios, [f"{ratio:g}" for ratio in ratios])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _draw(axes: Axes, curve: ChoiceCurve, what: str, k: int) -> None:
    """Markers shrink from curve to curve, so that equal choices stay visible."""
    colour, _ = style.series(k)
    axes.plot(
        curve.ratios, getattr(curve, what), color=colour, linewidth=1.4, marker="o", markersize=8.0 - 1.5 * k,
        label=curve.label,
    )  # fmt: skip
