"""Backpropagation through the feedforward copy: what equilibrium propagation and local losses are held against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analogeq.digital.activation import rho_slope
from analogeq.digital.arithmetic import Arithmetic
from analogeq.digital.copy import FeedforwardCopy
from analogeq.digital.layered import feed_forward
from analogeq.digital.weights import LayeredWeights
from analogeq.network import Parameters
from analogeq.network.network import Floats


def backpropagate(copy: FeedforwardCopy, inputs: Floats, targets: Floats) -> Parameters:
    r"""Gradient of :math:`C = \|s^f_{out} - y\|^2`, mean over the batch, by the chain rule.

    Parameters
    ----------
    copy : FeedforwardCopy
    inputs : ndarray, shape (batch, input)
    targets : ndarray, shape (batch, output)
        Of the output signals, differences of pairs where the copy has them.

    Returns
    -------
    gradient : Parameters
        Gradient with respect to weights (zero on lateral edges) and biases.
    """
    forward = copy.forward(inputs)
    outputs = copy.network.outputs
    error = np.zeros_like(forward[0])
    error[:, outputs] = 2.0 * _output_error(copy, forward[0][:, outputs], targets) / len(inputs)
    return _through(copy, inputs, forward, error)


def backpropagate_layers(copy: FeedforwardCopy, inputs: Floats, settled: Floats) -> Parameters:
    r"""Gradient of the sum of all layers' own losses, :math:`\sum_l \tfrac12 \|s^f_l - s^-_l\|^2`, mean over the batch.

    `FeedforwardCopy.local_gradient` is the part of it that each layer finds without the others; what is left
    comes from the layers after it.

    Parameters
    ----------
    inputs : ndarray, shape (batch, input)
    settled : ndarray, shape (batch, node)
        The targets of all neurons.
    """
    forward = copy.forward(inputs)
    return _through(copy, inputs, forward, (forward[0] - settled) / len(inputs))


def _through(copy: FeedforwardCopy, inputs: Floats, forward: tuple[Floats, Floats], error: Floats) -> Parameters:
    """Gradient of a loss whose slope by each signal, other signals fixed, is ``error``; overwritten."""
    net, theta = copy.network, copy.parameters
    signals, summed = forward
    for index in range(len(net.layers), 0, -1):
        layer = net.layer(index)
        error[:, layer] *= copy.activation.slope(summed[:, layer], layer)
        for block in copy.forward_blocks(index):
            if block.pre > 0:
                error[:, net.layer(block.pre)] += error[:, layer] @ block.matrix(theta.weights).T
    return copy.spread(inputs, signals, error)


def _output_error(copy: FeedforwardCopy, outputs: Floats, targets: Floats) -> Floats:
    """Half the slope of the cost by the output neurons."""
    if not copy.pairs:
        return outputs - targets
    error = np.empty_like(outputs)
    error[:, 0::2] = outputs[:, 0::2] - outputs[:, 1::2] - targets
    error[:, 1::2] = -error[:, 0::2]
    return error


def descend(
    arithmetic: Arithmetic, weights: LayeredWeights, inputs: Floats, targets: Floats, rates: Sequence[float]
) -> None:
    r"""Move ``weights`` down the gradient of :math:`\|s^f_{out} - y\|^2`, mean over the batch, in place.

    The step `backpropagate` and a descent would take, without forming the gradient.

    Parameters
    ----------
    inputs : ndarray, shape (batch, input)
    targets : ndarray, shape (batch, output)
    rates : sequence of float
        One for each layer after the inputs.
    """
    net = weights.network
    forward = feed_forward(arithmetic, weights, inputs)
    error = np.zeros_like(forward.signals)
    last = net.layers[-1]
    error[:, last] = forward.signals[:, last] - targets
    for k in range(len(net.layers) - 1, -1, -1):
        layer, held = net.layers[k], weights.blocks[k]
        error[:, layer] *= rho_slope(forward.summed[:, layer])
        if k > 0:
            arithmetic.add_backward(held, error, layer.start, error, net.layers[k - 1].start)
        scale = -2.0 * rates[k] / len(inputs)
        source, at = (forward.signals, net.layers[k - 1].start) if k > 0 else (inputs, 0)
        arithmetic.add_outer(held, source, at, error, layer.start, scale)
        weights.biases[layer] += weights.dtype.type(scale) * error[:, layer].sum(axis=0)
