"""The wires of a crossbar: what its word and bit lines resist, and at which ends they are held."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Literal

from analogeq.errors import TechnologyError
from analogeq.hardware.limits import check_not_negative

Ends = Literal["first", "last", "both"]
"""Which ends of a line are held, in the order of its cells."""

_DRIVEN: dict[str, Ends] = {"left": "first", "right": "last", "both": "both"}
_SENSED: dict[str, Ends] = {"top": "first", "bottom": "last"}


@dataclass(frozen=True)
class Line:
    """The lines of one direction: all alike.

    Attributes
    ----------
    segment : float
        Resistance [Ohm] from cell to cell, and from the outermost cell to a held end.
    terminal : float
        Resistance [Ohm] of what holds an end: a driver or a virtual ground.
    ends : {"first", "last", "both"}
        Which ends are held.
    """

    segment: float
    terminal: float
    ends: Ends

    @property
    def lead(self) -> float:
        """From the outermost cell to what holds the end [Ohm]."""
        return self.segment + self.terminal

    @property
    def is_ideal(self) -> bool:
        """Whether every cell stands at the voltage of the held end: below this, 1 / lead is no number."""
        return self.lead < sys.float_info.min


@dataclass(frozen=True)
class Wires:
    """What the wires of every crossbar resist.

    Rows of a crossbar are word lines, from top to bottom; columns are bit lines, from left to
    right. A cell brings one segment of each line, on the side of the held end, so that a line of n
    cells has n segments: n - 1 between cells and one from the outermost cell to its driver or its
    virtual ground. A word line driven from both sides has one more.

    Attributes
    ----------
    word_line_resistance, bit_line_resistance : float
        Resistance of a line's segment for each cell [Ohm].
    driver_resistance : float
        What a line's driver resists, in series with the wire [Ohm].
    sense_resistance : float
        What a virtual ground resists, in series with the wire [Ohm].
    driven_from : {"left", "right", "both"}
        The side of the array on which word lines are driven.
    sensed_at : {"bottom", "top"}
        The side of the array on which bit lines end in a virtual ground.
    """

    word_line_resistance: float = 0.0
    bit_line_resistance: float = 0.0
    driver_resistance: float = 0.0
    sense_resistance: float = 0.0
    driven_from: Literal["left", "right", "both"] = "left"
    sensed_at: Literal["bottom", "top"] = "bottom"

    def __post_init__(self) -> None:
        for key in ("word_line_resistance", "bit_line_resistance", "driver_resistance", "sense_resistance"):
            check_not_negative(key, getattr(self, key), "Ohm")
        for key, known in (("driven_from", _DRIVEN), ("sensed_at", _SENSED)):
            if getattr(self, key) not in known:
                raise TechnologyError(f"{key}: {getattr(self, key)!r} is no side; give {' or '.join(map(repr, known))}")

    @property
    def are_ideal(self) -> bool:
        """Whether nothing resists, so that a crossbar is the product of its conductances."""
        return all(line.is_ideal for line in self.forward)

    @property
    def forward(self) -> tuple[Line, Line]:
        """Word lines driven, bit lines sensed."""
        return (
            Line(self.word_line_resistance, self.driver_resistance, _DRIVEN[self.driven_from]),
            Line(self.bit_line_resistance, self.sense_resistance, _SENSED[self.sensed_at]),
        )

    @property
    def backward(self) -> tuple[Line, Line]:
        """The same array read the other way: bit lines driven, word lines sensed, each at the ends it has.

        Driver and virtual ground change places.
        """
        return (
            Line(self.bit_line_resistance, self.driver_resistance, _SENSED[self.sensed_at]),
            Line(self.word_line_resistance, self.sense_resistance, _DRIVEN[self.driven_from]),
        )
