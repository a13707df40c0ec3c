"""How kernels are compiled: once, kept on disk, sums free to be reordered, NaN and infinity respected.

Imports numba, which not everyone has: only packages called ``compiled`` import it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")

# Reordering lets sums use vector registers; "nnan" and "ninf" stay out, a wild iterate must be seen as one.
FLAGS = {"reassoc", "contract", "arcp", "nsz"}


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` on its first call."""
    return cast(Callable[P, R], numba.njit(cache=True, fastmath=FLAGS, error_model="numpy")(function))


def jit_parallel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function``, its ``prange`` loops shared out to threads."""
    return cast(Callable[P, R], numba.njit(cache=True, fastmath=FLAGS, error_model="numpy", parallel=True)(function))
