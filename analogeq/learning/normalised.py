r"""Local steps that do not depend on the size of what a layer is fed: normalised least mean squares.

A layer of the copy is a regression of settled signals on the signals before it. Its plain gradient
step grows with the square of those, which in a resistive circuit are volts of any size. Divided by
their mean squared length [1]_

.. math:: \Delta w_{ij} = -\eta\, \frac{\langle x_i\, \delta_j \rangle}{\langle |x|^2 \rangle}, \qquad
    |x|^2 = 1 + \sum_i x_i^2,

a step with :math:`\eta = 1` on one sample moves its error to zero, and any :math:`\eta < 2` converges.
The length is the layer's own, so the rule stays local.

References
----------
.. [1] Nagumo & Noda, IEEE Trans. Autom. Control 12 (1967); Haykin, Adaptive Filter Theory, ch. 6.
"""

from __future__ import annotations

from analogeq.network import Network, Parameters
from analogeq.network.network import Floats


def normalised(network: Network, gradient: Parameters, power: Floats) -> Parameters:
    """Divide each layer's gradient by the mean squared length of what the layer is fed, in place.

    Parameters
    ----------
    network : Network
    gradient : Parameters
        Of each layer's own loss.
    power : ndarray, shape (layer,)
        As `analogeq.digital.FeedforwardCopy.input_power` gives it, the bias counted as 1.
    """
    for block in network.blocks:
        gradient.weights[block.edges] /= power[block.post - 1]
    for layer, length in zip(network.layers, power, strict=True):
        gradient.biases[layer] /= length
    return gradient
