"""The projection of a circuit's first step: what it is for one sample, and what it is for."""

import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.learning import contrastive_gradient
from analogeq.learning.affine_projection import SOFTENING
from analogeq.learning.input_projection import check_projectable, project_inputs, projected_movement
from analogeq.network import Network, network_from_graph, sparse_graph

NETWORK = Network.layered((6, 4, 3))
SPAN = 0.5


def _states(batch: int):
    rng = np.random.default_rng(1)
    return rng.random((batch, 6)), rng.random((batch, 7)), rng.random((batch, 7))


def test_one_samples_step_is_the_plain_one_over_its_squared_length() -> None:
    x, first, second = _states(1)
    plain = contrastive_gradient(NETWORK, x, first, second, SPAN)
    projected = contrastive_gradient(NETWORK, x, first, second, SPAN)
    project_inputs(NETWORK, projected, x, first, second, SPAN)
    inputs, between = (block.edges for block in NETWORK.blocks)
    length = (1.0 + SOFTENING) * (np.sum(x**2) + 1.0)  # the bias has a 1 for its input
    assert projected.weights[inputs] == pytest.approx(plain.weights[inputs] / length)
    assert projected.biases[:4] == pytest.approx(plain.biases[:4] / length)
    assert np.array_equal(projected.weights[between], plain.weights[between])
    assert np.array_equal(projected.biases[4:], plain.biases[4:])


def test_samples_that_are_alike_do_not_add_up_to_a_longer_step() -> None:
    x = np.repeat(np.random.default_rng(2).random((1, 6)), 20, axis=0)
    moved = np.full((20, 4), 0.3)
    reached = x @ (x.T @ projected_movement(x, moved)) / 20 + projected_movement(x, moved).sum(axis=0) / 20
    # The rows' one direction holds the whole trace: softening is a 20th of it.
    assert reached == pytest.approx(moved / (1.0 + SOFTENING / 20))


def test_nodes_that_see_different_inputs_are_refused() -> None:
    network = network_from_graph(sparse_graph((6, 8, 3), density=0.5, seed=0))
    with pytest.raises(InputError, match="use plain"):
        check_projectable(network)
