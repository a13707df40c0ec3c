r"""The local gradient of equilibrium propagation.

At an equilibrium of the energy P the cost C changes with a parameter as [1]_

.. math:: \frac{dC}{d\theta} = \lim_{\beta \to 0} \frac1\beta
    \Big[\frac{\partial P}{\partial \theta}(s^\beta) - \frac{\partial P}{\partial \theta}(s^0)\Big],
    \qquad \frac{\partial P}{\partial w_{ij}} = -s_i s_j, \quad
    \frac{\partial P}{\partial b_j} = -s_j,

so every edge needs only the signals at its own two ends. Nudging with the conductance 2·beta·G0
makes C the squared error :math:`\|s_{out} - y\|^2`.

References
----------
.. [1] Scellier & Bengio, Front. Comput. Neurosci. 11 (2017), Theorem 1.
"""

from __future__ import annotations

import numpy as np

from analogeq.errors import InputError
from analogeq.network import Block, Network, Parameters
from analogeq.network.network import Floats


def contrastive_gradient(network: Network, inputs: Floats, first: Floats, second: Floats, span: float) -> Parameters:
    """Estimate the gradient of the cost from two settled states, mean over the batch.

    One-sided (``first`` free, ``span`` beta) the bias is O(beta); centred (``first`` at -beta,
    ``span`` 2·beta) it is O(beta**2).

    Parameters
    ----------
    network : Network
    inputs : ndarray, shape (batch, input)
        Input signals.
    first, second : ndarray, shape (batch, node)
        Signals of the two states.
    span : float
        Beta of the second state less beta of the first; not zero.

    Returns
    -------
    gradient : Parameters
        Gradient with respect to weights and biases, dimensionless; descent subtracts it.

    Raises
    ------
    InputError
        If the shapes differ or ``span`` is zero.
    """
    check_states(inputs, first, second, span)
    scale = -1.0 / (span * len(inputs))
    weights = np.empty(network.n_edges, dtype=first.dtype)
    for block in network.blocks:
        if block.dense:
            into = block.view(weights)
            into[:] = 0.0
            for factor, pre, post in outer_terms(network, block, inputs, first, second):
                into += (scale * factor) * (pre.T @ post)
        else:
            weights[block.edges] = scale * _sparse_products(network, block, inputs, first, second)
    return Parameters(weights, scale * (second - first).sum(axis=0))


def outer_terms(
    network: Network, block: Block, inputs: Floats, first: Floats, second: Floats
) -> list[tuple[float, Floats, Floats]]:
    """Sum of ``factor · pre.T @ post`` that is the block's contrast: one product where the input is shared."""
    post = network.layer(block.post)
    if block.pre == 0:
        return [(1.0, inputs, second[:, post] - first[:, post])]
    pre = network.layer(block.pre)
    return [(1.0, second[:, pre], second[:, post]), (-1.0, first[:, pre], first[:, post])]


def _sparse_products(network: Network, block: Block, inputs: Floats, first: Floats, second: Floats) -> Floats:
    rows, cols = block.endpoints()
    total = np.zeros(len(rows), dtype=first.dtype)
    for factor, pre, post in outer_terms(network, block, inputs, first, second):
        total += factor * np.einsum("be,be->e", pre[:, rows], post[:, cols])
    return total


def check_states(inputs: Floats, first: Floats, second: Floats, span: float) -> None:
    """Refuse two states that cannot be compared."""
    if span == 0.0:
        raise InputError("gradient: both states have the same beta; nudge one of them")
    if first.shape != second.shape or len(inputs) != len(first):
        raise InputError(
            f"gradient: inputs {inputs.shape}, first {first.shape} and second {second.shape} are not one batch of one "
            "network; pass arrays of the same minibatch"
        )
