"""NumPy's and the compiled arithmetic against each other and against the plain relaxation."""

import numpy as np
import pytest

from analogeq.digital import (
    EulerRelaxation,
    EulerSteps,
    FeedforwardCopy,
    Forces,
    LayeredWeights,
    Sweeps,
    backpropagate,
    choose_arithmetic,
    descend,
    feed_forward,
    match_steps,
    pull_of,
    settle,
)
from analogeq.digital.arithmetic import Arithmetic
from analogeq.digital.matching import distances, equilibrium
from analogeq.errors import InputError
from analogeq.network import Network, Parameters, glorot_uniform

# Sizes that are no multiple of four, a narrow last layer (held turned) and a wide one.
SHAPES = [(9, 37, 5), (7, 34, 33, 41, 3), (5, 6), (6, 3, 35, 2)]
# Rounding of sums of some 50 terms, reordered, over some 20 steps.
ROUNDING = {np.float64: 1e-12, np.float32: 2e-5}


@pytest.fixture(params=["numpy", "numpy on two threads", "compiled"])
def calculate(request: pytest.FixtureRequest) -> Arithmetic:
    compiled = request.param.startswith("compiled")
    if compiled:
        pytest.importorskip("numba", reason="the compiled arithmetic is the optional extra 'fast'")
    return choose_arithmetic(compiled=compiled, threads=2 if "two" in request.param else 1)


def _case(sizes: tuple[int, ...], dtype: type = np.float64, n: int = 7):
    network = Network.layered(sizes)
    rng = np.random.default_rng(5)
    theta = glorot_uniform(network, rng, scale=0.8, dtype=dtype)
    theta.biases[:] = rng.uniform(-0.1, 0.4, network.n_nodes)
    x = (rng.random((n, sizes[0])) * (rng.random((n, sizes[0])) < 0.5)).astype(dtype)
    s, s_f = rng.random((2, n, network.n_nodes)).astype(dtype)
    return network, theta, x, s, s_f, rng.random((n, sizes[-1])).astype(dtype)


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_euler_steps_are_those_of_the_plain_relaxation(calculate: Arithmetic, sizes: tuple, dtype: type) -> None:
    network, theta, x, s, s_f, y = _case(sizes, dtype)
    expected = EulerRelaxation(network, theta).relax(Forces(x, s_f, 0.1, y, -0.4), s, 20)
    weights = LayeredWeights(network, theta)
    settle(calculate, weights, pull_of(calculate, weights, x, s_f, 0.1).nudged(y, -0.4), EulerSteps(20), s)
    assert s.dtype == dtype
    assert s == pytest.approx(expected, abs=ROUNDING[dtype])


@pytest.mark.parametrize("sizes", SHAPES)
def test_alternating_layers_rest_where_euler_steps_rest(calculate: Arithmetic, sizes: tuple) -> None:
    network, theta, x, s, s_f, _ = _case(sizes)
    expected = EulerRelaxation(network, theta).relax(Forces(x, s_f, 0.5), s, 4000)
    weights = LayeredWeights(network, theta)
    settle(calculate, weights, pull_of(calculate, weights, x, s_f, 0.5), Sweeps(1000, 1.2), s)
    assert s == pytest.approx(expected, abs=1e-12)  # both at rest: only rounding is left


def test_a_sweep_leaves_no_force_on_the_layers_moved_last(calculate: Arithmetic) -> None:
    network, theta, x, s, _, _ = _case((9, 37, 5))
    weights = LayeredWeights(network, theta)
    settle(calculate, weights, pull_of(calculate, weights, x), Sweeps(1), s)
    # The outputs move first, so the hidden layer moves last: a step of the whole way leaves it where it is.
    again = EulerRelaxation(network, theta, epsilon=1.0).relax(Forces(x), s, 1)
    assert s[:, :37] == pytest.approx(again[:, :37], abs=1e-12)
    assert np.abs(s[:, 37:] - again[:, 37:]).max() > 1e-3


@pytest.mark.parametrize("sizes", SHAPES)
def test_the_pass_forward_is_the_copys(calculate: Arithmetic, sizes: tuple) -> None:
    network, theta, x, _, _, _ = _case(sizes)
    signals, summed = FeedforwardCopy(network, theta).forward(x)
    found = feed_forward(calculate, LayeredWeights(network, theta), x)
    assert found.signals == pytest.approx(signals, abs=1e-13)
    assert found.summed == pytest.approx(summed, abs=1e-13)


