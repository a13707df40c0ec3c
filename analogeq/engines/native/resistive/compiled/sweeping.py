"""Sweeps over the layers of a circuit in one call; for how its links are laid out see `links`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.compiled.jit import jit
from analogeq.engines.native.resistive.compiled.links import incoming
from analogeq.engines.native.resistive.compiled.nodes import exponential_imbalance, solve_exponential

Array = NDArray[np.floating]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@jit
def sweep(
    supply: Array,
    load: Array,
    sign: Array,
    device: Array,
    flat: Array,
    starts: Ints,
    ends: Ints,
    turned: Bools,
    v: Array,
    sweeps: int,
    residual: Array,
) -> None:
    """Make ``sweeps`` sweeps in place, then measure the largest imbalance of each sample.

    After a sweep the layers it ended with are in balance; the others are measured.

    Parameters
    ----------
    sign : ndarray, shape (node,)
        +1 or -1 where a node carries the device, 0 at outputs.
    device : ndarray
        Empty for ideal diodes; the constants of `nodes.solve_exponential`. Then the nodes of a layer are all alike.
    residual : ndarray, shape (batch,)
        Raised to the imbalance [A]; if empty, nothing is measured.
    """
    n_layers = len(ends) - 1
    total, scratch = np.empty_like(v), np.empty((4, v.shape[1]), dtype=v.dtype)
    halves, unmeasured = 2 * sweeps, residual[:0]
    # One loop, one call: each place of a call is compiled anew.
    for half in range(halves + (1 if len(residual) > 0 else 0)):
        for k in range(half % 2, n_layers, 2):
            measured = residual if half == halves else unmeasured
            incoming(k, supply, flat, starts, ends, turned, v, total)
            if len(device) > 0 and sign[ends[k]] != 0.0:
                _exponential_layer(load, device, v, total, ends[k], ends[k + 1], scratch, measured)
            else:
                _resting_layer(load, sign, v, total, ends[k], ends[k + 1], measured)


@jit
def _resting_layer(load: Array, sign: Array, v: Array, total: Array, first: int, end: int, residual: Array) -> None:
    """Solve nodes with ideal diodes, or none; measure them instead where there is a ``residual`` to raise."""
    zero = load.dtype.type(0.0)
    for j in range(end - first):
        at = first + j
        across = 1 / load[at] if load[at] != zero else zero
        for b in range(v.shape[0]):
            if len(residual) > 0:
                net = total[b, j] - load[at] * v[b, at]
                if sign[at] != zero and v[b, at] == zero and sign[at] * net < zero:
                    net = zero
                residual[b] = max(residual[b], abs(net))
            else:
                volts = total[b, j] * across
                v[b, at] = zero if sign[at] * volts < zero else volts


@jit
def _exponential_layer(
    load: Array,
    device: Array,
    v: Array,
    total: Array,
    first: int,
    end: int,
    scratch: Array,
    residual: Array,
) -> None:
    """Solve nodes with exponential devices; measure them instead where there is a ``residual`` to raise."""
    for b in range(v.shape[0]):
        if len(residual) > 0:
            net = exponential_imbalance(load[first:end], total[b, : end - first], v[b, first:end], device)
            residual[b] = max(residual[b], net)
        else:
            solve_exponential(load[first:end], total[b, : end - first], v[b, first:end], device, scratch)
