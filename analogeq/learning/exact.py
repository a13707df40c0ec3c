r"""The true gradient of the settled cost, and the limit that equilibrium propagation estimates.

With the adjoint :math:`J^T \lambda = \partial C / \partial v` of the node equations at the operating
point, a parameter changes the cost by :math:`\lambda` times the current it brings into each node:

.. math:: \frac{dC}{dw_{ij}} = f\,(a_j s_i + m_{ij} a_i s_j), \qquad \frac{dC}{db_j} = a_j

in signals s and with the adjoint signal :math:`a = \lambda G_0 V_u`. The first term is the forward
array's, the second the backward array's, whose device holds :math:`m_{ij}` of the forward weight;
f is the follower's factor. Inputs have the first term only, without f.

Equilibrium propagation reads :math:`-d(s_i s_j)/d\beta` instead, with the response :math:`r =
ds/d\beta` to a weak nudge [1]_. It equals the above where J is symmetric, since then r = -a.

References
----------
.. [1] Scellier & Bengio, "Equivalence of equilibrium propagation and recurrent backpropagation",
   Neural Computation 31 (2019).
"""

from __future__ import annotations

import numpy as np

from analogeq.errors import InputError
from analogeq.network import Block, Network, Parameters
from analogeq.network.network import Floats


def exact_gradient(
    network: Network,
    inputs: Floats,
    signals: Floats,
    adjoint: Floats,
    *,
    follower: float = 1.0,
    backward_shares: Floats | None = None,
) -> Parameters:
    r"""Gradient of :math:`C = \sum_{out} (s - y)^2`, mean over the batch, from one adjoint solve.

    Parameters
    ----------
    network : Network
    inputs : ndarray, shape (batch, input)
        Input signals.
    signals : ndarray, shape (batch, node)
        The free equilibrium.
    adjoint : ndarray, shape (batch, node)
        a, from one transposed solve of the linearised circuit; zero at nodes that cannot move.
    follower : float
        Word-line voltage over neuron voltage.
    backward_shares : ndarray, shape (edge,), optional
        m, what the backward array holds for each unit of forward weight; all ones if not given.

    Returns
    -------
    gradient : Parameters
        With respect to weights and biases, dimensionless; descent subtracts it.

    Raises
    ------
    InputError
        If the shapes differ.
    """
    if signals.shape != adjoint.shape or len(inputs) != len(signals):
        raise InputError(
            f"gradient: inputs {inputs.shape}, signals {signals.shape} and adjoint {adjoint.shape} are not one batch "
            "of one network; pass arrays of the same minibatch"
        )
    weights = np.empty(network.n_edges, dtype=signals.dtype)
    for block in network.blocks:
        post = adjoint[:, network.layer(block.post)]
        if block.pre == 0:
            weights[block.edges] = _products(block, inputs, post)
            continue
        pre = network.layer(block.pre)
        back = _products(block, adjoint[:, pre], signals[:, network.layer(block.post)])
        if backward_shares is not None:
            back *= backward_shares[block.edges]
        weights[block.edges] = follower * (_products(block, signals[:, pre], post) + back)
    weights /= len(inputs)
    return Parameters(weights, adjoint.mean(axis=0))


def small_signal_gradient(network: Network, inputs: Floats, free: Floats, response: Floats) -> Parameters:
    """Equilibrium propagation's estimate at beta → 0, mean over the batch.

    What `contrastive_gradient` tends to, without its bias and without dividing by a small beta.

    Parameters
    ----------
    network : Network
    inputs : ndarray, shape (batch, input)
        Input signals.
    free : ndarray, shape (batch, node)
        The free equilibrium.
    response : ndarray, shape (batch, node)
        ds/dbeta, from one solve of the linearised circuit.

    Returns
    -------
    gradient : Parameters
        With respect to weights and biases, dimensionless; descent subtracts it.
    """
    return exact_gradient(network, inputs, free, -response)


def _products(block: Block, pre: Floats, post: Floats) -> Floats:
    """Sum over the batch of the product of both ends of each edge, shape (edge,)."""
    if block.dense:
        products: Floats = (pre.T @ post).reshape(-1)
        return products
    rows, cols = block.endpoints()
    return np.asarray(np.einsum("be,be->e", pre[:, rows], post[:, cols]))
