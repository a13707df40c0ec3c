"""Normalised local steps."""

import numpy as np
import pytest

from analogeq.digital import Activation, FeedforwardCopy
from analogeq.learning import Descent
from analogeq.learning.normalised import normalised
from analogeq.network import Network, Parameters


def linear_copy(sizes=(4, 3), seed=0):
    network = Network.layered(sizes)
    rng = np.random.default_rng(seed)
    weights = Parameters(rng.normal(size=network.n_edges), rng.normal(size=network.n_nodes))
    free = np.full(network.n_nodes, np.inf)
    return FeedforwardCopy(network, weights, Activation(-free, free, np.zeros(network.n_nodes))), rng


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_one_step_at_rate_one_takes_the_error_of_a_sample_away_whatever_the_inputs_size(size: float) -> None:
    copy, rng = linear_copy()
    x, settled = size * rng.normal(size=(1, 4)), rng.normal(size=(1, 3))
    gradient = copy.local_gradient(x, settled)
    power = copy.input_power(x, copy.predict(x))
    Descent(copy.network, (1.0,)).step(copy.parameters, normalised(copy.network, gradient, power))
    # Sums of five terms of the inputs' size.
    assert copy.predict(x) == pytest.approx(settled, abs=1e-13 * max(1.0, size))


def test_the_power_counts_every_block_that_feeds_a_layer_and_its_bias() -> None:
    copy, rng = linear_copy((4, 3, 2))
    x = rng.normal(size=(5, 4))
    signals = copy.predict(x)
    expected = [1.0 + np.mean((x**2).sum(axis=1)), 1.0 + np.mean((signals[:, :3] ** 2).sum(axis=1))]
    assert copy.input_power(x, signals) == pytest.approx(expected, rel=1e-14)
