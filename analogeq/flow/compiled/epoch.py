"""An epoch of centred equilibrium propagation on a layered circuit of ideal diodes, in one call.

The steps are those of `analogeq.training.resistive.ResistiveTrainer`, made of the same kernels: fold, sweep,
compare, write. What it saves is everything around them, which for small layers is most of the time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.compiled.jit import jit
from analogeq.engines.native.resistive.compiled.layers import coupling_load, fold_lit, margin, sweep
from analogeq.learning.compiled.writing import write, write_doubled

Array = NDArray[np.floating]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@jit
def centred_epoch(
    sources: Array,
    rest: Array,
    bias: Array,
    x: Array,
    y: Array,
    order: Ints,
    gain: float,
    sign: Array,
    starts: Ints,
    ends: Ints,
    turned: Bools,
    edge_rates: Array,
    bias_rates: Array,
    low: float,
    high: float,
    beta: float,
    sweeps: int,
    batch: int,
) -> int:
    """Train on all samples of ``order``, writing ``sources``, ``rest`` and ``bias`` in place.

    Parameters
    ----------
    sources : ndarray, shape (2·input, first layer)
        Conductances of the doubled inputs [S].
    rest : ndarray, shape (coupling,)
        All others, block after block, each (pre, post) by rows [S].
    bias : ndarray, shape (node,)
        [A]

    Returns
    -------
    int
        -1, or the minibatch at which the negative nudge was not certain to leave a stable circuit.
    """
    kind = sources.dtype.type
    n_nodes, n_out, first = ends[-1], y.shape[1], sources.shape[1]
    outputs = n_nodes - n_out
    n_layers = len(ends) - 1
    enough = 1e3 * np.finfo(sources.dtype).eps
    sums = np.zeros(first, dtype=sources.dtype)
    for r in range(sources.shape[0]):
        for j in range(first):
            sums[j] += sources[r, j]
    flat = np.empty_like(rest)
    for number in range((len(order) + batch - 1) // batch):
        chosen = order[number * batch : (number + 1) * batch]
        size = len(chosen)
        lit = x[chosen]
        wanted = y[chosen]
        _lay_out(rest, starts, ends, turned, flat)
        load = np.zeros(n_nodes, dtype=sources.dtype)
        coupling_load(flat, starts, ends, turned, load)
        load[:first] += sums
        supply = np.empty((size, n_nodes), dtype=sources.dtype)
        for b in range(size):
            supply[b] = bias
        fold_lit(lit, sources, gain, supply)
        residual = np.zeros(size, dtype=sources.dtype)
        free = np.zeros((size, n_nodes), dtype=sources.dtype)
        sweep(supply, load, sign, flat, starts, ends, turned, free, sweeps, residual)
        load[outputs:] -= kind(beta)
        supply[:, outputs:] -= kind(beta) * wanted
        if margin(load, flat, starts, ends, turned, 30, float(enough)) <= enough:
            return number
        below = free.copy()
        sweep(supply, load, sign, flat, starts, ends, turned, below, sweeps, residual)
        load[outputs:] += kind(2.0 * beta)
        supply[:, outputs:] += kind(2.0 * beta) * wanted
        above = free
        sweep(supply, load, sign, flat, starts, ends, turned, above, sweeps, residual)

        scale = kind(1.0 / (2.0 * beta * size))
        moved = scale * (above - below)
        squares = np.zeros(n_nodes, dtype=sources.dtype)
        for b in range(size):
            for k in range(n_nodes):
                squares[k] -= kind(0.5) * moved[b, k] * (above[b, k] + below[b, k])
        rate = kind(edge_rates[0])
        write_doubled(sources, lit, gain, rate * moved[:, :first], rate * squares[:first], low, high, sums)
        for k in range(n_layers - 1):
            rate = kind(edge_rates[k + 1])
            n_pre, n_post = ends[k + 1] - ends[k], ends[k + 2] - ends[k + 1]
            pre = np.empty((2 * size, n_pre), dtype=sources.dtype)
            post = np.empty((2 * size, n_post), dtype=sources.dtype)
            pre[:size] = above[:, ends[k] : ends[k + 1]]
            pre[size:] = below[:, ends[k] : ends[k + 1]]
            post[:size] = (rate * scale) * above[:, ends[k + 1] : ends[k + 2]]
            post[size:] = (-rate * scale) * below[:, ends[k + 1] : ends[k + 2]]
            link = rest[starts[k] : starts[k + 1]].reshape(n_pre, n_post)
            rows, columns = rate * squares[ends[k] : ends[k + 1]], rate * squares[ends[k + 1] : ends[k + 2]]
            write(link, pre, post, rows, columns, low, high)
        for k in range(n_layers):
            for at in range(ends[k], ends[k + 1]):
                for b in range(size):
                    bias[at] += kind(bias_rates[k]) * moved[b, at]
    return -1


@jit
def _lay_out(rest: Array, starts: Ints, ends: Ints, turned: Bools, flat: Array) -> None:
    """Copy the links, wide."""
    for k in range(len(starts) - 1):
        n_pre, n_post = ends[k + 1] - ends[k], ends[k + 2] - ends[k + 1]
        if not turned[k]:
            flat[starts[k] : starts[k + 1]] = rest[starts[k] : starts[k + 1]]
            continue
        for i in range(n_pre):
            for j in range(n_post):
                flat[starts[k] + j * n_pre + i] = rest[starts[k] + i * n_post + j]
