r"""Which law a quantity grows by, and how surely.

Four laws of two parameters each are fitted to the logarithm of positive values, so that relative errors
count alike at every depth:

.. math:: a + bL, \quad a + bL^2, \quad a L^b, \quad a e^{bL}

All have as many parameters, so the root mean square of what is left decides, and Akaike's criterion
says how clearly: a difference :math:`n \ln(\mathrm{rms}^2 / \mathrm{rms}_{best}^2)` below 2 is none [1]_.

References
----------
.. [1] Burnham & Anderson, "Model Selection and Multimodel Inference", 2nd ed. (2002), Section 2.6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

Doubles = NDArray[np.float64]
Law = Callable[[Doubles, float, float], Doubles]

LAWS: dict[str, Law] = {
    "linear": lambda depth, a, b: a + b * depth,
    "quadratic": lambda depth, a, b: a + b * depth**2,
    "power law": lambda depth, a, b: a * depth**b,
    "exponential": lambda depth, a, b: a * np.exp(b * depth),
}

_LEAST = 1e-9  # of the largest value: where a line that crosses zero still has a logarithm


@dataclass(frozen=True)
class Growth:
    """One law, fitted.

    Attributes
    ----------
    law : str
        One of `LAWS`.
    a, b : float
    b_error : float
        Standard error of b, from the curvature at the minimum and what is left.
    misfit : float
        Root mean square of the relative (logarithmic) errors.
    aic_difference : float
        Akaike's, to the best law of the same values.
    values : int
        How many were fitted.
    """

    law: str
    a: float
    b: float
    b_error: float
    misfit: float
    aic_difference: float
    values: int

    def at(self, depths: Doubles) -> Doubles:
        """Evaluate the law."""
        return LAWS[self.law](depths, self.a, self.b)


def growth(depths: Doubles, values: Doubles) -> tuple[Growth, ...]:
    """Fit every law, the best first; values that are not finite are left out.

    Parameters
    ----------
    depths, values : ndarray, shape (n,)
        Positive; at least three are needed to leave something over.
    """
    there = np.isfinite(values)
    depths, values = depths[there], values[there]
    if len(values) < 3 or len(np.unique(depths)) < 3:
        return ()
    found = sorted((_fit(law, depths, values) for law in LAWS), key=lambda each: each[3])
    best = max(found[0][3], np.finfo(np.float64).tiny)
    n = len(values)
    return tuple(
        Growth(law, a, b, error, left, float(2.0 * n * np.log(max(left, best) / best)), n)
        for law, (a, b), error, left in found
    )


def _fit(law: str, depths: Doubles, values: Doubles) -> tuple[str, tuple[float, float], float, float]:
    unit = float(np.exp(np.log(values).mean()))  # so that a and b are of one size
    values = values / unit
    floor, goal = _LEAST * values.max(), np.log(values)

    def left(ab: Doubles) -> Doubles:
        away: Doubles = np.log(np.maximum(LAWS[law](depths, *ab), floor)) - goal
        return away

    found = least_squares(left, _start(law, depths, values), x_scale="jac")
    freedom = max(len(values) - 2, 1)
    slope = np.asarray(found.jac, dtype=np.float64)
    curvature = np.linalg.pinv(slope.T @ slope)
    error = float(np.sqrt(curvature[1, 1] * 2.0 * found.cost / freedom))
    a, b, left_over = float(found.x[0]), float(found.x[1]), float(np.sqrt(2.0 * found.cost / len(values)))
    back = unit if law in ("linear", "quadratic") else 1.0
    return law, (a * unit, b * back), error * back, left_over


def _start(law: str, depths: Doubles, values: Doubles) -> tuple[float, float]:
    """Straight lines in the axes in which the law is one."""
    if law in ("power law", "exponential"):
        b, a = np.polyfit(np.log(depths) if law == "power law" else depths, np.log(values), 1)
        return float(np.exp(a)), float(b)
    b, a = np.polyfit(depths if law == "linear" else depths**2, values, 1, w=1.0 / values)
    return float(a), float(b)