@pytest.mark.parametrize("sizes", SHAPES)
def test_backpropagation_in_place_is_a_step_down_its_gradient(calculate: Arithmetic, sizes: tuple) -> None:
    network, theta, x, _, _, y = _case(sizes)
    gradient = backpropagate(FeedforwardCopy(network, theta), x, y)
    rates = tuple(0.1 * (k + 1) for k in range(len(sizes) - 1))
    weights = LayeredWeights(network, theta)
    descend(calculate, weights, x, y, rates)
    moved = weights.parameters()
    for block, layer, rate in zip(network.blocks, network.layers, rates, strict=True):
        expected = theta.block(block) - rate * gradient.block(block)
        assert moved.block(block) == pytest.approx(expected, abs=1e-13)
        assert moved.biases[layer] == pytest.approx(theta.biases[layer] - rate * gradient.biases[layer], abs=1e-13)


def test_two_threads_give_the_same_bits_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = pytest.importorskip("analogeq.digital.compiled.arithmetic", reason="needs the optional extra 'fast'")
    monkeypatch.setattr(shared, "WORTH_SHARING", 0)

    def train(threads: int) -> tuple[np.ndarray, np.ndarray]:
        network, theta, x, s, s_f, y = _case((9, 37, 5), np.float32, n=23)
        calculate, weights = shared.CompiledArithmetic(threads), LayeredWeights(network, theta)
        pull = pull_of(calculate, weights, x, s_f, 0.1)
        settle(calculate, weights, pull, EulerSteps(5), s)
        settle(calculate, weights, pull, Sweeps(2), s)
        descend(calculate, weights, x, y, (0.1, 0.1))
        return s, weights.flat

    for one, two in zip(train(1), train(2), strict=True):
        assert np.array_equal(one, two)


def test_weights_come_back_as_they_were_put_in() -> None:
    network, theta, *_ = _case((9, 37, 5))
    weights = LayeredWeights(network, theta)
    assert [held.turned for held in weights.blocks] == [False, True]
    assert np.array_equal(weights.parameters().weights, theta.weights)
    weights.flat[:] = 0.0
    assert theta.weights.any()


def test_a_match_is_as_near_in_every_layer_with_fewer_sweeps() -> None:
    calculate = choose_arithmetic()
    network, theta, x, s, s_f, _ = _case((7, 34, 33, 41, 3))
    weights, steps = LayeredWeights(network, theta), EulerSteps(20)
    pull = pull_of(calculate, weights, x, s_f, 0.1)
    start = s.copy()
    found = match_steps(calculate, weights, pull, steps, start)
    assert np.array_equal(start, s)
    assert isinstance(found.how, Sweeps)
    assert found.how.steps < 10
    goal = equilibrium(calculate, weights, pull, s)
    assert goal is not None
    ends = []
    for how in (steps, found.how):
        end = s.copy()
        settle(calculate, weights, pull, how, end)
        ends.append(distances(weights, end, goal))
    assert all(quick <= slow for quick, slow in zip(ends[1], ends[0], strict=True))


def test_outputs_pushed_away_with_nothing_to_hold_them_keep_their_steps() -> None:
    calculate = choose_arithmetic()
    network, theta, x, s, _, y = _case((9, 37, 5))
    weights = LayeredWeights(network, theta)
    pull = pull_of(calculate, weights, x).nudged(y, -0.5)  # decay 1 - 2·0.5 = 0
    assert match_steps(calculate, weights, pull, EulerSteps(4), s).how == EulerSteps(4)


def test_a_network_with_skip_edges_is_refused_with_a_remedy() -> None:
    whole = Network.layered((2, 3, 1))
    skip = type(whole.blocks[0])(0, 2, (2, 1), slice(9, 11))
    network = Network(whole.names, whole.layer_sizes, whole.outputs, (*whole.blocks, skip))
    with pytest.raises(InputError, match="EulerRelaxation"):
        LayeredWeights(network, Parameters(np.zeros(11), np.zeros(4)))


def test_compiled_arithmetic_without_numba_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"analogeq\[fast\]"):
        choose_arithmetic(compiled=True)
    assert choose_arithmetic().name == "numpy"


def test_no_threads_are_refused() -> None:
    with pytest.raises(InputError, match="threads 0"):
        choose_arithmetic(threads=0)
