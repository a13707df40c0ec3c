"""The feedforward copy and settling on weights that are worked on in place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analogeq.digital.activation import LocalLoss, rho, rho_slope
from analogeq.digital.adaptive import AdaptiveSteps
from analogeq.digital.arithmetic import Arithmetic
from analogeq.digital.weights import LayeredWeights
from analogeq.network.network import Floats


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


def local_error(forward: Forward, settled: Floats, loss: LocalLoss = "squared") -> Floats:
    """Slope of each layer's own loss by what went into rho, shape (batch, node)."""
    error = forward.signals - settled
    if loss == "squared":
        error *= rho_slope(forward.summed)
    return error


@dataclass(frozen=True)
class EulerSteps:
    """A phase of synchronous Euler steps, as the papers take them.

    Attributes
    ----------
    steps : int
    epsilon : float
        Step in units of tau; the papers use 0.5.
    """

    steps: int
    epsilon: float = 0.5


@dataclass(frozen=True)
class Sweeps:
    """A phase in which odd and even layers are put in turn where the others want them.

    Attributes
    ----------
    steps : int
        Sweeps; each costs what an Euler step does.
    relaxation : float
        See `Arithmetic.alternate`.
    """

    steps: int
    relaxation: float = 1.0


Settling = EulerSteps | Sweeps | AdaptiveSteps


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


def settle(arithmetic: Arithmetic, weights: LayeredWeights, pull: Pull, how: Settling, signals: Floats) -> int:
    """Settle ``signals``, C-contiguous and of shape (batch, node), in place from where they are.

    Returns
    -------
    int
        Euler steps, or what costs as much as one: sweeps, or evaluations of the force of the sample that
        took the most.
    """
    if isinstance(how, AdaptiveSteps):
        tries = arithmetic.follow(weights, pull.constant, pull.decay, how.duration, how.tolerance, signals)
        return how.evaluations(tries)
    if isinstance(how, EulerSteps):
        arithmetic.euler(weights, pull.constant, pull.decay, how.epsilon, how.steps, signals)
    else:
        arithmetic.alternate(weights, pull.constant, pull.decay, how.relaxation, how.steps, signals)
    return how.steps
