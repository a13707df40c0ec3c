"""Gradient, step and bound of a layer of conductances in one pass over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

P = ParamSpec("P")
R = TypeVar("R")
Array = NDArray[np.floating]


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` on its first call; sums may be reordered, NaN and infinity keep their meaning."""
    compiled = numba.njit(cache=True, fastmath={"reassoc", "contract", "arcp", "nsz"}, error_model="numpy")
    return cast(Callable[P, R], compiled(function))


@jit
def write(g: Array, pre: Array, post: Array, by_row: Array, by_column: Array, low: float, high: float) -> None:
    """Add ``pre.T @ post + by_row + by_column`` to ``g`` and clip it; zeros in ``pre`` cost nothing."""
    rows, columns = g.shape
    zero = g.dtype.type(0.0)
    least, most = g.dtype.type(low), g.dtype.type(high)
    moved = np.empty(columns, dtype=g.dtype)
    for i in range(rows):
        wire = g[i]
        shift = by_row[i]
        dark = True
        for k in range(pre.shape[0]):
            dark = dark and pre[k, i] == zero
        if dark:
            for j in range(columns):
                wire[j] = min(max(wire[j] + (by_column[j] + shift), least), most)
            continue
        for j in range(columns):
            moved[j] = wire[j] + (by_column[j] + shift)
        for k in range(pre.shape[0]):
            factor = pre[k, i]
            if factor != zero:
                other = post[k]
                for j in range(columns):
                    moved[j] += factor * other[j]
        for j in range(columns):
            wire[j] = min(max(moved[j], least), most)
