r"""The digital feedforward copy: what the circuit teaches, and what is deployed.

Each neuron predicts where the circuit settles from the layers before it [1]_, Eq. 6:

.. math:: s^f_j = \rho_j\Big(b_j + \sum_{i} w_{ij} s^f_i\Big)

with the neuron's own clip (`analogeq.digital.activation`), and learns by the loss of its own layer
alone, Eq. 8, with the settled free state as target and the layer before it held fixed, so that
nothing is propagated back:

.. math:: L_l = \tfrac12 \big\| s^f_l - s^-_l \big\|^2

Its slope by a neuron's sum x is :math:`(\rho(x) - s^-)\, \rho'(x)`: a neuron that is held beyond its clip while its
target is not learns a hundred times slower than others. The *matching* loss of rho [2]_ leaves the last factor out,

.. math:: L_l = \sum_j \int_{\rho^{-1}(s^-_j)}^{x_j} (\rho(z) - s^-_j)\, dz

It is least for the same signals, convex in the layer's weights, and as local.

References
----------
.. [1] O'Connor, Gavves, Welling, "Initialized Equilibrium Propagation for Backprop-Free Training", ICLR 2019.
.. [2] Auer, Herbster, Warmuth, "Exponentially many local minima for single neurons", NIPS 1995.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analogeq.digital.activation import HARD_SIGMOID, Activation, LocalLoss
from analogeq.network import Block, Network, Parameters
from analogeq.network.network import Floats


@dataclass(frozen=True, eq=False)
class FeedforwardCopy:
    """A feedforward network with the graph of the circuit, lateral edges left out.

    Attributes
    ----------
    network : Network
    parameters : Parameters
        Weights of the forward edges (those of lateral ones are not used) and biases.
    activation : Activation
        The papers' hard sigmoid if not given.
    pairs : bool
        Whether an output signal is the difference of two output neurons that follow each other.
    """

    network: Network
    parameters: Parameters
    activation: Activation = HARD_SIGMOID
    pairs: bool = False

    def forward_blocks(self, layer: int) -> tuple[Block, ...]:
        """Blocks that feed ``layer`` from earlier ones."""
        return tuple(b for b in self.network.blocks if b.post == layer and b.pre < layer)

    def predict(self, inputs: Floats) -> Floats:
        """Signals of all neurons, shape (batch, node), for input signals of shape (batch, input)."""
        return self.forward(inputs)[0]

    def outputs(self, inputs: Floats) -> Floats:
        """Output signals, shape (batch, output), or (batch, output / 2) in pairs."""
        chosen: Floats = self.predict(inputs)[:, self.network.outputs]
        return chosen[:, 0::2] - chosen[:, 1::2] if self.pairs else chosen

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
            signals[:, layer] = self.activation.of(summed[:, layer], layer)
        return signals, summed

    def local_gradient(
        self,
        inputs: Floats,
        settled: Floats,
        forward: tuple[Floats, Floats] | None = None,
        *,
        loss: LocalLoss = "squared",
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
        loss : {"squared", "matching"}
        """
        reached = self.forward(inputs) if forward is None else forward
        return self.spread(inputs, reached[0], self.local_error(settled, reached, loss) / len(inputs))

    def local_error(self, settled: Floats, forward: tuple[Floats, Floats], loss: LocalLoss = "squared") -> Floats:
        """Slope of each layer's own loss by what its neurons sum, shape (batch, node)."""
        signals, summed = forward
        error: Floats = signals - settled
        if loss == "squared":
            error *= self.activation.slope(summed)
        return error

    def spread(self, inputs: Floats, signals: Floats, error: Floats) -> Parameters:
        """Sum over the batch of errors times what stands at the other end of each edge.

        Parameters
        ----------
        inputs : ndarray, shape (batch, input)
        signals : ndarray, shape (batch, node)
            Of the pass forward.
        error : ndarray, shape (batch, node)
        """
        net = self.network
        weights = np.zeros_like(self.parameters.weights)
        for block in net.blocks:
            if block.lateral:
                continue
            source = inputs if block.pre == 0 else signals[:, net.layer(block.pre)]
            at = error[:, net.layer(block.post)]
            if block.dense:
                np.matmul(source.T, at, out=block.view(weights))
            else:
                rows, cols = block.endpoints()
                weights[block.edges] = np.einsum("be,be->e", source[:, rows], at[:, cols])
        return Parameters(weights, error.sum(axis=0))

    def input_grams(self, inputs: Floats, signals: Floats) -> Floats:
        """Products between the samples of what each layer is fed, its bias counted as 1.

        A neuron of a sparse block is fed a part of that; its step is the smaller for it.

        Returns
        -------
        ndarray, shape (layer, batch, batch)
        """
        net = self.network
        grams = np.ones((len(net.layers), len(inputs), len(inputs)), dtype=signals.dtype)
        for index in range(1, len(net.layer_sizes)):
            for block in self.forward_blocks(index):
                source = inputs if block.pre == 0 else signals[:, net.layer(block.pre)]
                grams[index - 1] += source @ source.T
        return grams
