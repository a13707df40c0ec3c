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


@jit
def write_doubled(
    g: Array, x: Array, gain: float, post: Array, by_column: Array, low: float, high: float, sums: Array
) -> None:
    """Step and clip the conductances of doubled inputs, and add them up anew.

    Rows r and n + r get ``±gain · x[:, r] @ post + by_column``: the product is made once for both.

    Parameters
    ----------
    g : ndarray, shape (2·input, node)
        Written in place [S].
    x : ndarray, shape (batch, input)
        Signals.
    gain : float
        Volts for a signal of 1.
    post : ndarray, shape (batch, node)
    by_column : ndarray, shape (node,)
    low, high : float
        Range [S].
    sums : ndarray, shape (node,)
        Set to the column sums of ``g`` [S].
    """
    n, columns = x.shape[1], g.shape[1]
    zero = g.dtype.type(0.0)
    least, most, raised = g.dtype.type(low), g.dtype.type(high), g.dtype.type(gain)
    product = np.empty(columns, dtype=g.dtype)
    sums[:] = zero
    for r in range(n):
        plus, minus = g[r], g[n + r]
        lit = False
        for b in range(x.shape[0]):
            volts = raised * x[b, r]
            if volts != zero:
                moved = post[b]
                if lit:
                    for j in range(columns):
                        product[j] += volts * moved[j]
                else:
                    for j in range(columns):
                        product[j] = volts * moved[j]
                lit = True
        if lit:
            for j in range(columns):
                up = min(max(plus[j] + (by_column[j] + product[j]), least), most)
                down = min(max(minus[j] + (by_column[j] - product[j]), least), most)
                plus[j] = up
                minus[j] = down
                sums[j] += up + down
        else:
            for j in range(columns):
                up = min(max(plus[j] + by_column[j], least), most)
                down = min(max(minus[j] + by_column[j], least), most)
                plus[j] = up
                minus[j] = down
                sums[j] += up + down
