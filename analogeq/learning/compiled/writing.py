"""Gradient, step and bound of a layer of conductances in one pass over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.jit import jit

Array = NDArray[np.floating]


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
    g: Array,
    lit: Array,
    gain: float,
    background: float,
    post: Array,
    by_column: Array,
    low: float,
    high: float,
    plus: Array,
    minus: Array,
) -> None:
    """Step and clip the conductances of doubled inputs, and add them up anew.

    Rows r and n + r get ``±gain · (background + lit[:, r]) @ post + by_column``: the product is made once
    for both, the background's once for all.

    Parameters
    ----------
    g : ndarray, shape (2·input, node)
        Written in place [S].
    lit : ndarray, shape (batch, input)
        Signals less the background; zeros cost nothing.
    gain : float
        Volts for a signal of 1.
    background : float
        Signal of an input that is not lit.
    post : ndarray, shape (batch, node)
    by_column : ndarray, shape (node,)
    low, high : float
        Range [S].
    plus, minus : ndarray, shape (node,)
        Set to the column sums of the first and second half of ``g``'s rows [S].
    """
    n, columns = lit.shape[1], plus.shape[0]
    zero = g.dtype.type(0.0)
    least, most, raised = g.dtype.type(low), g.dtype.type(high), g.dtype.type(gain)
    product, rising, falling = np.empty_like(plus), np.empty_like(plus), np.empty_like(plus)
    _dark(post, g.dtype.type(gain * background), by_column, rising, falling)
    plus[:] = zero
    minus[:] = zero
    for r in range(n):
        first, second = g[r], g[n + r]
        found = False
        for b in range(lit.shape[0]):
            volts = raised * lit[b, r]
            if volts != zero:
                moved = post[b]
                if found:
                    for j in range(columns):
                        product[j] += volts * moved[j]
                else:
                    for j in range(columns):
                        product[j] = volts * moved[j]
                found = True
        if found:
            for j in range(columns):
                up = min(max(first[j] + (rising[j] + product[j]), least), most)
                down = min(max(second[j] + (falling[j] - product[j]), least), most)
                first[j] = up
                second[j] = down
                plus[j] += up
                minus[j] += down
        else:
            for j in range(columns):
                up = min(max(first[j] + rising[j], least), most)
                down = min(max(second[j] + falling[j], least), most)
                first[j] = up
                second[j] = down
                plus[j] += up
                minus[j] += down


@jit
def _dark(post: Array, everywhere: np.floating, by_column: Array, rising: Array, falling: Array) -> None:
    """Steps of the two rows of an input that is not lit."""
    for j in range(len(rising)):
        total = post.dtype.type(0.0)
        for b in range(post.shape[0]):
            total += post[b, j]
        rising[j] = by_column[j] + everywhere * total
        falling[j] = by_column[j] - everywhere * total
