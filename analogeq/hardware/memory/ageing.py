r"""What time does to a conductance after it was written.

Drift, of phase-change memory above all [1]_: with t counted from the write,

.. math:: G(t) = G(t_0)\,(t/t_0)^{-\nu}, \qquad t \ge t_0,

each device with its own exponent. Retention, of a charge that leaks or a state that relaxes to rest:

.. math:: G(t) = G_r + (G(0) - G_r)\,e^{-t/\tau}.

References
----------
.. [1] Nandakumar et al., ICECS 2019; Joshi et al., Nature Commun. 11 (2020) 2473.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import TechnologyError
from analogeq.hardware.limits import check_not_negative, check_number, check_positive

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Drift:
    """A power law of time.

    Attributes
    ----------
    exponent : float
        Mean of nu.
    exponent_sd : float
        Its standard deviation from device to device; drawn once a chip, never below zero.
    start : float
        t0 [s]: until then after a write a device holds what was written.
    """

    exponent: float = 0.0
    exponent_sd: float = 0.0
    start: float = 1.0

    def __post_init__(self) -> None:
        check_not_negative("drift_exponent", self.exponent)
        check_not_negative("drift_exponent_sd", self.exponent_sd)
        check_positive("drift_start", self.start, "s")

    def __bool__(self) -> bool:
        return self.exponent > 0.0 or self.exponent_sd > 0.0

    def exponents(self, n: int, rng: np.random.Generator) -> Array:
        """Draw nu of every device."""
        return np.maximum(self.exponent + self.exponent_sd * rng.standard_normal(n), 0.0)

    def after(self, g: Array, seconds: Array, exponents: Array) -> Array:
        """What is left of ``g`` [S] so many seconds after it was written."""
        return g * (np.maximum(seconds, self.start) / self.start) ** -exponents


@dataclass(frozen=True)
class Retention:
    """An exponential way back to rest.

    Attributes
    ----------
    time_constant : float
        Tau [s]; infinite where nothing is lost.
    rest : float
        Where a device ends, as a fraction of the range above its low end.
    """

    time_constant: float = math.inf
    rest: float = 0.0

    def __post_init__(self) -> None:
        check_positive("retention", self.time_constant, "s", infinite=True)
        if not 0.0 <= check_number("retention_rest", self.rest) <= 1.0:
            raise TechnologyError(f"retention_rest: {self.rest!r} is outside the range; give a fraction from 0 to 1")

    def __bool__(self) -> bool:
        return math.isfinite(self.time_constant)

    def after(self, g: Array, seconds: Array, low: float, high: float) -> Array:
        """What is left of ``g`` [S] so many seconds after it was written."""
        rest = low + self.rest * (high - low)
        return rest + (g - rest) * np.exp(-seconds / self.time_constant)
