r"""Whether what a layer learns from its own loss also serves the layers after it.

The local gradient of a layer's weights is that of its own loss; its distant gradient is that of the losses
of all later layers, which only backpropagation finds. Their cosine tells whether a local step helps them too.
"""

from __future__ import annotations

import numpy as np

from analogeq.digital import FeedforwardCopy, backpropagate_layers
from analogeq.network.network import Floats


def layer_cosines(copy: FeedforwardCopy, inputs: Floats, settled: Floats) -> list[float]:
    """Cosine of local and distant gradient of each block of weights but those into the last layer.

    Parameters
    ----------
    copy : FeedforwardCopy
    inputs : ndarray, shape (batch, input)
    settled : ndarray, shape (batch, node)
        The targets of all neurons.
    """
    near = copy.local_gradient(inputs, settled).weights.astype(np.float64)
    far = backpropagate_layers(copy, inputs, settled).weights.astype(np.float64) - near
    last = len(copy.network.layers)
    return [_cosine(near[b.edges], far[b.edges]) for b in copy.network.blocks if b.post < last]


def _cosine(a: Floats, b: Floats) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
