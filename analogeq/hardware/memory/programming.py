"""Writing a device to a target: ideal, once with an error, or again and again until a reading is near enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import TechnologyError
from analogeq.hardware.limits import check_int, check_not_negative
from analogeq.hardware.memory.noise import Noise

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_PULSES = 1_000_000


@dataclass(frozen=True)
class Programming:
    """How a target becomes a conductance; with nothing set it does exactly.

    Attributes
    ----------
    noise : Noise
        Of a single write.
    budget : int
        Write and verify: how many pulses a device may take to come within the tolerance; 0 writes once, unseen.
    tolerance : float
        Within how much of the target a verified write ends, as a fraction of the range.
    """

    noise: Noise = field(default_factory=Noise)
    budget: int = 0
    tolerance: float = 0.0

    def __post_init__(self) -> None:
        check_int("verify_pulses", self.budget, 0, MOST_PULSES, "give the pulses a device may take, or 0 for no verify")
        check_not_negative("verify_tolerance", self.tolerance)
        if self.tolerance > 0.0 and self.budget == 0:
            raise TechnologyError(
                f"verify_tolerance: {self.tolerance!r} and no pulses to reach it; set verify_pulses, or the tolerance "
                "to 0"
            )


@dataclass(frozen=True, eq=False)
class Written:
    """What it took to write or to move devices.

    Attributes
    ----------
    pulses : ndarray of int, shape (device,)
        Writes or pulses that each device took.
    reads : ndarray of int, shape (device,)
        How often each was read to verify it: once before anything is done to it, and once after every try; 0 where
        nothing is verified.
    """

    pulses: Ints
    reads: Ints

    def among(self, which: NDArray[np.intp], count: int) -> Written:
        """Of all ``count`` devices, if these are ``which`` of them and nothing was done to the others."""
        spread = []
        for some in (self.pulses, self.reads):
            every = np.zeros(count, dtype=np.int64)
            every[which] = some
            spread.append(every)
        return Written(*spread)


Attempt = Callable[[NDArray[np.intp], Array, Ints], tuple[Array, Ints]]
"""Given devices by number, what they hold [S] and the pulses they have left: what they hold next, pulses used."""


def write_and_verify(held: Array, target: Array, within: float, budget: int, attempt: Attempt) -> Written:
    """Read, compare and write again, device by device, until within the tolerance or out of pulses.

    Parameters
    ----------
    held, target : ndarray, shape (device,)
        What the devices hold and are to hold [S].
    within : float
        Tolerance [S].
    budget : int
        Pulses that one device may take.
    attempt : callable
        Writes once; see `Attempt`.

    Returns
    -------
    Written
        What each device took.
    """
    held, used, reads = held.copy(), np.zeros(len(held), dtype=np.int64), np.ones(len(held), dtype=np.int64)
    while len(off := np.flatnonzero((np.abs(held - target) > within) & (used < budget))):
        held[off], more = attempt(off, held[off], budget - used[off])
        used[off] += more
        reads[off] += 1
    return Written(used, reads)
