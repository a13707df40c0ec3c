r"""Nodes with odd exponential devices, each alone behind its load.

.. math:: a v + p \sinh\frac{v - m}{V_t} = i

with load a [S], prefactor p [A], thermal voltage V_t [V], middle m [V] and incoming current i [A].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.compiled.jit import jit
from analogeq.engines.native.resistive.compiled.exponential import exponential, log_above

Array = NDArray[np.floating]

NEWTON_STEPS = 60
"""Far more than are ever taken: six from a far guess, two from the sweep before."""


@jit
def solve_exponential(load: Array, incoming: Array, v: Array, device: Array, scratch: Array) -> None:
    """Solve one sample's nodes in place by Newton from where they are, all in step.

    On the side of the root's sign the function is convex: after one step the iterates come down on the
    root. They are kept below what the load alone and what the device alone would hold, both of which
    are above it, so that no exponential runs away.

    Parameters
    ----------
    load, incoming, v : ndarray, shape (node,)
    device : ndarray, shape (3,)
        p, V_t and m; 2·i/p must be a number of the precision.
    scratch : ndarray, shape (4, at least node)
    """
    kind = v.dtype.type
    zero, one = kind(0.0), kind(1.0)
    half, vt, middle = kind(0.5 * device[0]), kind(device[1]), kind(device[2])
    # The error after a step is some half of its square.
    enough, tiny, over = kind(np.sqrt(np.finfo(v.dtype).eps)), kind(np.finfo(v.dtype).tiny), kind(2.0 / device[0])
    n = len(v)
    x, size, slope, most = scratch[0, :n], scratch[1, :n], scratch[2, :n], scratch[3, :n]
    for j in range(n):
        pulled = incoming[j] - load[j] * middle
        size[j] = abs(pulled)
        slope[j] = load[j] * vt
        most[j] = min(size[j] / max(slope[j], tiny), log_above(over * size[j] + one))
        across = (v[j] - middle) / vt
        x[j] = min(max(across if pulled >= zero else -across, zero), most[j])
    for _ in range(NEWTON_STEPS):
        far = 0
        for j in range(n):
            grown = exponential(x[j])
            shrunk = one / grown
            step = (slope[j] * x[j] + half * (grown - shrunk) - size[j]) / (slope[j] + half * (grown + shrunk))
            x[j] = min(max(x[j] - step, zero), most[j])
            far += 1 if abs(step) > enough else 0
        if far == 0:
            break
    for j in range(n):
        out = vt * x[j]
        v[j] = middle + (out if incoming[j] - load[j] * middle >= zero else -out)


@jit
def exponential_imbalance(load: Array, incoming: Array, v: Array, device: Array) -> float:
    """Largest imbalance of one sample's nodes [A]."""
    kind = v.dtype.type
    half, vt, middle = kind(0.5 * device[0]), kind(device[1]), kind(device[2])
    # Within what `exponential` is tested for; a node so far out is far from balance in any case.
    largest = kind(0.9 * np.log(np.finfo(v.dtype).max))
    worst = kind(0.0)
    for j in range(len(v)):
        grown = exponential(min(max((v[j] - middle) / vt, -largest), largest))
        net = abs(incoming[j] - load[j] * v[j] - half * (grown - kind(1.0) / grown))
        worst = max(worst, net)
    return float(worst)


@jit
def solve_exponential_batch(load: Array, incoming: Array, v: Array, device: Array, worst: Array) -> None:
    """Solve every sample's nodes in place; raise ``worst``, shape (batch,), to the imbalance found [A]."""
    scratch = np.empty((4, v.shape[1]), dtype=v.dtype)
    for b in range(v.shape[0]):
        worst[b] = max(worst[b], exponential_imbalance(load, incoming[b], v[b], device))
        solve_exponential(load, incoming[b], v[b], device, scratch)
