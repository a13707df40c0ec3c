r"""How far a conductance is from where it should be: the standard deviation of a normal error.

Papers give it in one of four ways: in siemens; as a fraction of the range (cycle-to-cycle spread in
NeuroSim [1]_); as a fraction of the conductance itself (read noise there); or as a polynomial of the
conductance, fitted to a device (the PCM and RRAM models of IBM's analog hardware kit [2]_):

.. math:: \sigma(g) = \sigma_0 + r\,(g_{high} - g_{low}) + p\,g
    + g_{high} \sum_k c_k \left(\frac{g}{g_{high}}\right)^k

Whichever are given are added up, and a sum below zero is zero.

References
----------
.. [1] Chen, Peng, Yu, IEEE Trans. CAD 37 (2018) 3067; MLP+NeuroSim V3.0, Cell.cpp.
.. [2] Rasch et al., arXiv:2104.02184 (2021); aihwkit, inference/noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.hardware.limits import check_not_negative, check_number

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Noise:
    """A standard deviation that depends on the conductance; all zero is none.

    Attributes
    ----------
    absolute : float
        In siemens [S].
    of_range : float
        As a fraction of the range.
    of_value : float
        As a fraction of the conductance.
    polynomial : tuple of float
        Coefficients of the powers 0, 1, 2, … of g over the range's high end, in fractions of the high end.
    """

    absolute: float = 0.0
    of_range: float = 0.0
    of_value: float = 0.0
    polynomial: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        check_not_negative("sd", self.absolute, "S")
        check_not_negative("sd_of_range", self.of_range)
        check_not_negative("sd_of_value", self.of_value)
        for at, coefficient in enumerate(self.polynomial):
            check_number(f"sd_polynomial[{at}]", coefficient)

    def __bool__(self) -> bool:
        return self != Noise()

    def sd(self, g: Array, low: float, high: float) -> Array:
        """Standard deviation at each conductance [S]."""
        total: Array = self.absolute + self.of_range * (high - low) + self.of_value * np.abs(g)
        if self.polynomial and high > 0.0:
            total = total + high * np.polynomial.polynomial.polyval(g / high, self.polynomial)
        return np.maximum(total, 0.0)

    def around(self, g: Array, low: float, high: float, rng: np.random.Generator) -> Array:
        """Draw one value around each conductance [S]; bounded by nothing."""
        return g + self.sd(g, low, high) * rng.standard_normal(g.shape) if self else g
