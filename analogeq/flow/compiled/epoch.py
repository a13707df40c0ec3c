"""An epoch of centred equilibrium propagation on a layered circuit, in one call.

The steps are those of `analogeq.training.resistive.ResistiveTrainer`, made of the same kernels: fold, sweep,
compare, write. What it saves is everything around them, which for small layers is most of the time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.compiled.jit import jit
from analogeq.engines.native.resistive.compiled.folding import fold_lit
from analogeq.engines.native.resistive.compiled.links import coupling_load, margin
from analogeq.engines.native.resistive.compiled.sweeping import sweep
from analogeq.flow.compiled.steps import (
    BY_CONDUCTANCE,
    BY_CURRENT,
    compare,
    fold_background,
    gather,
    lay_out,
    nudge,
    part,
    pull,
    scaled,
)
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
    background: float,
    sign: Array,
    device: Array,
    starts: Ints,
    ends: Ints,
    turned: Bools,
    edge_rates: Array,
    bias_rates: Array,
    low: float,
    high: float,
    beta: float,
    means: int,
    nodes: int,
    temperature: float,
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
    background : float
        A signal that most inputs have: it is folded and written apart from what inputs have beyond it, which
        changes nothing but the time.
    device : ndarray
        As `sweep` takes it.
    means : int
        Nudge by a conductance to the target, or by a current against the slope of the cost, of which
        ``nodes`` and ``temperature`` tell as `steps.pull` takes them.

    Returns
    -------
    int
        -1, or the minibatch at which the negative nudge was not certain to leave a stable circuit.
    """
    n_nodes, first = ends[-1], sources.shape[1]
    n_layers = len(ends) - 1
    n_out = n_nodes - ends[n_layers - 1]
    outputs, n_inputs = n_nodes - n_out, x.shape[1]
    enough = float(1e3 * np.finfo(sources.dtype).eps)
    # Column sums of the rows of +x and of -x, and what they make together.
    plus, minus = np.zeros(first, dtype=sources.dtype), np.zeros(first, dtype=sources.dtype)
    leans = np.empty(first, dtype=sources.dtype)
    for r in range(n_inputs):
        for j in range(first):
            plus[j] += sources[r, j]
            minus[j] += sources[n_inputs + r, j]
    flat, load = np.empty_like(rest), np.empty_like(bias)
    squares, shift = np.empty_like(bias), np.empty_like(bias)
    unmeasured = np.empty(0, sources.dtype)
    for number in range((len(order) + batch - 1) // batch):
        size = min(batch, len(order) - number * batch)
        lit, wanted = np.empty((size, n_inputs), sources.dtype), np.empty((size, y.shape[1]), sources.dtype)
        gather(x, order, number * batch, background, lit)
        gather(y, order, number * batch, 0.0, wanted)
        pulls = wanted if means == BY_CONDUCTANCE else np.empty((size, n_out), sources.dtype)
        lay_out(rest, starts, ends, turned, flat)
        load[:] = 0.0
        coupling_load(flat, starts, ends, turned, load)
        for j in range(first):
            load[j] += plus[j] + minus[j]
            leans[j] = plus[j] - minus[j]
        supply, below = np.empty((size, n_nodes), sources.dtype), np.empty((size, n_nodes), sources.dtype)
        above, moved = np.zeros((size, n_nodes), sources.dtype), np.empty((size, n_nodes), sources.dtype)
        fold_background(leans, gain * background, bias, supply)
        fold_lit(lit, sources, gain, supply)
        # Free, nudged down, nudged up: one place of a call, since each is compiled anew.
        for phase in range(3):
            if phase > 0:
                nudge(load, supply, outputs, -beta if phase == 1 else 2.0 * beta, pulls, means)
            if (
                phase == 1
                and means == BY_CONDUCTANCE
                and margin(load, flat, starts, ends, turned, 30, enough) <= enough
            ):
                return number
            states = below if phase == 1 else above
            sweep(supply, load, sign, device, flat, starts, ends, turned, states, sweeps, unmeasured)
            if phase == 0:
                part(above, 0, 1.0, below, 0)
                if means == BY_CURRENT:
                    pull(above, outputs, wanted, nodes, temperature, pulls)
        scale = 1.0 / (2.0 * beta * size)
        compare(above, below, scale, moved, squares)
        scaled(squares, edge_rates[0], shift)
        post = np.empty((size, first), sources.dtype)
        part(moved, 0, edge_rates[0], post, 0)
        write_doubled(sources, lit, gain, background, post, shift, low, high, plus, minus)
        for k in range(n_layers - 1):
            rate, n_pre, n_post = edge_rates[k + 1], ends[k + 1] - ends[k], ends[k + 2] - ends[k + 1]
            rows, columns = np.empty((2 * size, n_pre), sources.dtype), np.empty((2 * size, n_post), sources.dtype)
            part(above, ends[k], 1.0, rows, 0)
            part(below, ends[k], 1.0, rows, size)
            part(above, ends[k + 1], rate * scale, columns, 0)
            part(below, ends[k + 1], -rate * scale, columns, size)
            scaled(squares, rate, shift)
            link = rest[starts[k] : starts[k + 1]].reshape(n_pre, n_post)
            write(link, rows, columns, shift[ends[k] : ends[k + 1]], shift[ends[k + 1] : ends[k + 2]], low, high)
        for k in range(n_layers):
            for at in range(ends[k], ends[k + 1]):
                for b in range(size):
                    bias[at] += sources.dtype.type(bias_rates[k]) * moved[b, at]
    return -1
