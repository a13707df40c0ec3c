"""What reading noise does to the gradient, by closed form and by drawing it; the nudge that balances it."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from analogeq.errors import InputError
from analogeq.learning import contrastive_gradient
from analogeq.learning.nudge_strength import best_beta, reading_noise
from analogeq.network import Network, layered_graph, network_from_graph, with_lateral_connections

NETWORK = Network.layered((3, 4, 5, 2))
RNG = np.random.default_rng(5)
X, FIRST, SECOND = RNG.random((6, 3)), RNG.random((6, 11)), RNG.random((6, 11))


@pytest.mark.parametrize("sd", [1e-3, 0.5])
def test_the_closed_form_is_the_mean_over_many_readings(sd: float) -> None:
    exact = contrastive_gradient(NETWORK, X, FIRST, SECOND, 0.1)
    squares = []
    for _ in range(4000):
        first, second = (s + sd * RNG.standard_normal(s.shape) for s in (FIRST, SECOND))
        off = contrastive_gradient(NETWORK, X, first, second, 0.1)
        squares.append(np.sum((off.weights - exact.weights) ** 2) + np.sum((off.biases - exact.biases) ** 2))
    error = np.std(squares) / np.sqrt(len(squares))
    assert abs(np.mean(squares) - reading_noise(NETWORK, X, FIRST, SECOND, 0.1, sd)) < 4.0 * error
    assert error < 0.02 * np.mean(squares)  # or the comparison would say nothing


@pytest.mark.parametrize("order", [1, 2])
def test_no_other_nudge_errs_less_than_the_best(order: int) -> None:
    bias, noise = 0.7, 0.003
    found = minimize_scalar(
        lambda log: bias**2 * np.exp(2 * order * log) + noise**2 * np.exp(-2 * log), bracket=(-4.0, 0.0)
    )
    assert best_beta(bias, noise, order) == pytest.approx(np.exp(found.x), rel=1e-5)


def test_sparse_blocks_are_refused() -> None:
    network = network_from_graph(with_lateral_connections(layered_graph((2, 3, 2))))
    states = np.zeros((1, network.n_nodes))
    with pytest.raises(InputError, match="sparse"):
        reading_noise(network, np.zeros((1, 2)), states, states, 0.1, 1e-3)
