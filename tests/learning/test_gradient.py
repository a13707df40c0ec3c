"""The local gradient against finite differences of the settled cost, by order in beta."""

from collections.abc import Iterator

import numpy as np
import pytest

from analogeq.circuit import Circuit
from analogeq.controller import Controller, Schedule
from analogeq.engines import engine
from analogeq.errors import InputError
from analogeq.hardware import Technology
from analogeq.learning import contrastive_gradient
from analogeq.network import Network, Parameters, glorot_uniform

NETWORK = Network.layered((3, 5, 4, 2))
RNG = np.random.default_rng(7)
X, Y = RNG.random((4, 3)), RNG.random((4, 2))


def _theta() -> Parameters:
    theta = glorot_uniform(NETWORK, np.random.default_rng(3), scale=0.4)
    theta.biases[:] = 0.4  # keeps every node between the rails, where the cost is smooth
    return theta


@pytest.fixture(scope="module")
def controller() -> Iterator[Controller]:
    with engine("native").open(Circuit(NETWORK, Technology())) as session:
        yield Controller(session)


def _settled_cost(controller: Controller, theta: Parameters) -> float:
    controller.schedule = Schedule(free_time=None)
    controller.program(theta)
    out = controller.settle(X)[:, NETWORK.outputs]
    return float(np.sum((out - Y) ** 2)) / len(X)


@pytest.fixture(scope="module")
def truth(controller: Controller) -> Parameters:
    step = 1e-5
    theta = _theta()
    found = Parameters(np.empty(NETWORK.n_edges), np.empty(NETWORK.n_nodes))
    for values, slopes in ((theta.weights, found.weights), (theta.biases, found.biases)):
        for at in range(values.size):
            kept = values[at]
            values[at] = kept + step
            up = _settled_cost(controller, theta)
            values[at] = kept - step
            down = _settled_cost(controller, theta)
            values[at] = kept
            slopes[at] = (up - down) / (2 * step)
    return found


def _estimate(controller: Controller, nudging: str, beta: float) -> Parameters:
    controller.schedule = Schedule(beta=beta, nudging=nudging, free_time=None, nudged_time=None)
    controller.program(_theta())
    pair = controller.run(X, Y)
    return contrastive_gradient(NETWORK, pair.inputs, pair.first, pair.second, pair.span)


def _error(estimate: Parameters, truth: Parameters) -> float:
    away = np.concatenate([estimate.weights - truth.weights, estimate.biases - truth.biases])
    return float(np.linalg.norm(away) / np.linalg.norm(np.concatenate([truth.weights, truth.biases])))


@pytest.mark.parametrize(("nudging", "order"), [("one-sided", 1), ("centred", 2)])
def test_the_bias_falls_with_the_order_of_the_nudging(
    controller: Controller, truth: Parameters, nudging: str, order: int
) -> None:
    betas = (0.04, 0.02, 0.01)
    errors = [_error(_estimate(controller, nudging, b), truth) for b in betas]
    measured = np.log2(errors[0] / errors[1]), np.log2(errors[1] / errors[2])
    # Halving beta divides the bias by 2**order, up to the next order's share: about beta of it.
    assert measured == pytest.approx((order, order), abs=0.15)
    assert errors[-1] < 0.05


def test_lateral_and_sparse_blocks_get_the_product_of_their_own_two_ends() -> None:
    block = type(NETWORK.blocks[0])
    rows, cols = np.array([0, 1]), np.array([1, 2])
    first_block = NETWORK.blocks[0]
    network = Network(
        ("x0", "x1", "x2", *(f"h{i}" for i in range(5))),
        (3, 5),
        np.array([4]),
        (block(0, 1, (3, 5), first_block.edges), block(1, 1, (5, 5), slice(15, 17), rows, cols)),
    )
    x, a, b = RNG.random((6, 3)), RNG.random((6, 5)), RNG.random((6, 5))
    gradient = contrastive_gradient(network, x, a, b, 0.5)
    expected = -(b[:, rows] * b[:, cols] - a[:, rows] * a[:, cols]).mean(axis=0) / 0.5
    assert gradient.weights[15:] == pytest.approx(expected, abs=1e-14)
    assert gradient.biases == pytest.approx(-(b - a).mean(axis=0) / 0.5, abs=1e-14)


def test_states_of_different_minibatches_are_refused() -> None:
    with pytest.raises(InputError, match="minibatch"):
        contrastive_gradient(NETWORK, X, np.zeros((4, 11)), np.zeros((3, 11)), 0.1)


def test_equal_betas_leave_no_gradient() -> None:
    with pytest.raises(InputError, match="beta"):
        contrastive_gradient(NETWORK, X, np.zeros((4, 11)), np.zeros((4, 11)), 0.0)
