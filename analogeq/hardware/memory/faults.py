"""Devices that do not move: stuck at an end of the range, or open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import TechnologyError
from analogeq.hardware.limits import check_not_negative

Array = NDArray[np.float64]

WORKS, AT_LOW, AT_HIGH, OPEN = range(4)


@dataclass(frozen=True)
class Faults:
    """Which fraction of the devices is stuck; which ones is drawn once a chip.

    Attributes
    ----------
    stuck_low, stuck_high : float
        At an end of the range.
    stuck_open : float
        Without any conductance.
    """

    stuck_low: float = 0.0
    stuck_high: float = 0.0
    stuck_open: float = 0.0

    def __post_init__(self) -> None:
        total = 0.0
        for key in ("stuck_low", "stuck_high", "stuck_open"):
            check_not_negative(key, getattr(self, key))
            total += getattr(self, key)
        if total > 1.0:
            raise TechnologyError(f"stuck_low: with stuck_high and stuck_open {total!r} of all devices; give up to 1")

    def __bool__(self) -> bool:
        return self != Faults()

    def drawn(self, n: int, rng: np.random.Generator) -> NDArray[np.int8]:
        """Draw what is wrong with each device: a code each."""
        chance = np.cumsum([self.stuck_low, self.stuck_high, self.stuck_open])
        code = np.array([AT_LOW, AT_HIGH, OPEN, WORKS], dtype=np.int8)
        return code[np.searchsorted(chance, rng.random(n), side="right")]


def with_faults(g: Array, codes: NDArray[np.int8], low: float, high: float) -> Array:
    """Conductances as the faults leave them [S]."""
    return np.select([codes == AT_LOW, codes == AT_HIGH, codes == OPEN], [low, high, 0.0], g)
