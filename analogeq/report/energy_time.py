"""Energy and time of an inference against its error: circuits stopped at several times, and digital copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from analogeq.errors import InputError
from analogeq.report import style

STARTS = {"zero": ("solid", "o", "from zero"), "copy": ((0, (4, 1.5)), "s", "started by the 8-bit copy")}
TICKS = (1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0, 70.0, 100.0)


@dataclass(frozen=True)
class Deployed:
    """A chip whose free phase is stopped after a time.

    Attributes
    ----------
    hidden : int
    start : {"zero", "copy"}
    bits : int
        Of DACs and ADCs.
    siemens : float
        Unit conductance [S].
    time : float
        In time constants.
    seconds : float
        [s]
    heat, converters, copy : float
        Energy of the phase, of conversions, and of the copy that starts it [J].
    validation_error, test_error : float
        [%]
    """

    hidden: int
    start: str
    bits: int
    siemens: float
    time: float
    seconds: float
    heat: float
    converters: float
    copy: float
    validation_error: float
    test_error: float

    @property
    def joules(self) -> float:
        """Energy of an inference [J]."""
        return self.heat + self.converters + self.copy

    @property
    def name(self) -> str:
        """All that tells it from the others."""
        return f"{self.hidden} from {self.start}, {self.bits} bits, G0 {1e6 * self.siemens:g} uS, {self.time:g} tau"


@dataclass(frozen=True)
class CopyCost:
    """A digital copy alone.

    Attributes
    ----------
    hidden : int
    joules : float
        Of a prediction [J].
    test_error, full_error : float
        In few bits, and as it was trained [%].
    """

    hidden: int
    joules: float
    test_error: float
    full_error: float


def energy_time_figure(
    curves: Sequence[Deployed],
    all_chips: Sequence[Deployed],
    front: Sequence[Deployed],
    copies: Sequence[CopyCost],
    *,
    title: str,
) -> Figure:
    """Draw energy, and time, against test error.

    Parameters
    ----------
    curves : sequence of Deployed
        Drawn as one curve along time for each size and start.
    all_chips : sequence of Deployed
        Drawn as small dots.
    front : sequence of Deployed
        Ringed.
    copies : sequence of CopyCost
        Drawn as stars, in the panel of energies alone.
    title : str
    """
    if not curves:
        raise InputError("energy figure: no curve to draw; pass at least one")
    figure = style.new_figure(10.4, 4.8)
    style.heading(figure, title)
    by_energy, by_time = figure.subplots(1, 2, sharey=True)
    style.dress(by_energy, x="energy of an inference [nJ], amplifiers not counted", y="test error [%]", title="Energy")
    style.dress(by_time, x="time of the phase [µs]", y="", title="Time")
    sizes = sorted({chip.hidden for chip in curves})
    for axes, of in ((by_energy, _nanojoules), (by_time, _microseconds)):
        axes.scatter(
            [of(chip) for chip in all_chips], [chip.test_error for chip in all_chips], s=9, linewidths=0, alpha=0.35,
            color=[style.series(sizes.index(chip.hidden))[0] for chip in all_chips], zorder=2,
            label="other bits of converters, or another G0",
        )  # fmt: skip
        _curves(axes, curves, sizes, of)
        axes.scatter(
            [of(chip) for chip in front], [chip.test_error for chip in front], s=70, facecolors="none",
            edgecolors=style.INK, linewidths=0.9, zorder=5, label="no other beats it in error, energy and time",
        )  # fmt: skip
        _scales(axes, [*(chip.test_error for chip in all_chips), *(copy.test_error for copy in copies)])
    for copy in copies:
        colour, _ = style.series(sizes.index(copy.hidden))
        by_energy.scatter(1e9 * copy.joules, copy.test_error, marker="*", s=130, color=colour, zorder=4,
                          label=f"{copy.hidden} hidden: 8-bit copy alone")  # fmt: skip
    _legend(figure, by_energy)
    return figure


def _nanojoules(chip: Deployed) -> float:
    return 1e9 * chip.joules


def _microseconds(chip: Deployed) -> float:
    return 1e6 * chip.seconds


def _curves(axes: Axes, curves: Sequence[Deployed], sizes: Sequence[int], of: object) -> None:
    assert callable(of)  # noqa: S101
    for hidden in sizes:
        colour, _ = style.series(sizes.index(hidden))
        for start, (dashes, marker, said) in STARTS.items():
            chips = sorted((c for c in curves if (c.hidden, c.start) == (hidden, start)), key=lambda c: c.time)
            if chips:
                axes.plot(
                    [of(chip) for chip in chips], [chip.test_error for chip in chips], color=colour, linestyle=dashes,
                    marker=marker, markersize=3.6, linewidth=1.3, zorder=3, label=f"{hidden} hidden, {said}",
                )  # fmt: skip


def _scales(axes: Axes, errors: Sequence[float]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    low, high = min(errors), max(errors)
    axes.set_ylim(0.85 * low, 1.2 * high)
    axes.set_yticks([tick for tick in TICKS if 0.85 * low <= tick <= 1.2 * high])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside right center", fontsize=style.SMALL, frameon=False, labelcolor=style.INK,
        handlelength=2.6,
    )  # fmt: skip
