"""Bounds of the copy's neurons."""

import numpy as np
import pytest

from analogeq.digital import HARD_SIGMOID, Activation, FeedforwardCopy, backpropagate
from analogeq.errors import InputError
from analogeq.network import Network, glorot_uniform

OWN = Activation(
    np.array([0.0, -np.inf, -1.5, -np.inf]), np.array([np.inf, 0.0, 1.5, np.inf]), np.array([0.01, 0.01, 0.02, 0.0])
)


def test_each_neuron_is_clipped_at_its_own_bounds_and_leaks_by_its_own_slope() -> None:
    x = np.array([[-2.0, -2.0, -2.0, -2.0], [3.0, 3.0, 3.0, 3.0]])
    expected = [[-0.02, -2.02, -1.54, -2.0], [3.03, 0.03, 1.56, 3.0]]
    assert OWN.of(x, slice(0, 4)) == pytest.approx(np.array(expected), abs=1e-15)


def test_the_slope_is_the_finite_difference_away_from_the_corners() -> None:
    x = np.array([[-2.0, -2.0, 0.5, -2.0], [3.0, 3.0, 3.0, 3.0]])
    step = 1e-6
    every = slice(0, 4)
    difference = (OWN.of(x + step, every) - OWN.of(x - step, every)) / (2 * step)
    assert OWN.slope(x) == pytest.approx(difference, abs=1e-9)  # piecewise linear: rounding over the step


def test_the_usual_one_is_the_papers() -> None:
    assert HARD_SIGMOID.uniform
    assert not OWN.uniform
    assert HARD_SIGMOID.of(np.array([[-1.0, 0.5, 2.0]]), slice(0, 3)) == pytest.approx(np.array([[-0.01, 0.505, 1.02]]))


def test_single_precision_stays_single() -> None:
    x = np.ones((2, 4), dtype=np.float32)
    assert OWN.of(x, slice(0, 4)).dtype == np.float32
    assert OWN.slope(x).dtype == np.float32


def test_bounds_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(InputError, match="not below its upper"):
        Activation(1.0, 0.0)


def test_the_gradient_of_a_copy_with_pairs_is_the_finite_difference() -> None:
    network = Network.layered((3, 2, 2))
    copy = FeedforwardCopy(network, glorot_uniform(network, np.random.default_rng(1)), OWN, pairs=True)
    x, y = np.random.default_rng(2).normal(size=(4, 3)), np.ones((4, 1))
    gradient = backpropagate(copy, x, y).weights
    assert copy.outputs(x).shape == (4, 1)
    for edge in (0, 3, 7, 9):
        costs = []
        for side in (1e-6, -1e-6):
            moved = copy.parameters.copy()
            moved.weights[edge] += side
            there = FeedforwardCopy(network, moved, OWN, pairs=True)
            costs.append(((there.outputs(x) - y) ** 2).sum(axis=1).mean())
        assert gradient[edge] == pytest.approx((costs[0] - costs[1]) / 2e-6, abs=1e-8)  # rounding over the step
