"""How kernels are compiled: once, kept on disk, sums free to be reordered, NaN and infinity respected."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` on its first call."""
    # Reordering lets sums use vector registers; "nnan" and "ninf" stay out, a wild iterate must be seen as one.
    compiled = numba.njit(cache=True, fastmath={"reassoc", "contract", "arcp", "nsz"}, error_model="numpy")
    return cast(Callable[P, R], compiled(function))
