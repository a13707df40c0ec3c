r"""The digital feedforward copy: what the circuit teaches, and what is deployed.

Each neuron predicts where the circuit settles from the layers before it [1]_, Eq. 6:

.. math:: s^f_j = \rho\Big(b_j + \sum_{i} w_{ij} s^f_i\Big), \qquad
    \rho(x) = \mathrm{clip}(x, 0, 1) + 0.01\,x

and learns by the loss of its own layer alone, Eq. 8, with the settled free state as target and the
layer before it held fixed, so that nothing is propagated back:

.. math:: L_l = \tfrac12 \big\| s^f_l - s^-_l \big\|^2

References
----------
.. [1] O'Connor, Gavves, Welling, "Initialized Equilibrium Propagation for Backprop-Free Training", ICLR 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analogeq.network import Block, Network, Parameters
from analogeq.network.network import Floats

LEAK = 0.01
"""Slope of rho outside [0, 1], so that a saturated neuron still learns (the authors' value)."""


def rho(x: Floats) -> Floats:
    """Hard sigmoid with a small slope everywhere: ``clip(x, 0, 1) + 0.01 x``."""
    out: Floats = np.clip(x, 0.0, 1.0)
    out += LEAK * x
    return out


def rho_slope(x: Floats) -> Floats:
    """Derivative of `rho`."""
    return ((x >= 0.0) & (x <= 1.0)).astype(x.dtype) + x.dtype.type(LEAK)


@dataclass(frozen=True, eq=False)
class FeedforwardCopy:
    """A feedforward network with the graph of the circuit, lateral edges left out.

    Attributes
    ----------
    network : Network
    parameters : Parameters
        Weights of the forward edges (those of lateral ones are not used) and biases.
    """

    network: Network
    parameters: Parameters

    def forward_blocks(self, layer: int) -> tuple[Block, ...]:
        """Blocks that feed ``layer`` from earlier ones."""
        return tuple(b for b in self.network.blocks if b.post == layer and b.pre < layer)

    def predict(self, inputs: Floats) -> Floats:
        """Signals of all neurons, shape (batch, node), for input signals of shape (batch, input)."""
        return self.forward(inputs)[0]

    def outputs(self, inputs: Floats) -> Floats:
        """Signals of the outputs, shape (batch, output)."""
        chosen: Floats = self.predict(inputs)[:, self.network.outputs]
        return chosen

    def forward(self, inputs: Floats) -> tuple[Floats, Floats]:
        """Signals ``s^f`` and what went into rho, each of shape (batch, node)."""
        net, theta = self.network, self.parameters
        summed = np.empty((len(inputs), net.n_nodes), dtype=theta.weights.dtype)
        signals = np.empty_like(summed)
        summed[:] = theta.biases
        for index, layer in enumerate(net.layers, start=1):
            for block in self.forward_blocks(index):
                source = inputs if block.pre == 0 else signals[:, net.layer(block.pre)]
                summed[:, layer] += source @ block.matrix(theta.weights)
            signals[:, layer] = rho(summed[:, layer])
        return signals, summed

    def local_gradient(
        self, inputs: Floats, settled: Floats, forward: tuple[Floats, Floats] | None = None
    ) -> Parameters:
        """Gradient of each layer's own loss, mean over the batch.

        Parameters
        ----------
        inputs : ndarray, shape (batch, input)
            Input signals.
        settled : ndarray, shape (batch, node)
            Signals of the settled free phase: the targets.
        forward : tuple of ndarray, optional
            What `forward` returned for these inputs, if it was called already; it is not run again then.
        """
        net = self.network
        signals, summed = self.forward(inputs) if forward is None else forward
        delta = (signals - settled) * rho_slope(summed) / len(inputs)
        weights = np.zeros_like(self.parameters.weights)
        for block in net.blocks:
            if block.lateral:
                continue
            source = inputs if block.pre == 0 else signals[:, net.layer(block.pre)]
            at = delta[:, net.layer(block.post)]
            if block.dense:
                np.matmul(source.T, at, out=block.view(weights))
            else:
                rows, cols = block.endpoints()
                weights[block.edges] = np.einsum("be,be->e", source[:, rows], at[:, cols])
        return Parameters(weights, delta.sum(axis=0))
