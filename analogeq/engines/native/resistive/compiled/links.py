"""Links between layers: what they carry, what they load, and the certificate made of both.

Links are laid out *wide*: as rows over the shorter of their two layers, one after the other in
``flat``, so that the inner loops run along the longer; ``turned[k]`` says that link k's rows are the
post layer's. Inner loops run over views of one row, from 0: of any other index the compiler does not
know that it is not negative, which Python counts from the end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.compiled.jit import jit

Array = NDArray[np.floating]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@jit
def _to_columns(flat: Array, at: int, rows: int, columns: int, v: Array, first: int, total: Array) -> None:
    """Add what ``rows`` nodes from ``first`` on send through a wide link to its columns."""
    for i in range(rows):
        wire = flat[at + i * columns : at + (i + 1) * columns]
        for b in range(v.shape[0]):
            volts = v[b, first + i]
            if volts != 0.0:
                into = total[b, :columns]
                for j in range(columns):
                    into[j] += volts * wire[j]


@jit
def _to_rows(flat: Array, at: int, rows: int, columns: int, v: Array, first: int, total: Array) -> None:
    """Add what ``columns`` nodes from ``first`` on send through a wide link to its rows."""
    for i in range(rows):
        wire = flat[at + i * columns : at + (i + 1) * columns]
        for b in range(v.shape[0]):
            across = v[b, first : first + columns]
            sent = flat.dtype.type(0.0)
            for j in range(columns):
                sent += across[j] * wire[j]
            total[b, i] += sent


@jit
def incoming(
    k: int, supply: Array, flat: Array, starts: Ints, ends: Ints, turned: Bools, v: Array, total: Array
) -> None:
    """Current into the grounded nodes of layer ``k``, left in ``total``."""
    own = ends[k + 1] - ends[k]
    for b in range(v.shape[0]):
        sent, into = supply[b, ends[k] : ends[k + 1]], total[b, :own]
        for j in range(own):
            into[j] = sent[j]
    if k > 0:
        size = ends[k] - ends[k - 1]
        if turned[k - 1]:
            _to_rows(flat, starts[k - 1], own, size, v, ends[k - 1], total)
        else:
            _to_columns(flat, starts[k - 1], size, own, v, ends[k - 1], total)
    if k + 2 < len(ends):
        size = ends[k + 2] - ends[k + 1]
        if turned[k]:
            _to_columns(flat, starts[k], size, own, v, ends[k + 1], total)
        else:
            _to_rows(flat, starts[k], own, size, v, ends[k + 1], total)


@jit
def margin(load: Array, flat: Array, starts: Ints, ends: Ints, turned: Bools, tries: int, enough: float) -> float:
    """Look for x > 0 with L x > 0 by Jacobi's iteration; give the margin of the last try."""
    n = ends[-1]
    x = np.ones((1, n), dtype=load.dtype)
    reached = np.empty(n, dtype=load.dtype)
    none = np.zeros((1, n), dtype=load.dtype)
    total = np.empty((1, n), dtype=load.dtype)
    found = -1.0
    for at in range(n):
        if load[at] <= 0.0:
            return -1.0
    for _ in range(tries):
        found = np.inf
        for k in range(len(ends) - 1):
            incoming(k, none, flat, starts, ends, turned, x, total)
            for j in range(ends[k + 1] - ends[k]):
                at = ends[k] + j
                reached[at] = total[0, j] / load[at]
                found = min(found, x[0, at] - reached[at])
        if found > enough:
            return found
        for at in range(n):
            x[0, at] = 1.0 + reached[at]
    return found


@jit
def coupling_load(flat: Array, starts: Ints, ends: Ints, turned: Bools, load: Array) -> None:
    """Add every link's conductances to the loads [S] of the nodes at both its ends."""
    for k in range(len(ends) - 2):
        rows, columns = ends[k], ends[k + 1]
        n_rows, n_columns = ends[k + 1] - ends[k], ends[k + 2] - ends[k + 1]
        if turned[k]:
            rows, columns, n_rows, n_columns = columns, rows, n_columns, n_rows
        across = load[columns : columns + n_columns]
        for i in range(n_rows):
            wire = flat[starts[k] + i * n_columns : starts[k] + (i + 1) * n_columns]
            along = flat.dtype.type(0.0)
            for j in range(n_columns):
                across[j] += wire[j]
                along += wire[j]
            load[rows + i] += along
