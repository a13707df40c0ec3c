"""The feedforward copy in few bits, as cheap hardware would run it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analogeq.digital.copy import FeedforwardCopy
from analogeq.hardware.converter import quantise
from analogeq.network.network import Floats


def rounded_copy(copy: FeedforwardCopy, bits: int) -> FeedforwardCopy:
    """Round every block's weights to ``2**bits - 1`` levels that lie evenly about zero, the largest one met exactly.

    Biases stay as they are: they are added to the accumulators, which are wide.
    """
    theta = copy.parameters.copy()
    top = 2 ** (bits - 1) - 1
    for block in copy.network.blocks:
        largest = float(np.abs(theta.weights[block.edges]).max(initial=0.0))
        if largest > 0.0:
            step = largest / top
            theta.weights[block.edges] = np.rint(theta.weights[block.edges] / step) * step
    return replace(copy, parameters=theta)


def predict_rounded(copy: FeedforwardCopy, inputs: Floats, bits: int) -> Floats:
    """Signals of all neurons, shape (batch, node), where each layer hands on signals of ``bits`` from 0 to 1.

    The last layer's are the accumulators through the activation, not rounded: nothing multiplies them.
    """
    net, theta = copy.network, copy.parameters
    signals = np.empty((len(inputs), net.n_nodes), dtype=theta.weights.dtype)
    handed = np.empty_like(signals)
    for index, layer in enumerate(net.layers, start=1):
        summed = np.broadcast_to(theta.biases[layer], (len(inputs), layer.stop - layer.start)).copy()
        for block in copy.forward_blocks(index):
            source = inputs if block.pre == 0 else handed[:, net.layer(block.pre)]
            summed += source @ block.matrix(theta.weights)
        signals[:, layer] = copy.activation.of(summed, layer)
        handed[:, layer] = quantise(signals[:, layer], bits, 0.0, 1.0)
    last = net.layers[-1]
    handed[:, last] = signals[:, last]
    return handed
