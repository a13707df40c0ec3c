"""The feedforward copy against its equations."""

import numpy as np
import pytest

from analogeq.digital import FeedforwardCopy
from analogeq.digital.activation import rho, rho_slope
from analogeq.network import Network, Parameters, glorot_uniform


@pytest.fixture
def copy() -> FeedforwardCopy:
    network = Network.layered((4, 6, 3))
    return FeedforwardCopy(network, glorot_uniform(network, np.random.default_rng(0), scale=2.0))


def test_rho_is_a_clip_with_a_hundredth_of_its_argument_on_top() -> None:
    x = np.array([-2.0, 0.0, 0.5, 1.0, 3.0])
    assert rho(x) == pytest.approx([-0.02, 0.0, 0.505, 1.01, 1.03], abs=1e-15)


def test_the_slope_of_rho_is_its_finite_difference_away_from_the_corners() -> None:
    x = np.array([-1.5, 0.25, 0.75, 2.0])
    step = 1e-6  # central difference of a piecewise linear function: exact to rounding, 1e-16 / 1e-6
    assert rho_slope(x) == pytest.approx((rho(x + step) - rho(x - step)) / (2 * step), abs=1e-9)


def test_predicts_layer_by_layer_as_equation_6_says(copy: FeedforwardCopy) -> None:
    x = np.random.default_rng(1).random((5, 4))
    first, second = (copy.parameters.block(b) for b in copy.network.blocks)
    hidden = rho(x @ first + copy.parameters.biases[:6])
    expected = np.hstack([hidden, rho(hidden @ second + copy.parameters.biases[6:])])
    assert copy.predict(x) == pytest.approx(expected, abs=1e-14)


def test_each_layer_descends_its_own_loss_with_the_layer_before_held_fixed(copy: FeedforwardCopy) -> None:
    rng = np.random.default_rng(2)
    x, settled = rng.random((7, 4)), rng.random((7, 9))
    gradient = copy.local_gradient(x, settled)
    fixed = copy.predict(x)

    def loss(layer: int, weights: np.ndarray, biases: np.ndarray) -> float:
        source = x if layer == 0 else fixed[:, :6]
        at = copy.network.layers[layer]
        block = copy.network.blocks[layer]
        predicted = rho(source @ block.view(weights) + biases[at])
        return 0.5 * float(np.sum((predicted - settled[:, at]) ** 2)) / len(x)

    step = 1e-6
    for layer, block in enumerate(copy.network.blocks):
        for edge in range(block.edges.start, block.edges.stop, 5):
            up, down = copy.parameters.weights.copy(), copy.parameters.weights.copy()
            up[edge] += step
            down[edge] -= step
            biases = copy.parameters.biases
            slope = (loss(layer, up, biases) - loss(layer, down, biases)) / (2 * step)
            # Quadratic in a weight away from rho's corners, so the central difference is exact to rounding.
            assert gradient.weights[edge] == pytest.approx(slope, abs=1e-8)


def test_the_matching_loss_is_descended_by_the_error_itself_and_is_least_where_the_squared_one_is() -> None:
    network = Network.layered((1, 1))
    copy = FeedforwardCopy(network, Parameters(np.array([0.0]), np.array([0.0])))
    x, settled = np.ones((1, 1)), np.array([[0.4]])
    grid = np.linspace(-3.0, 4.0, 70_001)
    # The integral of rho less the target, by the trapezoid rule, from its root at 0.4 / 1.01.
    loss = np.concatenate([[0.0], np.cumsum(0.5 * np.diff(grid) * (rho(grid[1:]) + rho(grid[:-1]) - 0.8))])
    assert grid[loss.argmin()] == pytest.approx(0.4 / 1.01, abs=1e-4)  # the grid's step
    for weight in (-2.0, 0.3, 3.0):
        there = FeedforwardCopy(network, Parameters(np.array([weight]), np.array([0.0])))
        at = int(np.searchsorted(grid, weight))
        slope = (loss[at + 10] - loss[at - 10]) / (grid[at + 10] - grid[at - 10])
        # The loss is quadratic between rho's corners: exact but for where the grid stands.
        assert there.local_gradient(x, settled, loss="matching").weights[0] == pytest.approx(slope, abs=2e-4)
    held = copy.local_gradient(x - 3.0, settled)  # a sum of 0: inside the clip both losses pull alike but for the leak
    assert held.weights[0] == pytest.approx(1.01 * copy.local_gradient(x - 3.0, settled, loss="matching").weights[0])


def test_a_neuron_beyond_its_clip_learns_a_hundred_times_slower_by_the_squared_loss() -> None:
    network = Network.layered((1, 1))
    copy = FeedforwardCopy(network, Parameters(np.array([-1.0]), np.array([0.0])))
    x, settled = np.ones((1, 1)), np.array([[0.5]])
    squared, matching = (copy.local_gradient(x, settled, loss=loss).weights[0] for loss in ("squared", "matching"))
    assert matching == pytest.approx(-0.51, abs=1e-15)
    assert squared == pytest.approx(0.01 * matching, abs=1e-15)


def test_a_network_with_skip_edges_uses_every_earlier_layer() -> None:
    whole = Network.layered((2, 3, 1))
    skip = type(whole.blocks[0])(0, 2, (2, 1), slice(9, 11))
    network = Network(whole.names, whole.layer_sizes, whole.outputs, (whole.blocks[0], skip, _moved(whole, 11)))
    copy = FeedforwardCopy(network, Parameters(np.linspace(0.1, 0.4, 14), np.zeros(4)))
    x = np.array([[0.3, 0.6]])
    hidden = rho(x @ copy.parameters.weights[:6].reshape(2, 3))
    expected = rho(hidden @ copy.parameters.weights[11:14] + x @ copy.parameters.weights[9:11])
    # Blocks keep their own place in the edge vector whatever their order: edges 6 to 8 belong to nobody here.
    assert copy.outputs(x)[0] == pytest.approx(expected, abs=1e-15)


def _moved(network: Network, start: int):
    block = network.blocks[1]
    return type(block)(block.pre, block.post, block.shape, slice(start, start + 3))
