"""Bounded steps down a gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analogeq.errors import InputError
from analogeq.network import Network, Parameters
from analogeq.network.network import Floats


class Descent:
    """Gradient descent with a rate for each layer, bounded by what a device can hold.

    Parameters
    ----------
    network : Network
    rates : sequence of float
        One for each layer but the inputs: the rate of the edges into it and of its biases.
    limit : float
        Largest magnitude of a weight or bias; infinite where nothing bounds it.
    momentum : float
        Fraction of the last step that is repeated (Polyak 1964), in [0, 1).
    ridge : float
        With every step a weight loses this times its rate of itself, biases nothing (Loshchilov & Hutter 2019).

    Attributes
    ----------
    factor : float
        On all rates; 1 until it is set.
    """

    def __init__(
        self,
        network: Network,
        rates: Sequence[float],
        *,
        limit: float = np.inf,
        momentum: float = 0.0,
        ridge: float = 0.0,
    ) -> None:
        if len(rates) != len(network.layers):
            raise InputError(
                f"rates {tuple(rates)}: {len(rates)} for {len(network.layers)} layers; give one rate for each layer "
                "after the inputs"
            )
        if not 0.0 <= momentum < 1.0:
            raise InputError(f"momentum {momentum}: outside [0, 1); the steps would never die away")
        self.network = network
        self.limit = limit
        self.momentum, self.ridge = momentum, ridge
        self._edge_runs = [(b.edges, float(rates[b.post - 1])) for b in network.blocks]
        self._node_runs = [(layer, float(r)) for layer, r in zip(network.layers, rates, strict=True)]
        self.velocity: Parameters | None = None
        self.factor = 1.0

    def step(self, parameters: Parameters, gradient: Parameters) -> int:
        """Move ``parameters`` in place; return how many hit the limit."""
        direction = self._with_momentum(gradient)
        for run, rate in self._edge_runs:
            if self.ridge > 0.0:
                parameters.weights[run] *= kept(rate * self.factor, self.ridge)
            parameters.weights[run] -= rate * self.factor * direction.weights[run]
        for run, rate in self._node_runs:
            parameters.biases[run] -= rate * self.factor * direction.biases[run]
        return bound(parameters.weights, self.limit) + bound(parameters.biases, self.limit)

    def _with_momentum(self, gradient: Parameters) -> Parameters:
        if self.momentum == 0.0:
            return gradient
        if self.velocity is None:
            self.velocity = Parameters(np.zeros_like(gradient.weights), np.zeros_like(gradient.biases))
        _roll(self.velocity.weights, gradient.weights, self.momentum)
        _roll(self.velocity.biases, gradient.biases, self.momentum)
        return self.velocity


def kept(rate: float, ridge: float) -> float:
    """Say which part of a weight a ridge leaves in one step."""
    return 1.0 - rate * ridge


def _roll(velocity: Floats, gradient: Floats, momentum: float) -> None:
    velocity *= momentum
    velocity += gradient


def bound(values: Floats, limit: float) -> int:
    """Clip ``values`` to ±limit in place; return how many were outside."""
    if np.isinf(limit):
        return 0
    if max(values.max(initial=0.0), -values.min(initial=0.0)) <= limit:
        return 0
    outside = int(np.count_nonzero(np.abs(values) > limit))
    np.clip(values, -limit, limit, out=values)
    return outside


class Ceiling:
    """Keeps values within ±limit, looking at them only when they may have gone beyond.

    It knows the largest magnitude it last saw and how far each step can have gone since.

    Parameters
    ----------
    limit : float
        Largest magnitude allowed.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._largest = np.inf

    def after(self, values: Floats, step: float) -> int:
        """Clip ``values`` in place after a step of at most ``step``; return how many were outside."""
        # Rounding of the sums behind a step is far below the per mille added here.
        self._largest += 1.001 * step
        if self._largest <= self.limit:
            return 0
        self._largest = float(max(values.max(initial=0.0), -values.min(initial=0.0)))
        if self._largest <= self.limit:
            return 0
        self._largest = self.limit
        return bound(values, self.limit)
