"""The compiled kernels behind the interface they share with NumPy."""

from __future__ import annotations

import numba
import numpy as np

from analogeq.digital.adaptive import MOST_TRIES
from analogeq.digital.compiled.following import follow
from analogeq.digital.compiled.jit import jit, jit_parallel
from analogeq.digital.compiled.products import Scalar, add_backward, add_forward, add_outer
from analogeq.digital.compiled.settling import alternate, euler
from analogeq.digital.weights import HeldBlock, LayeredWeights
from analogeq.network.network import Floats, Ints

TOGETHER = 10
"""Samples settled together: few enough for the first-level cache, enough to share what is read of the weights.

Even, as are all shares of samples: two are multiplied at a time, and who pairs with whom must not
depend on the number of threads for the bits to be the same."""

FEWEST_EVALUATIONS = 10
"""Of the force, in a phase of adaptive steps."""

WORTH_SHARING = 500_000
"""Multiplications below which waking another thread costs more than it saves."""


class CompiledArithmetic:
    """Numba kernels on a number of threads; the result does not depend on that number.

    Parameters
    ----------
    threads : int
    """

    name = "compiled"

    def __init__(self, threads: int = 1) -> None:
        self.threads = min(threads, numba.get_num_threads())

    def add_forward(self, held: HeldBlock, pre: Floats, pre_at: int, out: Floats, out_at: int) -> None:
        """Add what the earlier layer sends the later one."""
        self._product(held.turned, held.matrix, pre, pre_at, out, out_at)

    def add_backward(self, held: HeldBlock, post: Floats, post_at: int, out: Floats, out_at: int) -> None:
        """Add what the later layer sends the earlier one."""
        self._product(not held.turned, held.matrix, post, post_at, out, out_at)

    def _product(self, backward: bool, matrix: Floats, x: Floats, x0: int, out: Floats, out0: int) -> None:  # noqa: FBT001  kernel argument
        if self._shares(len(x) * matrix.size):
            share_product(backward, matrix, x, x0, out, out0, self.threads)
        elif backward:
            add_backward(matrix, x, x0, out, out0, 0, len(x))
        else:
            add_forward(matrix, x, x0, out, out0, 0, len(x))

    def add_outer(self, held: HeldBlock, pre: Floats, pre_at: int, post: Floats, post_at: int, scale: float) -> None:
        """Add the scaled outer product in place."""
        matrix = held.matrix
        rows, rows0, along, along0 = (post, post_at, pre, pre_at) if held.turned else (pre, pre_at, post, post_at)
        factor = matrix.dtype.type(scale)
        if self._shares(len(pre) * matrix.size):
            share_outer(matrix, rows, rows0, along, along0, factor, self.threads)
        else:
            add_outer(matrix, rows, rows0, along, along0, factor, 0, len(matrix))

    def euler(
        self, weights: LayeredWeights, constant: Floats, decay: Floats, epsilon: float, steps: int, signals: Floats
    ) -> None:
        """Take synchronous Euler steps in place."""
        force, step = np.empty_like(signals), weights.dtype.type(epsilon)
        args = (weights.flat, weights.table, constant, decay, step, steps, signals, force)
        if self._shares(steps * len(signals) * _size(weights)):
            share_euler(*args, self.threads)
            return
        for first in range(0, len(signals), TOGETHER):
            euler(*args, first, min(first + TOGETHER, len(signals)))

    def alternate(
        self, weights: LayeredWeights, constant: Floats, decay: Floats, relaxation: float, sweeps: int, signals: Floats
    ) -> None:
        """Put odd and even layers in turn where the others want them."""
        gain = (relaxation / decay).astype(weights.dtype, copy=False)
        layers = np.array([layer.start for layer in weights.network.layers] + [signals.shape[1]], dtype=np.intp)
        args = (weights.flat, weights.table, layers, constant, decay, gain, sweeps, signals, np.empty_like(signals))
        if self._shares(sweeps * len(signals) * _size(weights)):
            share_alternate(*args, self.threads)
            return
        for first in range(0, len(signals), TOGETHER):
            alternate(*args, first, min(first + TOGETHER, len(signals)))

    def follow(
        self,
        weights: LayeredWeights,
        constant: Floats,
        decay: Floats,
        duration: float,
        tolerance: float,
        signals: Floats,
    ) -> int:
        """Follow signals in place, each sample by itself."""
        work = np.empty((3, *signals.shape), dtype=signals.dtype)
        tries = np.zeros(len(signals), dtype=np.intp)
        args = (weights.flat, weights.table, constant, decay, duration, tolerance, MOST_TRIES, signals, work, tries)
        if self._shares(FEWEST_EVALUATIONS * len(signals) * _size(weights)):
            share_follow(*args, self.threads)
        else:
            follow_all(*args)
        return int(tries.max(initial=0))

    def _shares(self, multiplications: int) -> bool:
        if self.threads == 1 or multiplications < WORTH_SHARING:
            return False
        numba.set_num_threads(self.threads)
        return True


