"""Cosines of local and distant gradients on networks where they are known."""

import numpy as np
import pytest

from analogeq.digital import Activation, FeedforwardCopy
from analogeq.learning.alignment import layer_cosines
from analogeq.network import Network, Parameters

LINEAR = Activation(-np.inf, np.inf, 0.0)


def chain(second: float) -> FeedforwardCopy:
    """Two linear neurons in a row; the first adds nothing of its own to what the input is."""
    network = Network.layered((1, 1, 1))
    return FeedforwardCopy(network, Parameters(np.array([1.0, second]), np.zeros(2)), LINEAR)


@pytest.mark.parametrize("second", [2.0, -2.0])
def test_one_weight_is_pulled_with_or_against_its_own_loss(second: float) -> None:
    # s_1 = x is 1 above its target; s_2 = second·x is 1 above its own, so it wants s_1 lower where second > 0.
    cosines = layer_cosines(chain(second), np.ones((1, 1)), np.array([[0.0, second - 1.0]]))
    assert cosines == [pytest.approx(np.sign(second), abs=1e-15)]


def test_orthogonal_pulls_have_cosine_zero() -> None:
    network = Network.layered((1, 2, 1))
    copy = FeedforwardCopy(network, Parameters(np.array([1.0, 1.0, 0.0, 1.0]), np.zeros(3)), LINEAR)
    # The first hidden neuron alone is off its target, and the output, itself off, hears the second alone.
    assert layer_cosines(copy, np.ones((1, 1)), np.array([[0.0, 1.0, 0.0]])) == [0.0]
