"""What the neurons send into each other, as matrices ready for products."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from analogeq.circuit import Circuit, Conductances
from analogeq.network import Block

Array = NDArray[np.floating]
Ints = NDArray[np.int64]
Matrix = Array | csr_array | csc_array


@dataclass(frozen=True, eq=False)
class Link:
    """One coupling block, both ways; currents are in units of G0 times volts.

    Attributes
    ----------
    block : Block
    pre, post : slice
        The two layers on the node axis; the same one for a lateral block.
    forward : matrix, shape (pre, post)
        ``v[pre] @ forward`` flows into ``post``.
    backward : matrix, shape (post, pre)
        ``v[post] @ backward`` flows into ``pre``.
    """

    block: Block
    pre: slice
    post: slice
    forward: Matrix
    backward: Matrix


@dataclass(frozen=True, eq=False)
class Packed:
    """All links in flat arrays, the form compiled kernels read.

    Attributes
    ----------
    table : ndarray of int, shape (link, 6)
        Dense: 0, first outer node, outer nodes, first inner node, inner nodes, where its values start;
        the inner layer is the longer one and runs fastest. Any other: 1, 0, edges, where its ends start,
        0, where its values start.
    ends : ndarray of int, shape (2, edge)
        Outer and inner node of every edge of the links that are not dense.
    to_outer, to_inner : ndarray
        The values that act on the outer and on the inner node; one array where directions share.
    """

    table: Ints
    ends: Ints
    to_outer: Array
    to_inner: Array


@dataclass(frozen=True, eq=False)
class Coupling:
    """The matrix M of all couplings among neurons, kept in its blocks."""

    links: tuple[Link, ...]
    factor: float
    n_nodes: int
    symmetric: bool
    dtype: np.dtype[np.floating]

    @classmethod
    def of(cls, circuit: Circuit, conductances: Conductances, dtype: np.dtype[np.floating]) -> Coupling:
        """Collect the blocks; dense ones are views of the conductances where the type agrees."""
        net = circuit.network
        shared = conductances.backward is conductances.weights
        links = []
        for block in net.coupling_blocks:
            forward = block.matrix(conductances.weights).astype(dtype, copy=False)
            back = forward if shared else block.matrix(conductances.backward).astype(dtype, copy=False)
            links.append(Link(block, net.layer(block.pre), net.layer(block.post), forward, back.T))
        return cls(tuple(links), circuit.technology.follower_factor, net.n_nodes, shared, dtype)

    def product(self, voltages: Array) -> Array:
        """Currents over G0 [V] that ``voltages`` send into every node, shape (batch, node)."""
        total = np.zeros_like(voltages)
        for link in self.links:
            total[:, link.post] += voltages[:, link.pre] @ link.forward
            total[:, link.pre] += voltages[:, link.post] @ link.backward
        if self.factor != 1.0:
            total *= self.factor
        return total

    @cached_property
    def dense(self) -> Array:
        """M itself, shape (node, node), ``v @ M`` being the currents."""
        return self.product(np.eye(self.n_nodes, dtype=self.dtype))

    @cached_property
    def strength(self) -> tuple[float, float]:
        """Largest single coupling, and a guess of the norm of M that is right for random couplings."""
        values = self.packed.to_outer
        if not values.size:
            return 0.0, 0.0
        norm = 2.0 * np.sqrt(2.0 * float(values @ values) / self.n_nodes)
        return float(np.abs(values).max()) * self.factor, norm * self.factor

    @cached_property
    def radius(self) -> float:
        """Spectral radius of M, by power iteration from below: within a few per cent."""
        if not any(min(link.block.shape) for link in self.links):
            return 0.0
        x: Array = np.random.default_rng(0).standard_normal((4, self.n_nodes))
        growth = np.zeros((4, 1))
        for _ in range(20):
            x = self.product(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-300))
            growth = np.linalg.norm(x, axis=1, keepdims=True)
        return float(growth.max())

    @cached_property
    def row_norms(self) -> Array:
        """Euclidean norm of all couplings into each node, shape (node,)."""
        squares = np.zeros(self.n_nodes)
        for link in self.links:
            squares[link.post] += np.asarray((link.forward**2).sum(axis=0)).ravel()
            squares[link.pre] += np.asarray((link.backward**2).sum(axis=0)).ravel()
        norms: Array = self.factor * np.sqrt(squares)
        return norms

    @cached_property
    def packed(self) -> Packed:
        """The links in flat arrays."""
        rows, ends, outer, inner, at, edges = [], [], [], [], 0, 0
        for link in self.links:
            values, back = _values(link.forward), _values(link.backward.T)
            n_pre, n_post = link.block.shape
            if link.block.dense and n_pre <= n_post:
                rows.append((0, link.pre.start, n_pre, link.post.start, n_post, at))
                values, back = back, values  # the outer layer is ``pre``, which the backward array feeds
            elif link.block.dense:
                rows.append((0, link.post.start, n_post, link.pre.start, n_pre, at))
                values, back = values.T, back.T
            else:
                rows.append((1, 0, values.size, edges, 0, at))
                pre, post = link.block.endpoints()
                ends.append(np.stack([post + link.post.start, pre + link.pre.start]))
                edges += values.size
            outer.append(values.reshape(-1))
            inner.append(back.reshape(-1))
            at += values.size
        to_outer = _joined(outer, self.dtype)
        return Packed(
            np.array(rows, dtype=np.int64).reshape(-1, 6),
            np.concatenate(ends, axis=1).astype(np.int64) if ends else np.empty((2, 0), dtype=np.int64),
            to_outer,
            to_outer if self.symmetric else _joined(inner, self.dtype),
        )


def _values(matrix: Matrix) -> Array:
    return matrix if isinstance(matrix, np.ndarray) else matrix.data


def _joined(parts: list[Array], dtype: np.dtype[np.floating]) -> Array:
    return np.concatenate(parts) if parts else np.empty(0, dtype=dtype)
