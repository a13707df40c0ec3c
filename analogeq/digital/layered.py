"""The feedforward copy and settling on weights that are worked on in place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analogeq.digital.arithmetic import Arithmetic
from analogeq.digital.copy import rho, rho_slope
from analogeq.digital.weights import LayeredWeights
from analogeq.network.network import Floats

MOST_SWEEPS = 200
"""Sweeps after which settling to a distance gives up on a sample."""


@dataclass(frozen=True, eq=False)
class Forward:
    """One pass of the copy.

    Attributes
    ----------
    signals, summed : ndarray, shape (batch, node)
        ``s^f`` and what went into rho.
    """

    signals: Floats
    summed: Floats


def feed_forward(arithmetic: Arithmetic, weights: LayeredWeights, inputs: Floats) -> Forward:
    """Predict all signals for input signals of shape (batch, input)."""
    net = weights.network
    summed = np.empty((len(inputs), net.n_nodes), dtype=weights.dtype)
    signals = np.empty_like(summed)
    summed[:] = weights.biases
    source, at = inputs, 0
    for held, layer in zip(weights.blocks, net.layers, strict=True):
        arithmetic.add_forward(held, source, at, summed, layer.start)
        signals[:, layer] = rho(summed[:, layer])
        source, at = signals, layer.start
    return Forward(signals, summed)


def local_error(forward: Forward, settled: Floats) -> Floats:
    """Slope of each layer's own loss by what went into rho, shape (batch, node)."""
    error = forward.signals - settled
    error *= rho_slope(forward.summed)
    return error


@dataclass(frozen=True)
class Settling:
    """How a phase is settled.

    Attributes
    ----------
    epsilon : float
        Euler step in units of tau; the papers use 0.5.
    steps : int
        Euler steps of the phase.
    distance : float or None
        If given, odd and even layers are put in turn where the others want them, until about this
        much is left to go for the signal that is furthest away, and ``steps`` is not used. A phase
        with an output pushed away so hard that nothing holds it takes its steps all the same.
    """

    epsilon: float
    steps: int
    distance: float | None = None


@dataclass(frozen=True, eq=False)
class Pull:
    """What acts on the neurons besides each other, fixed while they settle.

    Attributes
    ----------
    constant : ndarray, shape (batch, node)
    decay : ndarray, shape (node,)
        What a neuron's own signal is multiplied by in its force.
    """

    constant: Floats
    decay: Floats

    def nudged(self, targets: Floats, beta: float) -> Pull:
        """Add the pull of the outputs, the last nodes, toward ``targets``; inputs are not multiplied again."""
        outputs = slice(-targets.shape[1], None)
        constant, decay = self.constant.copy(), self.decay.copy()
        constant[:, outputs] += constant.dtype.type(2.0 * beta) * targets
        decay[outputs] += 2.0 * beta
        return Pull(constant, decay)


def pull_of(
    arithmetic: Arithmetic,
    weights: LayeredWeights,
    inputs: Floats,
    prediction: Floats | None = None,
    tether: float = 0.0,
) -> Pull:
    """Multiply the inputs by their weights, once for all phases; add biases and the tether."""
    constant = np.empty((len(inputs), weights.network.n_nodes), dtype=weights.dtype)
    constant[:] = weights.biases
    arithmetic.add_forward(weights.blocks[0], inputs, 0, constant, 0)
    decay = np.ones(weights.network.n_nodes, dtype=weights.dtype)
    if prediction is not None and tether > 0.0:
        constant += weights.dtype.type(tether) * prediction
        decay += tether
    return Pull(constant, decay)


def settle(arithmetic: Arithmetic, weights: LayeredWeights, pull: Pull, how: Settling, signals: Floats) -> float:
    """Settle ``signals`` in place; return the mean number of steps or sweeps, which cost the same.

    Parameters
    ----------
    signals : ndarray, shape (batch, node)
        Where the phase starts; C-contiguous.
    """
    if how.distance is None or pull.decay.min() <= 0.0:
        arithmetic.euler(weights, pull.constant, pull.decay, how.epsilon, how.steps, signals)
        return float(how.steps)
    return arithmetic.alternate(weights, pull.constant, pull.decay, how.distance, MOST_SWEEPS, signals)
