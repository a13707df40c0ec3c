"""What is asked of outputs: a cost, and its slope, which a nudge pulls against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class Cost(Protocol):
    """A cost of output signals against targets."""

    def value(self, outputs: Array, targets: Array) -> Array:
        """Cost of each sample, shape (batch,)."""
        ...

    def slope(self, outputs: Array, targets: Array) -> Array:
        """Derivative by each output, shape (batch, output)."""
        ...


@dataclass(frozen=True)
class SquaredError:
    """Half the squared distance, ``½ |out - y|²``: what a nudge conductance of 1 S to each target stores."""

    def value(self, outputs: Array, targets: Array) -> Array:
        """Cost of each sample, shape (batch,)."""
        cost: Array = 0.5 * ((outputs - targets) ** 2).sum(axis=1)
        return cost

    def slope(self, outputs: Array, targets: Array) -> Array:
        """How far each output is above its target."""
        return outputs - targets


@dataclass(frozen=True)
class SoftmaxCrossEntropy:
    """Cross-entropy of one-hot targets and ``softmax(out / temperature)``.

    Attributes
    ----------
    temperature : float
        Output signal that counts as one unit [V].
    """

    temperature: float = 1.0

    def value(self, outputs: Array, targets: Array) -> Array:
        """Cost of each sample, shape (batch,)."""
        scaled = outputs / self.temperature
        top = scaled.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(scaled - top).sum(axis=1)) + top[:, 0]
        cost: Array = log_sum - (targets * scaled).sum(axis=1)
        return cost

    def slope(self, outputs: Array, targets: Array) -> Array:
        """Probability less target, over the temperature."""
        scaled = outputs / self.temperature
        grown = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        slope: Array = (grown / grown.sum(axis=1, keepdims=True) - targets) / self.temperature
        return slope


def of_pairs(slope: Array) -> Array:
    """Slope by the nodes of differential pairs, shape (batch, 2·output), from that by their differences."""
    by_node = np.empty((slope.shape[0], 2 * slope.shape[1]), dtype=slope.dtype)
    by_node[:, 0::2] = slope
    by_node[:, 1::2] = -slope
    return by_node
