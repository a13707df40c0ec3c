"""One look for every figure, set on the figure itself so that nobody else's plots change."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from analogeq.errors import InputError
from analogeq.files import write_atomically

# Okabe and Ito's colours, told apart by every kind of colour vision; named by their part here.
INK = "#1b1f24"
QUIET = "#6b7480"
RULE = "#d7dce2"
PAPER = "#ffffff"
BLUE = "#0072b2"
SKY = "#56b4e9"
VERMILION = "#d55e00"
GREEN = "#009e73"
AMBER = "#e69f00"
PINK = "#cc79a7"
SERIES = (BLUE, VERMILION, GREEN, AMBER, PINK, SKY)
MARKERS = ("", "D", "^")
"""Of the first six series, the next six and the last six that one panel can hold."""

SMALL, BODY, TITLE = 8.0, 9.0, 10.5  # points
DPI = 200

_METADATA: dict[str, dict[str, str | None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
NO_BREAK = "\u00a0"
_SQUARES = ((1e-12, "µm²"), (1e-6, "mm²"))
_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M"}


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of ``width`` by ``height`` [inch] with a tight layout."""
    return Figure(figsize=(width, height), facecolor=PAPER, layout="constrained")


def dress(axes: Axes, *, x: str, y: str, title: str = "") -> None:
    """Label axes, with units where there are any, and take away what does not inform."""
    axes.set_facecolor(PAPER)
    axes.set_xlabel(x, fontsize=BODY, color=INK)
    axes.set_ylabel(y, fontsize=BODY, color=INK)
    axes.tick_params(labelsize=SMALL, colors=QUIET, labelcolor=INK, width=0.6, length=3.0)
    axes.tick_params(which="minor", width=0.4, length=1.8, colors=QUIET)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(QUIET)
        spine.set_linewidth(0.6)
    axes.grid(visible=True, color=RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    if title:
        axes.set_title(title, fontsize=TITLE, color=INK, loc="left", fontweight="bold", pad=8)


def heading(figure: Figure, text: str) -> None:
    """Put a heading over all panels, at the left."""
    figure.suptitle(text, fontsize=TITLE, color=INK, fontweight="bold", x=0.01, ha="left")


def legend(axes: Axes, *, where: Literal["best", "upper right", "lower right", "upper left"] = "best") -> None:
    """Add a legend without a frame."""
    axes.legend(fontsize=SMALL, frameon=False, labelcolor=INK, loc=where, handlelength=1.8, markerscale=1.4)


def legend_beside(axes: Axes) -> None:
    """Add a legend without a frame to the right of the axes."""
    axes.legend(
        fontsize=SMALL, frameon=False, labelcolor=INK, loc="center left", bbox_to_anchor=(1.01, 0.5), handlelength=2.4
    )


def series(k: int) -> tuple[str, str]:
    """Colour and marker of the ``k``-th series of a panel, counted from 0; no two are the same.

    Raises
    ------
    InputError
        From the nineteenth on.
    """
    if k >= len(SERIES) * len(MARKERS):
        raise InputError(
            f"figure: series {k + 1} of one panel; draw {len(SERIES) * len(MARKERS)} at most, or more panels"
        )
    return SERIES[k % len(SERIES)], MARKERS[k // len(SERIES)]


def note(axes: Axes, at: tuple[float, float], text: str, *, colour: str = QUIET, align: str = "left") -> Text:
    """Write small text at axes coordinates, each from 0 to 1."""
    return axes.text(*at, text, transform=axes.transAxes, fontsize=SMALL, color=colour, ha=align, va="center")


def prefix(value: float) -> tuple[float, str]:
    """Find the SI prefix that shows ``value`` as 1 to 999, as ``(1e-9, "n")``."""
    if value == 0.0 or not math.isfinite(value):
        return 1.0, ""
    exponent = 3 * math.floor(math.log10(abs(value)) / 3)
    exponent = min(max(exponent, min(_PREFIXES)), max(_PREFIXES))
    return 10.0**exponent, _PREFIXES[exponent]


def shown(value: float, unit: str) -> str:
    """Write a value with its unit and an SI prefix, on one line; a count, a share or a percentage as it is.

    Areas [m2] are shown in squares of micrometres or millimetres.
    """
    if unit == "1":
        return f"{value:,.0f}" if value == round(value) else f"{value:.3g}"
    if unit == "m2":
        scale, letter = next(one for one in _SQUARES if value < 1e3 * one[0] or one is _SQUARES[-1])
        return f"{value / scale:.3g}{NO_BREAK}{letter}"
    scale, letter = (1.0, "") if unit == "%" else prefix(value)
    return f"{value / scale:.3g}{NO_BREAK}{letter}{unit}"


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as .png, .svg or .pdf; the same figure gives the same bytes.

    Raises
    ------
    InputError
        If the suffix is another.
    """
    suffix = path.suffix.lower()
    if suffix not in _METADATA:
        raise InputError(
            f'{path}: suffix "{path.suffix}" is no format of a figure; end the name in one of {", ".join(_METADATA)}'
        )
    with mpl.rc_context({"svg.hashsalt": "analogeq", "svg.fonttype": "path", "text.usetex": False}):
        write_atomically(
            path,
            lambda stream: figure.savefig(stream, format=suffix[1:], dpi=DPI, metadata=_METADATA[suffix]),
        )
    return path
