"""The exact gradient against finite differences of the settled cost, and what equilibrium propagation makes of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, Tether
from analogeq.controller import Controller, Schedule
from analogeq.engines import engine
from analogeq.engines.small_signal import backward_shares, cost_adjoint, nudge_response
from analogeq.errors import InputError
from analogeq.hardware import Technology
from analogeq.learning import contrastive_gradient
from analogeq.learning.exact import exact_gradient, small_signal_gradient
from analogeq.network import (
    Network,
    Parameters,
    glorot_uniform,
    layered_graph,
    network_from_graph,
    random_graph,
    sparse_graph,
    with_lateral_connections,
    with_skip_connections,
)

NETWORKS: dict[str, Callable[[], Network]] = {
    "layered": lambda: Network.layered((3, 5, 4, 2)),
    "no hidden layer": lambda: Network.layered((4, 3)),
    "skips and laterals": lambda: network_from_graph(
        with_lateral_connections(with_skip_connections(layered_graph((2, 4, 3, 2))), [1, 3])
    ),
    "sparse": lambda: network_from_graph(sparse_graph((4, 6, 5, 2), 0.4, seed=3)),
    "without layers": lambda: network_from_graph(random_graph(2, 7, 2, 0.3, seed=1)),
}
CHIPS = {
    "ideal": Technology(),
    "1.8 V": Technology(rail=1.8, unit_conductance=20e-6),
    "weak followers": Technology(follower_gain=10.0),
    "mirrored": Technology(arrays="mirrored", mirror_mismatch=0.3, mirror_seed=1),
    "mirrored and weak": Technology(arrays="mirrored", mirror_mismatch=0.2, follower_gain=15.0, rail=0.8),
}


@dataclass
class Settled:
    """One circuit settled on four samples, some of its nodes at a rail."""

    network: Network
    technology: Technology
    tether: float = 0.0

    def __post_init__(self) -> None:
        rng = np.random.default_rng(7)
        self.circuit = Circuit(self.network, self.technology)
        self.theta = glorot_uniform(self.network, rng, scale=0.4)
        self.theta.biases[:] = rng.uniform(-0.3, 0.9, self.network.n_nodes)
        self.x, self.y = rng.random((4, self.network.n_inputs)), rng.random((4, self.network.n_outputs))
        rail, g0 = self.technology.rail, self.technology.unit_conductance
        aim = rng.random((4, self.network.n_nodes)) * rail
        self.drive = Drive(self.x * rail, Tether(aim, self.tether * g0) if self.tether else None)

    def signals(self, theta: Parameters, start: np.ndarray | None = None) -> np.ndarray:
        self.session.program(self.circuit.program(theta))
        return self.session.settle(self.drive, start).voltages / self.technology.rail

    def cost(self, theta: Parameters, start: np.ndarray) -> float:
        out = self.signals(theta, start)[:, self.network.outputs]
        return float(np.sum((out - self.y) ** 2)) / len(self.x)

    def measured(self, step: float = 1e-5) -> Parameters:
        """Central differences: exact but for the settled rounding over the step, as pieces are rational functions."""
        found = Parameters(np.empty(self.network.n_edges), np.empty(self.network.n_nodes))
        with engine("native").open(self.circuit) as self.session:
            near = self.signals(self.theta) * self.technology.rail
            for name in ("weights", "biases"):
                slopes = getattr(found, name)
                for at in range(slopes.size):
                    sides = []
                    for sign in (1, -1):
                        theta = self.theta.copy()
                        getattr(theta, name)[at] += sign * step
                        sides.append(self.cost(theta, near))
                    slopes[at] = (sides[0] - sides[1]) / (2 * step)
        return found

    def free(self) -> np.ndarray:
        with engine("native").open(self.circuit) as self.session:
            return self.signals(self.theta)

    def exact(self) -> Parameters:
        return exact_gradient(
            self.network,
            self.x,
            self.free(),
            self._solved(cost_adjoint),
            follower=self.technology.follower_factor,
            backward_shares=backward_shares(self.circuit),
        )

    def weakly_nudged(self) -> Parameters:
        return small_signal_gradient(self.network, self.x, self.free(), self._solved(nudge_response))

    def _solved(self, solver: Callable) -> np.ndarray:
        rail = self.technology.rail
        where = self.circuit, self.circuit.program(self.theta), self.drive, self.free() * rail, self.y * rail
        return solver(*where).voltages / rail


def apart(one: Parameters, other: Parameters) -> float:
    """Distance over the norm of the second."""
    a, b = (np.concatenate([g.weights, g.biases]) for g in (one, other))
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


@pytest.mark.parametrize(
    ("name", "chip"), [*(("layered", chip) for chip in CHIPS), ("skips and laterals", "mirrored and weak")]
)
def test_one_adjoint_solve_gives_the_slope_of_the_settled_cost_on_every_chip(name: str, chip: str) -> None:
    at = Settled(NETWORKS[name](), CHIPS[chip], tether=0.1)
    # Third derivatives times step**2 = 1e-10, and rounding 1e-15 / step = 1e-10.
    assert apart(at.exact(), at.measured()) < 1e-8


@pytest.mark.parametrize("name", NETWORKS)
def test_one_adjoint_solve_gives_the_slope_of_the_settled_cost_on_every_graph(name: str) -> None:
    at = Settled(NETWORKS[name](), CHIPS["ideal"])
    assert apart(at.exact(), at.measured()) < 1e-8
    free = at.free()
    assert name == "no hidden layer" or ((free <= 0.0) | (free >= 1.0)).any()  # clamps hold somewhere


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("chip", ["ideal", "1.8 V"])
def test_weak_nudges_measure_the_exact_gradient_of_a_symmetric_circuit(name: str, chip: str) -> None:
    at = Settled(NETWORKS[name](), CHIPS[chip], tether=0.2)
    assert apart(at.weakly_nudged(), at.exact()) < 1e-13  # rounding of two different solves


def test_weak_nudges_of_mirrored_arrays_do_not_measure_the_gradient() -> None:
    errors = []
    for mismatch in (0.02, 0.01):
        chip = Technology(arrays="mirrored", mirror_mismatch=mismatch, mirror_seed=1)
        at = Settled(NETWORKS["layered"](), chip)
        errors.append(apart(at.weakly_nudged(), at.exact()))
    assert errors[0] > 1e-3
    # First order in the mismatch; the second order's share is a few times the mismatch.
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.2)


def test_weak_followers_leave_their_factor_out_of_the_measured_gradient() -> None:
    at = Settled(NETWORKS["layered"](), CHIPS["weak followers"])
    measured, exact = at.weakly_nudged(), at.exact()
    factor = CHIPS["weak followers"].follower_factor
    for block in at.network.blocks:
        share = factor if block.pre else 1.0
        assert measured.weights[block.edges] * share == pytest.approx(exact.weights[block.edges], abs=1e-14)


@pytest.mark.parametrize(("nudging", "order"), [("one-sided", 1), ("centred", 2)])
def test_finite_nudges_tend_to_the_exact_gradient_with_their_order(nudging: str, order: int) -> None:
    at = Settled(NETWORKS["layered"](), CHIPS["ideal"])
    exact, errors = at.exact(), []
    with engine("native").open(at.circuit) as session:
        for beta in (4e-3, 2e-3, 1e-3):
            controller = Controller(session, Schedule(beta, nudging, 0.0, None, None))
            controller.program(at.theta)
            pair = controller.run(at.x, at.y)
            errors.append(
                apart(contrastive_gradient(at.network, pair.inputs, pair.first, pair.second, pair.span), exact)
            )
    measured = np.log2(errors[0] / errors[1]), np.log2(errors[1] / errors[2])
    # The next order's share is about beta of it; rounding 1e-15 / beta is far below either.
    assert measured == pytest.approx((order, order), abs=0.02)
    assert errors[-1] < 10.0 ** (-2 * order)


def test_each_direction_of_a_shared_weight_adds_its_own_part() -> None:
    network = Network.layered((1, 1, 1))
    x, s, a = np.array([[2.0]]), np.array([[3.0, 5.0]]), np.array([[7.0, 11.0]])
    found = exact_gradient(network, x, s, a, follower=0.5, backward_shares=np.array([9.0, 4.0]))
    assert found.weights.tolist() == [2 * 7, 0.5 * (3 * 11 + 4 * 7 * 5)]
    assert found.biases.tolist() == [7.0, 11.0]


def test_arrays_of_different_minibatches_are_refused() -> None:
    network = Network.layered((1, 1, 1))
    with pytest.raises(InputError, match="minibatch"):
        exact_gradient(network, np.zeros((2, 1)), np.zeros((2, 2)), np.zeros((3, 2)))
