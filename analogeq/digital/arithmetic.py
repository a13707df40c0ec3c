"""The products and settlings of a layered network, in NumPy or compiled; both give the same numbers to rounding.

Arrays of signals are C-contiguous, samples along the first axis. A product takes the whole array
and the place where a layer begins in it, because that is what both ways work on without a copy.
"""

from __future__ import annotations

import importlib.util
from typing import Protocol

import numpy as np
from scipy.linalg import blas

from analogeq.digital.adaptive import follow
from analogeq.digital.weights import HeldBlock, LayeredWeights
from analogeq.errors import InputError
from analogeq.network.network import Floats


class Arithmetic(Protocol):
    """What training a layered network is made of."""

    @property
    def name(self) -> str:
        """How it is done, in a word."""

    def add_forward(self, held: HeldBlock, pre: Floats, pre_at: int, out: Floats, out_at: int) -> None:
        """Add what the block's earlier layer, from ``pre[:, pre_at]`` on, sends its later one."""

    def add_backward(self, held: HeldBlock, post: Floats, post_at: int, out: Floats, out_at: int) -> None:
        """Add what the block's later layer, from ``post[:, post_at]`` on, sends its earlier one."""

    def add_outer(self, held: HeldBlock, pre: Floats, pre_at: int, post: Floats, post_at: int, scale: float) -> None:
        """Add ``scale · pre.T @ post`` to the block's weights in place."""

    def euler(
        self, weights: LayeredWeights, constant: Floats, decay: Floats, epsilon: float, steps: int, signals: Floats
    ) -> None:
        """Take synchronous Euler steps of ``signals`` in place.

        Parameters
        ----------
        constant : ndarray, shape (batch, node)
            What pulls on the neurons besides each other.
        decay : ndarray, shape (node,)
            What a neuron's own signal is multiplied by in its force.
        """

    def alternate(
        self, weights: LayeredWeights, constant: Floats, decay: Floats, relaxation: float, sweeps: int, signals: Floats
    ) -> None:
        """Put odd and even layers in turn where the others want them, in place; a sweep costs what an Euler step does.

        Parameters
        ----------
        decay : ndarray, shape (node,)
            Above 0.
        relaxation : float
            How far to go, in units of the way to where the others want it; in (0, 2), above 1 overshoots
            on purpose (Young 1954).
        """

    def follow(
        self,
        weights: LayeredWeights,
        constant: Floats,
        decay: Floats,
        duration: float,
        tolerance: float,
        signals: Floats,
    ) -> int:
        """Follow ``signals`` in place for ``duration`` in steps of controlled error; see `analogeq.digital.adaptive`.

        Returns
        -------
        int
            Steps tried by the sample that took the most; above `MOST_TRIES` if it has not come through.
        """
        ...


def choose_arithmetic(*, compiled: bool | None = None, threads: int = 1) -> Arithmetic:
    """Choose how to calculate.

    Parameters
    ----------
    compiled : bool, optional
        True asks for numba's kernels and fails without them, False for NumPy and BLAS; by default
        the kernels are used where numba is installed.
    threads : int
        Of the kernels. BLAS follows its own settings and is only told apart by it, see `NumpyArithmetic`.

    Raises
    ------
    InputError
        If ``compiled`` is True and numba is not installed, or ``threads`` is below 1.
    """
    if threads < 1:
        raise InputError(f"threads {threads}: give 1 or more")
    found = importlib.util.find_spec("numba") is not None
    if compiled and not found:
        raise InputError("compiled arithmetic: numba is not installed; install analogeq[fast], or leave compiled out")
    if compiled is False or not found:
        return NumpyArithmetic(threads)
    from analogeq.digital.compiled.arithmetic import CompiledArithmetic  # loads numba, which takes a second

    return CompiledArithmetic(threads)


