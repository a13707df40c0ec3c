"""Long steps, one sample after the other; the method is that of `analogeq.engines.native.coarse`."""

from __future__ import annotations

import numpy as np

from analogeq.engines.native.compiled.jit import jit
from analogeq.engines.native.compiled.product import add_product, one_array, product
from analogeq.engines.native.coupling import Array, Ints


@jit
def follow(
    table: Ints,
    ends: Ints,
    to_outer: Array,
    to_inner: Array,
    factor: float,
    load: Array,
    currents: Array,
    rail: float,
    decay: Array,
    hold: Array,
    ramp: Array,
    gentle: float,
    rest: float,
    still: float,
    count: int,
    states: Array,
    counts: Ints,
) -> None:
    """Move every row of ``states``, between the rails, on by ``count`` short steps or long ones in their place.

    ``counts`` (batch, 3) takes steps, products, and 1 where the sample was done early.
    """
    n = states.shape[1]
    now, before, sums, source = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    shared = one_array(to_outer, to_inner)
    for sample in range(states.shape[0]):
        v, current = states[sample], currents[sample]
        moved, left, last = np.inf, count, 1
        product(table, ends, to_outer, to_inner, factor, v, now)
        _predict(v, now, current, rail, decay[0], hold[0], sums)
        product(table, ends, to_outer, to_inner, factor, sums, before)
        for j in range(n):
            before[j] = 2.0 * now[j] - before[j] + current[j]
            source[j] = current[j] / factor
            sums[j] = source[j]
        counts[sample, 1] = 1
        while left > 0:
            add_product(table, ends, to_outer, to_inner, shared, v, sums)
            counts[sample, 1] += 1
            if moved <= still and _push(v, sums, factor, load, rail) <= rest:
                counts[sample, 2] = 1
                break
            stride = 2 if left > 1 and (last == 2 or moved <= gentle) else 1
            share, of = stride / last, stride - 1
            moved = _step(v, sums, source, factor, rail, decay[of], hold[of], ramp[of], share, before)
            counts[sample, 0] += 1
            left, last = left - stride, stride


@jit
def _predict(v: Array, now: Array, current: Array, rail: float, decay: Array, hold: Array, out: Array) -> None:
    """Write one step of first order into ``out``."""
    for j in range(v.size):
        out[j] = min(max(decay[j] * v[j] + hold[j] * (now[j] + current[j]), 0.0), rail)


@jit
def _step(
    v: Array,
    sums: Array,
    source: Array,
    factor: float,
    rail: float,
    decay: Array,
    hold: Array,
    ramp: Array,
    share: float,
    before: Array,
) -> float:
    """Move ``v`` on, keep its currents in ``before``, make ``sums`` ready for the next; return how far it went."""
    moved = 0.0
    for j in range(v.size):
        total = factor * sums[j]
        reached = decay[j] * v[j] + hold[j] * total + share * ramp[j] * (total - before[j])
        reached = min(max(reached, 0.0), rail)
        away = reached - v[j]
        moved += away * away
        v[j] = reached
        before[j] = total
        sums[j] = source[j]
    return float(np.sqrt(moved))


@jit
def _push(v: Array, sums: Array, factor: float, load: Array, rail: float) -> float:
    """Return the Euclidean norm of the net currents, clamps included."""
    total = 0.0
    for j in range(v.size):
        net = factor * sums[j] - load[j] * v[j]
        if not ((v[j] <= 0.0 and net < 0.0) or (v[j] >= rail and net > 0.0)):
            total += net * net
    return float(np.sqrt(total))
