"""The conductances that a device can be told to take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import TechnologyError
from analogeq.hardware.limits import check_int

Array = NDArray[np.float64]

MOST_LEVELS = 2**24
"""A finer grid is finer than what any device holds, and its table no longer fits a cache."""


@dataclass(frozen=True)
class Levels:
    """A grid from the low to the high end of the range.

    Attributes
    ----------
    count : int
        How many, both ends included; 2 is one bit.
    spacing : {"conductance", "resistance"}
        What is equally spaced: memristive devices are written to conductances, the taps of a digital
        potentiometer are equal resistances apart.
    """

    count: int
    spacing: Literal["conductance", "resistance"] = "conductance"

    def __post_init__(self) -> None:
        check_int("levels", self.count, 2, MOST_LEVELS, "give 2 or more, or none for a continuous device")
        if self.spacing not in ("conductance", "resistance"):
            raise TechnologyError(f"spacing: {self.spacing!r} is unknown; give 'conductance' or 'resistance'")

    def grid(self, low: float, high: float) -> Array:
        """All levels between the ends [S], never falling, shape (count,)."""
        if self.spacing == "conductance" or low == high:
            return np.linspace(low, high, self.count)
        if low <= 0.0:
            raise TechnologyError(
                f"conductance_low: {low!r} S is no end for levels equally spaced in resistance; give one above zero"
            )
        grid = 1.0 / np.linspace(1.0 / low, 1.0 / high, self.count)
        grid[0], grid[-1] = low, high  # the ends are exact, whatever 1/(1/x) rounds to
        return grid

    def nearest(self, g: Array, low: float, high: float) -> Array:
        """Nearest level of every conductance [S]; half-way between two it is the lower."""
        grid = self.grid(low, high)
        return grid[np.searchsorted(0.5 * (grid[1:] + grid[:-1]), g)]

    def either_side(self, g: Array, low: float, high: float, rng: np.random.Generator) -> Array:
        """Round each conductance to one of the two levels beside it so that the mean is kept."""
        grid = self.grid(low, high)
        inside = np.clip(g, low, high)
        under = np.clip(np.searchsorted(grid, inside, side="right") - 1, 0, self.count - 2)
        gap = grid[under + 1] - grid[under]
        part = np.divide(inside - grid[under], gap, out=np.zeros_like(inside), where=gap > 0.0)
        return grid[under + (rng.random(len(g)) < part)]