class NumpyArithmetic:
    """BLAS for products, updates accumulated in place by its ``beta``.

    NumPy and SciPy each bring a BLAS. NumPy's multiplies small batches faster, only SciPy's shows
    ``beta``. On several threads their pools wait for the same cores while spinning, which costs
    more than it gains: then all is done by SciPy's.

    Parameters
    ----------
    threads : int
        How many threads BLAS was allowed.
    """

    name = "numpy"

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads

    def _product(self, a: Floats, b: Floats) -> Floats:
        if self.threads == 1:
            return a @ b
        return _times(a, b)

    def add_forward(self, held: HeldBlock, pre: Floats, pre_at: int, out: Floats, out_at: int) -> None:
        """Add what the earlier layer sends the later one."""
        n_pre, n_post = held.block.shape
        out[:, out_at : out_at + n_post] += self._product(pre[:, pre_at : pre_at + n_pre], held.upright)

    def add_backward(self, held: HeldBlock, post: Floats, post_at: int, out: Floats, out_at: int) -> None:
        """Add what the later layer sends the earlier one."""
        n_pre, n_post = held.block.shape
        out[:, out_at : out_at + n_pre] += self._product(post[:, post_at : post_at + n_post], held.upright.T)

    def add_outer(self, held: HeldBlock, pre: Floats, pre_at: int, post: Floats, post_at: int, scale: float) -> None:
        """Add the scaled outer product in place."""
        n_pre, n_post = held.block.shape
        rows, along = pre[:, pre_at : pre_at + n_pre], post[:, post_at : post_at + n_post]
        if held.turned:
            rows, along = along, rows
        gemm = blas.sgemm if held.matrix.dtype == np.float32 else blas.dgemm
        # BLAS counts columns first: to it the matrix is its transpose, and that is contiguous.
        a, b = np.ascontiguousarray(along).T, np.ascontiguousarray(rows).T
        gemm(scale, a, b, 1.0, held.matrix.T, trans_b=True, overwrite_c=True)

    def euler(
        self, weights: LayeredWeights, constant: Floats, decay: Floats, epsilon: float, steps: int, signals: Floats
    ) -> None:
        """Take synchronous Euler steps in place."""
        step = weights.dtype.type(epsilon)
        keep, push = 1 - step * decay, step * constant
        links = _links(weights, step)
        moved = np.empty_like(signals)
        for _ in range(steps):
            np.multiply(signals, keep, out=moved)
            moved += push
            for matrix, pre, post in links:
                moved[:, post] += self._product(signals[:, pre], matrix)
                moved[:, pre] += self._product(signals[:, post], matrix.T)
            np.maximum(moved, 0.0, out=moved)
            np.minimum(moved, 1.0, out=signals)

    def alternate(
        self, weights: LayeredWeights, constant: Floats, decay: Floats, relaxation: float, sweeps: int, signals: Floats
    ) -> None:
        """Put odd and even layers in turn where the others want them."""
        links, layers = _links(weights, weights.dtype.type(1)), weights.network.layers
        gain = (relaxation / decay).astype(weights.dtype, copy=False)
        for turn in range(2 * sweeps):
            # The outputs' turn comes first: a nudge reaches two layers further with every sweep.
            parity = (len(layers) + 1 + turn) % 2
            force = constant - decay * signals
            for k, (matrix, pre, post) in enumerate(links):
                if k % 2 == parity:
                    force[:, pre] += self._product(signals[:, post], matrix.T)
                else:
                    force[:, post] += self._product(signals[:, pre], matrix)
            for layer in layers[parity::2]:
                signals[:, layer] = np.clip(signals[:, layer] + gain[layer] * force[:, layer], 0.0, 1.0)

    def follow(
        self,
        weights: LayeredWeights,
        constant: Floats,
        decay: Floats,
        duration: float,
        tolerance: float,
        signals: Floats,
    ) -> int:
        """Follow signals in place, samples side by side."""
        links = _links(weights, weights.dtype.type(1))

        def force(at: Floats) -> Floats:
            out: Floats = constant - decay * at
            for matrix, pre, post in links:
                out[:, post] += self._product(at[:, pre], matrix)
                out[:, pre] += self._product(at[:, post], matrix.T)
            return out

        return follow(force, duration, tolerance, signals)


def _links(weights: LayeredWeights, scale: np.floating) -> list[tuple[Floats, slice, slice]]:
    layer = weights.network.layer
    return [
        (h.upright if scale == 1 else h.upright * scale, layer(h.block.pre), layer(h.block.post))
        for h in weights.couplings
    ]


def _times(a: Floats, b: Floats) -> Floats:
    gemm = blas.sgemm if a.dtype == np.float32 else blas.dgemm
    # BLAS counts columns first: it is asked for the transpose, which to it is contiguous.
    left, left_turned = (b.T, False) if b.flags.c_contiguous else (b, True)
    product: Floats = gemm(1.0, left, np.ascontiguousarray(a).T, trans_a=left_turned).T
    return product
