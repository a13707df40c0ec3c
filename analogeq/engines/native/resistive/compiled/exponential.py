r"""The exponential and a bound of the logarithm, made so that loops over them use vector registers.

.. math:: e^x = 2^n e^r, \qquad n = \lfloor x / \ln 2 + \tfrac12 \rfloor, \quad r = x - n \ln 2, \quad |r| \le 0.347

with ln 2 in two parts [1]_, Taylor's polynomial of r and the exponent's bits set to n. The relative
error is below 1e-7 in single precision and below 5e-16 in double for |x| up to 0.9 times the logarithm of
the largest number (79 and 638); tests hold them to that. Further out the bits overflow: callers stay inside.

References
----------
.. [1] Cody & Waite, Software Manual for the Elementary Functions (1980), chapter 6.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
from numba.extending import overload

# Nothing may be reordered here: the two parts of ln 2 would be added up.
_exact = numba.njit(cache=True, fastmath={"contract"}, error_model="numpy")

@_exact
def _exponential32(x: np.float32) -> np.float32:
    n = np.floor(np.float32(1.44269504) * x + np.float32(0.5))
    r = (x - n * np.float32(0.693359375)) + n * np.float32(2.12194440e-4)
    sum_ = np.float32(1 / 5040)
    sum_ = sum_ * r + np.float32(1 / 720)
    sum_ = sum_ * r + np.float32(1 / 120)
    sum_ = sum_ * r + np.float32(1 / 24)
    sum_ = sum_ * r + np.float32(1 / 6)
    sum_ = sum_ * r + np.float32(0.5)
    sum_ = sum_ * r + np.float32(1.0)
    sum_ = sum_ * r + np.float32(1.0)
    return sum_ * np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)


@_exact
def _exponential64(x: np.float64) -> np.float64:
    n = np.floor(1.4426950408889634 * x + 0.5)
    r = (x - n * 0.693145751953125) - n * 1.42860682030941723212e-6
    sum_ = 1 / 479001600
    sum_ = sum_ * r + 1 / 39916800
    sum_ = sum_ * r + 1 / 3628800
    sum_ = sum_ * r + 1 / 362880
    sum_ = sum_ * r + 1 / 40320
    sum_ = sum_ * r + 1 / 5040
    sum_ = sum_ * r + 1 / 720
    sum_ = sum_ * r + 1 / 120
    sum_ = sum_ * r + 1 / 24
    sum_ = sum_ * r + 1 / 6
    sum_ = sum_ * r + 0.5
    sum_ = sum_ * r + 1.0
    sum_ = sum_ * r + 1.0
    return sum_ * np.int64((np.int64(n) + np.int64(1023)) << np.int64(52)).view(np.float64)


@_exact
def _log_above32(y: np.float32) -> np.float32:
    power = np.float32(np.float32(y).view(np.int32)) * np.float32(2.0**-23)
    return (power - np.float32(127.0 - 0.0861)) * np.float32(0.69314718)


@_exact
def _log_above64(y: np.float64) -> np.float64:
    power = np.float64(np.float64(y).view(np.int64)) * 2.0**-52
    return (power - (1023.0 - 0.0861)) * 0.6931471805599453


def exponential(x: np.floating) -> np.floating:
    """e^x in the precision of ``x``."""
    return np.exp(x)


def log_above(y: np.floating) -> np.floating:
    """At least log(y) and less than 0.06 more, for y > 0: the mantissa's bits for its logarithm."""
    return np.log(y) + y.dtype.type(0.03)


@overload(exponential, strict=False)
def _exponential(x: numba.types.Type) -> Callable[[np.floating], np.floating]:
    if x == numba.types.float32:
        return lambda x: _exponential32(x)
    return lambda x: _exponential64(x)


@overload(log_above, strict=False)
def _log_above(y: numba.types.Type) -> Callable[[np.floating], np.floating]:
    if y == numba.types.float32:
        return lambda y: _log_above32(y)
    return lambda y: _log_above64(y)
