r"""Solve a batch of linearised circuits that differ in their diagonals alone.

In units of G0 each sample asks for the row vector x with

.. math:: x_j d_j - \sum_i x_i M_{ij} = c_j \quad \text{for free j}, \qquad x_j = 0 \quad \text{elsewhere.}

Layers without couplings inside or among themselves meet only their own diagonal, so they are
eliminated at the price of a product, and what is left is solved densely: for one hidden layer no
more than the outputs. A large circuit with few couplings is factored as the sparse matrix it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, diags_array
from scipy.sparse.linalg import splu

from analogeq.engines.linear.couplings import Couplings
from analogeq.engines.linear.layers import LayeredSystem
from analogeq.engines.linear.order import elimination_order, split_layers
from analogeq.errors import NotSettledError

Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]

_BATCHED = 64  # unknowns left up to which all samples are solved in one call
_CHUNK = 2_000_000  # numbers in the largest temporary array of a batched solve: 16 MB
_SPARSE_FROM, _SPARSE_SHARE = 200, 0.02  # nodes from which, and filled share of M below which, sparse LU is faster


@dataclass(frozen=True, eq=False)
class Systems:
    """One system a sample, all with the same couplings.

    Attributes
    ----------
    couplings : Couplings
        M.
    diagonal : ndarray, shape (batch, node)
        d, in units of G0.
    free : ndarray of bool, shape (batch, node)
        Nodes that move.
    """

    couplings: Couplings
    diagonal: Doubles
    free: Mask

    @property
    def is_sparse(self) -> bool:
        """Whether sparse factors of the whole beat elimination by layers."""
        network = self.couplings.network
        n = network.n_nodes
        filled = 2 * sum(b.edges.stop - b.edges.start for b in network.coupling_blocks)
        return n >= _SPARSE_FROM and filled < _SPARSE_SHARE * n * n


def solve(systems: Systems, sources: Doubles) -> Doubles:
    """Solve every sample's system.

    Parameters
    ----------
    systems : Systems
    sources : ndarray, shape (batch, node)
        c [V].

    Returns
    -------
    ndarray, shape (batch, node)
        x [V].

    Raises
    ------
    NotSettledError
        If a sample's system is singular.
    """
    sources = np.where(systems.free, sources, 0.0)
    if systems.is_sparse:
        return _by_sparse_factors(systems, sources)
    gone, kept = split_layers(systems.couplings.network)
    if sum(systems.couplings.network.layer_sizes[k] for k in kept) <= _BATCHED:
        return _all_at_once(systems, (gone, kept), sources)
    return _one_by_one(systems, sources)


def _all_at_once(systems: Systems, split: tuple[tuple[int, ...], tuple[int, ...]], sources: Doubles) -> Doubles:
    """Eliminate the layers of ``split[0]`` in all samples together."""
    couplings = systems.couplings
    gone, kept = (_on_node_axis(couplings, layers) for layers in split)
    inverse = np.where(systems.free[:, gone], 1.0 / systems.diagonal[:, gone], 0.0)
    to_kept, to_gone = couplings.between(*split), couplings.between(*split[::-1])
    right = np.where(systems.free[:, kept], sources[:, kept] + (sources[:, gone] * inverse) @ to_kept, 0.0)
    fill = _through(to_gone, inverse, to_kept)
    fill += couplings.between(split[1], split[1])
    found = np.empty_like(sources)
    found[:, kept] = _solve_each(fill, systems.diagonal[:, kept], systems.free[:, kept], right)
    found[:, gone] = (sources[:, gone] + found[:, kept] @ to_gone) * inverse
    return found


def _through(to_gone: Doubles, inverse: Doubles, to_kept: Doubles) -> Doubles:
    """to_gone · diag(inverse) · to_kept of each sample, shape (batch, kept, kept)."""
    batch, n = len(inverse), len(to_gone)
    found = np.empty((batch, n, n))
    size = max(1, _CHUNK // max(1, to_gone.size))
    for at in range(0, batch, size):
        found[at : at + size] = (to_gone * inverse[at : at + size, None, :]) @ to_kept
    return found


def _solve_each(fill: Doubles, diagonal: Doubles, free: Mask, right: Doubles) -> Doubles:
    """Row vectors x·(diag(d) − fill) = right among the free nodes; ``fill`` is consumed."""
    np.negative(fill, out=fill)
    fill *= free[:, :, None] & free[:, None, :]
    at = np.arange(fill.shape[1])
    fill[:, at, at] += np.where(free, diagonal, 1.0)
    try:
        solved = np.linalg.solve(fill.transpose(0, 2, 1), right[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        raise _not_isolated(int(np.argmax(np.linalg.cond(fill)))) from None
    return np.asarray(solved, dtype=np.float64)


def _one_by_one(systems: Systems, sources: Doubles) -> Doubles:
    """Layer by layer, with only the rows and columns that move: at a rail stand many."""
    network, factor = systems.couplings.network, systems.couplings.factor
    order = elimination_order(network)
    parts = [(a, b, matrix * -factor) for b, a, matrix in systems.couplings.parts()]
    found = np.zeros_like(sources)
    for sample, moves in enumerate(systems.free):
        at = {k: network.layer(k).start + np.flatnonzero(moves[network.layer(k)]) for k in order}
        system = LayeredSystem(
            {k: systems.diagonal[sample, at[k]] for k in order}, {k: sources[sample, at[k]] for k in order}
        )
        for receiver, sender, matrix in parts:
            rows, cols = (at[k] - network.layer(k).start for k in (sender, receiver))
            system.add(receiver, sender, matrix[np.ix_(rows, cols)].T)
        try:
            solved = system.solve(order)
        except np.linalg.LinAlgError:
            raise _not_isolated(sample) from None
        for k in order:
            found[sample, at[k]] = solved[k]
    return found


def _by_sparse_factors(systems: Systems, sources: Doubles) -> Doubles:
    transposed = csc_array(systems.couplings.sparse().T)
    found = np.empty_like(sources)
    for sample, moves in enumerate(systems.free):
        mask = diags_array(moves.astype(np.float64))
        own = diags_array(np.where(moves, systems.diagonal[sample], 1.0))
        try:
            found[sample] = splu(csc_array(own - mask @ transposed @ mask)).solve(sources[sample])
        except RuntimeError:  # what SuperLU raises for a singular matrix
            raise _not_isolated(sample) from None
    return found


def _on_node_axis(couplings: Couplings, layers: tuple[int, ...]) -> slice | NDArray[np.intp]:
    """Index of some layers on the node axis, a slice where that does."""
    runs = [couplings.network.layer(k) for k in layers]
    if len(runs) == 1:
        return runs[0]
    return np.concatenate([np.arange(run.start, run.stop) for run in runs]) if runs else slice(0, 0)


def _not_isolated(sample: int) -> NotSettledError:
    return NotSettledError(
        f"small signal: sample {sample}: the linearised circuit is singular, so its operating point is not isolated; "
        "lower the weights' scale, or move the sample off the point where two equilibria meet"
    )
