r"""Local steps that solve a layer's regression on a minibatch: the affine projection algorithm.

A layer of the copy is a regression of settled signals on the signals before it. A gradient step moves
slowly along every direction in which these vary little, and signals that are never negative all vary
most along one. The affine projection [1]_ takes the least step that sets the errors of the whole
minibatch right, softened by a fraction of the mean squared length:

.. math:: \Delta W = -\eta\, X^T \Big(X X^T + \gamma\, \tfrac{\mathrm{tr}\,X X^T}{B}\, 1\Big)^{-1} \delta,

with the inputs of the layer and a 1 for its bias as rows of X, B of them. For one sample it is
normalised least mean squares [2]_. It is a linear solve of the minibatch's size; nothing of another
layer enters, and the size of the signals (volts in a resistive circuit) falls out.

References
----------
.. [1] Ozeki & Umeda, Electronics and Communications in Japan 67-A (1984); Haykin, Adaptive Filter Theory, ch. 6.
.. [2] Nagumo & Noda, IEEE Trans. Autom. Control 12 (1967).
"""

from __future__ import annotations

import numpy as np

from analogeq.network.network import Floats

SOFTENING = 0.1
"""Gamma: what a target cannot be predicted from acts as noise, which an exact fit of a minibatch would follow."""


def affine_projection(grams: Floats, error: Floats, layers: tuple[slice, ...]) -> Floats:
    """Turn each layer's errors into those whose plain gradient step is the projection.

    Parameters
    ----------
    grams : ndarray, shape (layer, batch, batch)
        :math:`X X^T` of every layer, as `analogeq.digital.FeedforwardCopy.input_grams` gives it.
    error : ndarray, shape (batch, node)
        Slope of each layer's own loss by what its neurons sum.
    layers : tuple of slice
        Where the layers stand on the node axis.

    Returns
    -------
    ndarray, shape (batch, node)
    """
    batch = len(error)
    softened = grams.astype(np.float64)
    diagonal = np.arange(batch)
    softened[:, diagonal, diagonal] += SOFTENING * np.trace(softened, axis1=1, axis2=2)[:, None] / batch
    turned = np.empty_like(error)
    for gram, layer in zip(softened, layers, strict=True):
        turned[:, layer] = np.linalg.solve(gram, error[:, layer].astype(np.float64))
    return turned
