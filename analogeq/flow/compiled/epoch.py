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
    n_nodes, n_out, first = ends[-1], y.shape[1], sources.shape[1]
    outputs = n_nodes - n_out
    n_layers = len(ends) - 1
    enough = float(1e3 * np.finfo(sources.dtype).eps)
    sums = np.zeros(first, dtype=sources.dtype)
    for r in range(sources.shape[0]):
        for j in range(first):
            sums[j] += sources[r, j]
    flat, load = np.empty_like(rest), np.empty_like(bias)
    squares, shift = np.empty_like(bias), np.empty_like(bias)
    for number in range((len(order) + batch - 1) // batch):
        size = min(batch, len(order) - number * batch)
        lit, wanted = np.empty((size, x.shape[1]), sources.dtype), np.empty((size, n_out), sources.dtype)
        _gather(x, order, number * batch, lit)
        _gather(y, order, number * batch, wanted)
        _lay_out(rest, starts, ends, turned, flat)
        load[:] = 0.0
        coupling_load(flat, starts, ends, turned, load)
        for j in range(first):
            load[j] += sums[j]
        supply, below = np.empty((size, n_nodes), sources.dtype), np.empty((size, n_nodes), sources.dtype)
        above, moved = np.zeros((size, n_nodes), sources.dtype), np.empty((size, n_nodes), sources.dtype)
        residual = np.zeros(size, sources.dtype)
        for b in range(size):
            for k in range(n_nodes):
                supply[b, k] = bias[k]
        fold_lit(lit, sources, gain, supply)
        # Free, nudged down, nudged up: one place of a call, since each is compiled anew.
        for phase in range(3):
            if phase > 0:
                _nudge(load, supply, outputs, -beta if phase == 1 else 2.0 * beta, wanted)
            if phase == 1 and margin(load, flat, starts, ends, turned, 30, enough) <= enough:
                return number
            sweep(supply, load, sign, flat, starts, ends, turned, below if phase == 1 else above, sweeps, residual)
            if phase == 0:
                _part(above, 0, 1.0, below, 0)
        scale = 1.0 / (2.0 * beta * size)
        _compare(above, below, scale, moved, squares)
        _scaled(squares, edge_rates[0], shift)
        post = np.empty((size, first), sources.dtype)
        _part(moved, 0, edge_rates[0], post, 0)
        write_doubled(sources, lit, gain, post, shift, low, high, sums)
        for k in range(n_layers - 1):
            rate, n_pre, n_post = edge_rates[k + 1], ends[k + 1] - ends[k], ends[k + 2] - ends[k + 1]
            rows, columns = np.empty((2 * size, n_pre), sources.dtype), np.empty((2 * size, n_post), sources.dtype)
            _part(above, ends[k], 1.0, rows, 0)
            _part(below, ends[k], 1.0, rows, size)
            _part(above, ends[k + 1], rate * scale, columns, 0)
            _part(below, ends[k + 1], -rate * scale, columns, size)
            _scaled(squares, rate, shift)
            link = rest[starts[k] : starts[k + 1]].reshape(n_pre, n_post)
            write(link, rows, columns, shift[ends[k] : ends[k + 1]], shift[ends[k + 1] : ends[k + 2]], low, high)
        for k in range(n_layers):
            for at in range(ends[k], ends[k + 1]):
                for b in range(size):
                    bias[at] += sources.dtype.type(bias_rates[k]) * moved[b, at]
    return -1


@jit
def _gather(samples: Array, order: Ints, first: int, out: Array) -> None:
    """Copy the samples of a minibatch."""
    for b in range(out.shape[0]):
        for k in range(out.shape[1]):
            out[b, k] = samples[order[first + b], k]


@jit
def _nudge(load: Array, supply: Array, outputs: int, by: float, wanted: Array) -> None:
    """Add a conductance [S] from each output to its target."""
    siemens = load.dtype.type(by)
    for m in range(wanted.shape[1]):
        load[outputs + m] += siemens
        for b in range(wanted.shape[0]):
            supply[b, outputs + m] += siemens * wanted[b, m]


@jit
def _compare(above: Array, below: Array, scale: float, moved: Array, squares: Array) -> None:
    """Scaled difference of two states, and minus half that of their squares, summed over the batch."""
    each, half = moved.dtype.type(scale), moved.dtype.type(0.5)
    for k in range(moved.shape[1]):
        squares[k] = 0.0
    for b in range(moved.shape[0]):
        for k in range(moved.shape[1]):
            moved[b, k] = each * (above[b, k] - below[b, k])
            squares[k] -= half * moved[b, k] * (above[b, k] + below[b, k])


@jit
def _scaled(values: Array, by: float, out: Array) -> None:
    for k in range(len(out)):
        out[k] = out.dtype.type(by) * values[k]


@jit
def _part(states: Array, first: int, by: float, out: Array, row: int) -> None:
    """Copy one layer of states, scaled, into rows of ``out``."""
    factor = out.dtype.type(by)
    for b in range(states.shape[0]):
        for j in range(out.shape[1]):
            out[row + b, j] = factor * states[b, first + j]


@jit
def _lay_out(rest: Array, starts: Ints, ends: Ints, turned: Bools, flat: Array) -> None:
    """Copy the links, wide."""
    for k in range(len(starts) - 1):
        n_pre, n_post = ends[k + 1] - ends[k], ends[k + 2] - ends[k + 1]
        if not turned[k]:
            for i in range(starts[k], starts[k + 1]):
                flat[i] = rest[i]
            continue
        for i in range(n_pre):
            for j in range(n_post):
                flat[starts[k] + j * n_pre + i] = rest[starts[k] + i * n_post + j]
