r"""How strong a nudge should be that is read with noise.

Readings of the two states miss the signals by independent errors of standard deviation :math:`\sigma`. An estimate
(`analogeq.learning.gradient`) then misses by noise whose expected square, summed over all parameters of one minibatch
of B samples, is with span :math:`\Delta\beta` and the states s, s'

.. math:: N = \frac{1}{(\Delta\beta\, B)^2} \sum_b \Big[ \sum_{\text{inputs } x}\! 2 \sigma^2 n_{post} |x|^2
    + \sum_{\text{couplings}} \big( \sigma^2 [ n_{post} (|s_{pre}|^2 + |s'_{pre}|^2)
    + n_{pre} (|s_{post}|^2 + |s'_{post}|^2) ] + 2 n_{pre} n_{post} \sigma^4 \big) + 2 \sigma^2 n \Big]

for dense blocks: inputs are known, a product of two readings errs by both, and the last term is the biases'. It falls
as :math:`\beta^{-2}`. The estimate's bias grows as :math:`\beta^p`, with p = 1 one-sided and p = 2 centred [1]_, so the
mean square error :math:`a^2 \beta^{2p} + c^2 \beta^{-2}` is least at

.. math:: \beta^* = \Big( \frac{c^2}{p\, a^2} \Big)^{1/(2p + 2)} .

References
----------
.. [1] Laborieux et al., "Scaling equilibrium propagation to deep ConvNets by drastically reducing its gradient
   estimator bias", Front. Neurosci. 15 (2021).
"""

from __future__ import annotations

import numpy as np

from analogeq.errors import InputError
from analogeq.learning.gradient import check_states
from analogeq.network import Block, Network
from analogeq.network.network import Floats


def reading_noise(network: Network, inputs: Floats, first: Floats, second: Floats, span: float, sd: float) -> float:
    """Expected square of what noise of ``sd`` [signal] adds to a contrastive gradient, summed over its parameters.

    Parameters
    ----------
    network : Network
        Of dense blocks.
    inputs : ndarray, shape (batch, input)
    first, second : ndarray, shape (batch, node)
        Signals of the two states, without noise.
    span : float
        Beta of the second state less beta of the first; not zero.
    sd : float
        Standard deviation of one reading of one node [signal].

    Raises
    ------
    InputError
        If shapes differ, ``span`` is zero or a block is sparse.
    """
    check_states(inputs, first, second, span)
    total = 2.0 * sd**2 * first.size
    for block in network.blocks:
        if not block.dense:
            raise InputError(f"reading noise: block {block.pre}→{block.post} is sparse; the sum is of dense ones")
        total += _of_block(network, block, inputs, (first, second), sd)
    return float(total) / (span * len(inputs)) ** 2


def _of_block(network: Network, block: Block, inputs: Floats, states: tuple[Floats, Floats], sd: float) -> float:
    n_pre, n_post = block.shape
    if block.pre == 0:
        return 2.0 * sd**2 * n_post * float(np.sum(inputs**2))
    pre, post = network.layer(block.pre), network.layer(block.post)
    squares = sum(n_post * np.sum(s[:, pre] ** 2) + n_pre * np.sum(s[:, post] ** 2) for s in states)
    return sd**2 * float(squares) + 2.0 * n_pre * n_post * len(inputs) * sd**4


def best_beta(bias: float, noise: float, order: int) -> float:
    """Beta at which the mean square error ``bias**2 beta**(2 order) + noise**2 / beta**2`` is least."""
    return float((noise**2 / (order * bias**2)) ** (1.0 / (2 * order + 2)))