def _size(weights: LayeredWeights) -> int:
    return sum(held.matrix.size for held in weights.couplings)


@jit_parallel
def share_product(
    backward: bool,  # noqa: FBT001  kernel argument
    matrix: Floats,
    x: Floats,
    x0: int,
    out: Floats,
    out0: int,
    threads: int,
) -> None:
    """Share samples out to threads."""
    n = len(x)
    for t in numba.prange(threads):
        first, last = 2 * (n * t // (2 * threads)), 2 * (n * (t + 1) // (2 * threads))
        if t == threads - 1:
            last = n
        if backward:
            add_backward(matrix, x, x0, out, out0, first, last)
        else:
            add_forward(matrix, x, x0, out, out0, first, last)


@jit_parallel
def share_outer(
    matrix: Floats, rows: Floats, rows0: int, along: Floats, along0: int, factor: Scalar, threads: int
) -> None:
    """Share rows of the matrix out to threads, in runs of 16 so that blank margins do not fall to one."""
    n = len(matrix)
    for t in numba.prange(threads):
        for first in range(16 * t, n, 16 * threads):
            add_outer(matrix, rows, rows0, along, along0, factor, first, min(first + 16, n))


@jit_parallel
def share_euler(
    flat: Floats,
    table: Ints,
    constant: Floats,
    decay: Floats,
    step: Scalar,
    steps: int,
    signals: Floats,
    force: Floats,
    threads: int,
) -> None:
    """Share chunks of samples out to threads."""
    n = len(signals)
    chunks = -(-n // TOGETHER)
    for t in numba.prange(threads):
        for k in range(t, chunks, threads):
            last = min((k + 1) * TOGETHER, n)
            euler(flat, table, constant, decay, step, steps, signals, force, k * TOGETHER, last)


@jit_parallel
def share_alternate(
    flat: Floats,
    table: Ints,
    layers: Ints,
    constant: Floats,
    decay: Floats,
    gain: Floats,
    sweeps: int,
    signals: Floats,
    force: Floats,
    threads: int,
) -> None:
    """Share chunks of samples out to threads."""
    n = len(signals)
    chunks = -(-n // TOGETHER)
    for t in numba.prange(threads):
        for k in range(t, chunks, threads):
            last = min((k + 1) * TOGETHER, n)
            alternate(flat, table, layers, constant, decay, gain, sweeps, signals, force, k * TOGETHER, last)


@jit
def follow_all(
    flat: Floats,
    table: Ints,
    constant: Floats,
    decay: Floats,
    duration: float,
    tolerance: float,
    most: int,
    signals: Floats,
    work: Floats,
    tries: Ints,
) -> None:
    """Follow one sample after the other."""
    for b in range(len(signals)):
        follow(flat, table, constant, decay, duration, tolerance, most, signals, work, tries, b)


@jit_parallel
def share_follow(
    flat: Floats,
    table: Ints,
    constant: Floats,
    decay: Floats,
    duration: float,
    tolerance: float,
    most: int,
    signals: Floats,
    work: Floats,
    tries: Ints,
    threads: int,
) -> None:
    """Share samples out to threads."""
    for t in numba.prange(threads):
        for b in range(t, len(signals), threads):
            follow(flat, table, constant, decay, duration, tolerance, most, signals, work, tries, b)
