"""A copy of few bits: nearly the copy at many, its levels at few."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.digital import Activation, FeedforwardCopy
from analogeq.digital.few_bits import predict_rounded, rounded_copy
from analogeq.network import Network, Parameters, glorot_uniform

NETWORK = Network.layered((3, 5, 2))


@pytest.fixture
def copy() -> FeedforwardCopy:
    rng = np.random.default_rng(0)
    theta = glorot_uniform(NETWORK, rng)
    return FeedforwardCopy(NETWORK, Parameters(theta.weights, rng.uniform(0.2, 0.4, NETWORK.n_nodes)))


def test_weights_of_a_block_are_whole_steps_of_its_largest(copy: FeedforwardCopy) -> None:
    rounded = rounded_copy(copy, 4).parameters.weights
    for block in NETWORK.blocks:
        own, found = copy.parameters.weights[block.edges], rounded[block.edges]
        steps = found / (np.abs(own).max() / 7)
        assert steps == pytest.approx(np.rint(steps), abs=1e-9)  # rounding of a quotient
        assert np.abs(found - own).max() <= 0.5 * np.abs(own).max() / 7 * (1 + 1e-9)
        assert np.abs(found).max() == pytest.approx(np.abs(own).max(), rel=1e-12)


def test_many_bits_are_the_copy_itself_if_its_signals_stay_within_0_and_1(copy: FeedforwardCopy) -> None:
    clipped, inputs = replace(copy, activation=Activation(leak=0.0)), np.random.default_rng(1).random((7, 3))
    found = predict_rounded(rounded_copy(clipped, 24), inputs, 24)
    # Weights and signals are off by 2^-24 at most, and sums have a few terms.
    assert np.abs(found - clipped.predict(inputs)).max() < 1e-6


def test_signals_between_layers_have_their_levels(copy: FeedforwardCopy) -> None:
    found = predict_rounded(copy, np.random.default_rng(1).random((50, 3)), 2)
    hidden = found[:, NETWORK.layers[0]]
    assert set(np.round(np.unique(hidden) * 3.0, 9)) <= {0.0, 1.0, 2.0, 3.0}
