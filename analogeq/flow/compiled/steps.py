"""The small steps between folding, sweeping and writing, for `epoch`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.compiled.jit import jit

Array = NDArray[np.floating]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

BY_CONDUCTANCE, BY_CURRENT = 0, 1
"""Means of a nudge."""


@jit
def gather(samples: Array, order: Ints, first: int, background: float, out: Array) -> None:
    """Copy the samples of a minibatch, less ``background``."""
    dark = out.dtype.type(background)
    for b in range(out.shape[0]):
        for k in range(out.shape[1]):
            out[b, k] = samples[order[first + b], k] - dark


@jit
def fold_background(leans: Array, volts: float, bias: Array, supply: Array) -> None:
    """Set all supplies to the bias and what inputs at ``volts`` send; ``leans`` is the +rows less the -rows [S]."""
    everywhere = supply.dtype.type(volts)
    for b in range(supply.shape[0]):
        for k in range(supply.shape[1]):
            supply[b, k] = bias[k]
        for j in range(len(leans)):
            supply[b, j] += everywhere * leans[j]


@jit
def pull(v: Array, outputs: int, wanted: Array, nodes: int, temperature: float, out: Array) -> None:
    """Minus the cost's slope by each output node, at the states ``v``.

    Parameters
    ----------
    wanted : ndarray, shape (batch, output)
    nodes : int
        Of one output: 1, or 2 where it is the difference of a pair.
    temperature : float
        Of softmax with cross-entropy [V]; 0 for a squared error.
    out : ndarray, shape (batch, output node)
    """
    kind = v.dtype.type
    n_out, cold = wanted.shape[1], temperature == 0.0
    across = kind(1.0) if cold else kind(1.0 / temperature)
    signal = np.empty(n_out, dtype=v.dtype)
    for b in range(v.shape[0]):
        for m in range(n_out):
            signal[m] = v[b, outputs + 2 * m] - v[b, outputs + 2 * m + 1] if nodes == 2 else v[b, outputs + m]
        if not cold:
            _softmax(signal, across)
        for m in range(n_out):
            slope = (signal[m] - wanted[b, m]) * across
            if nodes == 2:
                out[b, 2 * m], out[b, 2 * m + 1] = -slope, slope
            else:
                out[b, m] = -slope


@jit
def _softmax(signal: Array, across: np.floating) -> None:
    """Make outputs over a temperature the probabilities they stand for, in place."""
    top, total = signal[0], signal.dtype.type(0.0)
    for m in range(len(signal)):
        top = max(top, signal[m])
    for m in range(len(signal)):
        signal[m] = np.exp((signal[m] - top) * across)
        total += signal[m]
    for m in range(len(signal)):
        signal[m] /= total


@jit
def nudge(load: Array, supply: Array, outputs: int, by: float, pulls: Array, means: int) -> None:
    """Add ``by`` times ``pulls`` to the outputs' supplies [A]; by conductance, ``by`` [S] to their loads too."""
    strength = load.dtype.type(by)
    for m in range(pulls.shape[1]):
        if means == BY_CONDUCTANCE:
            load[outputs + m] += strength
        for b in range(pulls.shape[0]):
            supply[b, outputs + m] += strength * pulls[b, m]


@jit
def compare(above: Array, below: Array, scale: float, moved: Array, squares: Array) -> None:
    """Scaled difference of two states, and minus half that of their squares, summed over the batch."""
    each, half = moved.dtype.type(scale), moved.dtype.type(0.5)
    for k in range(moved.shape[1]):
        squares[k] = 0.0
    for b in range(moved.shape[0]):
        for k in range(moved.shape[1]):
            moved[b, k] = each * (above[b, k] - below[b, k])
            squares[k] -= half * moved[b, k] * (above[b, k] + below[b, k])


@jit
def scaled(values: Array, by: float, out: Array) -> None:
    """Copy, scaled."""
    for k in range(len(out)):
        out[k] = out.dtype.type(by) * values[k]


@jit
def part(states: Array, first: int, by: float, out: Array, row: int) -> None:
    """Copy one layer of states, scaled, into rows of ``out``."""
    factor = out.dtype.type(by)
    for b in range(states.shape[0]):
        for j in range(out.shape[1]):
            out[row + b, j] = factor * states[b, first + j]


@jit
def lay_out(rest: Array, starts: Ints, ends: Ints, turned: Bools, flat: Array) -> None:
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
