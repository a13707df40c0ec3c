"""Backpropagation against finite differences."""

import numpy as np
import pytest

from analogeq.digital import FeedforwardCopy, backpropagate, backpropagate_layers
from analogeq.network import Network, Parameters, glorot_uniform


def test_the_gradient_is_the_central_difference_of_the_squared_error() -> None:
    network = Network.layered((3, 5, 4, 2))
    rng = np.random.default_rng(4)
    theta = glorot_uniform(network, rng, scale=1.5)
    theta.biases[:] = rng.uniform(0.1, 0.3, network.n_nodes)
    x, y = rng.random((6, 3)), rng.random((6, 2))

    def cost(weights: np.ndarray, biases: np.ndarray) -> float:
        out = FeedforwardCopy(network, Parameters(weights, biases)).outputs(x)
        return float(np.sum((out - y) ** 2)) / len(x)

    gradient = backpropagate(FeedforwardCopy(network, theta), x, y)
    step = 1e-6
    for edge in range(0, network.n_edges, 3):
        moved = np.zeros(network.n_edges)
        moved[edge] = step
        slope = (cost(theta.weights + moved, theta.biases) - cost(theta.weights - moved, theta.biases)) / (2 * step)
        # Truncation is step**2 and rounding 1e-16 / step: both below 1e-9.
        assert gradient.weights[edge] == pytest.approx(slope, abs=1e-8)
    for node in range(network.n_nodes):
        moved = np.zeros(network.n_nodes)
        moved[node] = step
        slope = (cost(theta.weights, theta.biases + moved) - cost(theta.weights, theta.biases - moved)) / (2 * step)
        assert gradient.biases[node] == pytest.approx(slope, abs=1e-8)


def test_the_gradient_of_all_layers_is_the_central_difference_of_their_summed_losses() -> None:
    network = Network.layered((3, 5, 4, 2))
    rng = np.random.default_rng(5)
    theta = glorot_uniform(network, rng, scale=1.5)
    x, settled = rng.random((6, 3)), rng.random((6, network.n_nodes))

    def loss(weights: np.ndarray) -> float:
        signals = FeedforwardCopy(network, Parameters(weights, theta.biases)).predict(x)
        return float(0.5 * np.sum((signals - settled) ** 2)) / len(x)

    copy = FeedforwardCopy(network, theta)
    gradient = backpropagate_layers(copy, x, settled)
    for edge in range(network.n_edges):
        moved = np.zeros(network.n_edges)
        moved[edge] = 1e-6
        slope = (loss(theta.weights + moved) - loss(theta.weights - moved)) / 2e-6
        # Truncation is step**2 and rounding 1e-16 / step: both below 1e-9.
        assert gradient.weights[edge] == pytest.approx(slope, abs=1e-8)
    last = network.blocks[-1].edges
    assert np.allclose(gradient.weights[last], copy.local_gradient(x, settled).weights[last], rtol=1e-12)
