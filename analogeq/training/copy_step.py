"""Which way a copy's weights go after a minibatch."""

from __future__ import annotations

from typing import Protocol

from analogeq.digital import FeedforwardCopy
from analogeq.digital.activation import LocalLoss
from analogeq.learning.affine_projection import affine_projection
from analogeq.network import Parameters
from analogeq.training.learner import Floats


class CopyTeaching(Protocol):
    """What of a config decides it."""

    @property
    def copy_optimizer(self) -> str:
        """Plain or affine-projection."""
        ...

    @property
    def copy_loss(self) -> LocalLoss:
        """Squared or matching."""
        ...


def copy_step(
    copy: FeedforwardCopy, config: CopyTeaching, inputs: Floats, settled: Floats, forward: tuple[Floats, Floats]
) -> Parameters:
    """Return the direction to descend: the plain gradient of each layer's own loss, or its affine projection."""
    if config.copy_optimizer == "plain":
        return copy.local_gradient(inputs, settled, forward, loss=config.copy_loss)
    signals = forward[0]
    error = copy.local_error(settled, forward, config.copy_loss)
    turned = affine_projection(copy.input_grams(inputs, signals), error, copy.network.layers)
    return copy.spread(inputs, signals, turned)
