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
from typing import Any, cast

import numba
import numpy as np
from numba.extending import overload

Function = Callable[[Any], Any]
"""Of one number of either precision, in that precision."""


def _exact(function: Function) -> Function:
    """Compile ``function`` in the order it is written: reordered, the two parts of ln 2 would be added up."""
    return cast(Function, numba.njit(cache=True, fastmath={"contract"}, error_model="numpy")(function))


@_exact
def _exponential32(x: Any) -> Any:
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
def _exponential64(x: Any) -> Any:
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
def _log_above32(y: Any) -> Any:
    power = np.float32(np.float32(y).view(np.int32)) * np.float32(2.0**-23)
    return (power - np.float32(127.0 - 0.0861)) * np.float32(0.69314718)


@_exact
def _log_above64(y: Any) -> Any:
    power = np.float64(np.float64(y).view(np.int64)) * 2.0**-52
    return (power - (1023.0 - 0.0861)) * 0.6931471805599453


def exponential(x: Any) -> Any:
    """e^x in the precision of ``x``; in kernels only."""
    raise NotImplementedError(f"exponential({x}): compiled code alone has it; call it from a kernel, or use numpy.exp")


def log_above(y: Any) -> Any:
    """At least log(y) and less than 0.06 more, for y > 0: the mantissa's bits for its logarithm; in kernels only."""
    raise NotImplementedError(f"log_above({y}): compiled code alone has it; call it from a kernel, or use numpy.log")


@overload(exponential, strict=False)
def _exponential(x: numba.types.Type) -> Function:
    single = x == numba.types.float32

    def in_single(x: Any) -> Any:
        return _exponential32(x)

    def in_double(x: Any) -> Any:
        return _exponential64(x)

    return in_single if single else in_double


@overload(log_above, strict=False)
def _log_above(y: numba.types.Type) -> Function:
    single = y == numba.types.float32

    def in_single(y: Any) -> Any:
        return _log_above32(y)

    def in_double(y: Any) -> Any:
        return _log_above64(y)

    return in_single if single else in_double
