"""The affine projection: a minibatch's regression solved, layer by layer."""

import numpy as np
import pytest

from analogeq.digital import Activation, FeedforwardCopy, LayeredWeights, choose_arithmetic, feed_forward
from analogeq.digital.activation import LocalLoss
from analogeq.learning import Descent, affine_projection
from analogeq.learning.affine_projection import SOFTENING
from analogeq.learning.affine_projection import affine_projection as projected
from analogeq.learning.in_place import project_locally
from analogeq.network import Network, Parameters, glorot_uniform, network_from_graph, sparse_graph


def linear_copy(sizes=(6, 3), seed=0):
    network = Network.layered(sizes)
    rng = np.random.default_rng(seed)
    weights = Parameters(rng.normal(size=network.n_edges), rng.normal(size=network.n_nodes))
    free = np.full(network.n_nodes, np.inf)
    return FeedforwardCopy(network, weights, Activation(-free, free, np.zeros(network.n_nodes))), rng


def stepped(copy, x, settled):
    forward = copy.forward(x)
    turned = projected(copy.input_grams(x, forward[0]), copy.local_error(settled, forward), copy.network.layers)
    Descent(copy.network, (1.0,) * len(copy.network.layers)).step(copy.parameters, copy.spread(x, forward[0], turned))


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_one_step_at_rate_one_leaves_of_a_samples_error_what_the_softening_does(size: float) -> None:
    copy, rng = linear_copy()
    x, settled = size * rng.normal(size=(1, 6)), rng.normal(size=(1, 3))
    before = copy.predict(x) - settled
    stepped(copy, x, settled)
    left = SOFTENING / (1.0 + SOFTENING)
    # Sums of seven terms of the inputs' size.
    assert copy.predict(x) - settled == pytest.approx(left * before, abs=1e-12 * max(1.0, size))


def test_without_softening_a_minibatch_is_fitted_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affine_projection, "SOFTENING", 0.0)
    copy, rng = linear_copy()
    x, settled = rng.normal(size=(4, 6)), rng.normal(size=(4, 3))
    stepped(copy, x, settled)
    assert copy.predict(x) == pytest.approx(settled, abs=1e-10)  # a 4 x 4 solve of condition 1e2


def test_it_learns_where_a_gradient_crawls() -> None:
    # Signals that are never negative: nearly all of their power lies along one direction.
    rng = np.random.default_rng(3)
    x = 1.0 + 0.05 * rng.normal(size=(400, 6))
    wanted = x @ rng.normal(size=(6, 3))
    found = []
    for name in ("plain", "projected"):
        copy, _ = linear_copy()
        for first in range(0, 400, 10):
            some, target = x[first : first + 10], wanted[first : first + 10]
            if name == "projected":
                stepped(copy, some, target)
                continue
            Descent(copy.network, (0.25,)).step(copy.parameters, copy.local_gradient(some, target))  # 0.29 diverges
        found.append(np.abs(copy.predict(x) - wanted).mean())
    assert found[1] < 0.5 * found[0]  # a quarter: the softening holds back the weakest directions


def test_grams_count_every_block_that_feeds_a_layer_and_the_bias() -> None:
    copy, rng = linear_copy((4, 3, 2))
    x = rng.normal(size=(5, 4))
    signals = copy.predict(x)
    grams = copy.input_grams(x, signals)
    assert grams[0] == pytest.approx(1.0 + x @ x.T)
    assert grams[1] == pytest.approx(1.0 + signals[:, :3] @ signals[:, :3].T)


def test_a_sparse_layers_step_does_not_overshoot() -> None:
    network = network_from_graph(sparse_graph((6, 5, 3), 0.4, seed=1))
    free = np.full(network.n_nodes, np.inf)
    linear = Activation(-free, free, np.zeros(network.n_nodes))
    copy = FeedforwardCopy(network, glorot_uniform(network, np.random.default_rng(0)), linear)
    rng = np.random.default_rng(1)
    x, settled = rng.normal(size=(4, 6)), rng.normal(size=(4, network.n_nodes))
    first = network.layers[0]
    before = np.linalg.norm((copy.predict(x) - settled)[:, first])
    stepped(copy, x, settled)
    assert np.linalg.norm((copy.predict(x) - settled)[:, first]) < before


@pytest.mark.parametrize("loss", ["squared", "matching"])
@pytest.mark.parametrize("compiled", [False, True])
def test_in_place_it_is_the_same_step(compiled: bool, loss: LocalLoss) -> None:
    if compiled:
        pytest.importorskip("numba")
    network = Network.layered((7, 6, 5, 3))
    theta = glorot_uniform(network, np.random.default_rng(0), scale=2.0)
    rng = np.random.default_rng(1)
    x, settled = rng.random((4, 7)), rng.random((4, network.n_nodes))
    rates = (0.3, 0.2, 0.5)
    copy = FeedforwardCopy(network, theta.copy())
    forward = copy.forward(x)
    turned = projected(copy.input_grams(x, forward[0]), copy.local_error(settled, forward, loss), network.layers)
    Descent(network, rates).step(copy.parameters, copy.spread(x, forward[0], turned))
    weights, arithmetic = LayeredWeights(network, theta), choose_arithmetic(compiled=compiled, threads=1)
    project_locally(arithmetic, weights, x, feed_forward(arithmetic, weights, x), settled, rates, loss)
    assert weights.parameters().weights == pytest.approx(copy.parameters.weights, abs=1e-12)
    assert weights.parameters().biases == pytest.approx(copy.parameters.biases, abs=1e-12)
