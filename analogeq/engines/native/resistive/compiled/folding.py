"""Doubled inputs folded to what the first layer sees of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.compiled.jit import jit

Array = NDArray[np.floating]


@jit
def fold(x: Array, g: Array, gain: float, supply: Array, load: Array) -> None:
    """Add doubled inputs (rows of +x, then of -x) to supplies [A] and loads [S] of the first layer.

    A dark input costs one addition a node, a lit one two more for each sample.
    """
    n, width = x.shape[1], g.shape[1]
    zero = supply.dtype.type(0.0)
    raised = supply.dtype.type(gain)
    for r in range(n):
        for j in range(width):
            load[j] += g[r, j] + g[n + r, j]
        for b in range(x.shape[0]):
            volts = raised * x[b, r]
            if volts != zero:
                for j in range(width):
                    supply[b, j] += volts * (g[r, j] - g[n + r, j])


@jit
def fold_lit(x: Array, g: Array, gain: float, supply: Array) -> None:
    """Add doubled inputs to the supplies [A] of the first ``g.shape[1]`` nodes; dark inputs cost nothing."""
    n, width = x.shape[1], g.shape[1]
    zero = supply.dtype.type(0.0)
    raised = supply.dtype.type(gain)
    for r in range(n):
        lit = False
        for b in range(x.shape[0]):
            lit = lit or x[b, r] != zero
        if not lit:
            continue
        plus, minus = g[r], g[n + r]
        for b in range(x.shape[0]):
            volts = raised * x[b, r]
            if volts != zero:
                into = supply[b, :width]
                for j in range(width):
                    into[j] += volts * (plus[j] - minus[j])
