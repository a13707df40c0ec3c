"""The linearised circuit against the equations, against settled circuits and against itself transposed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import root

from analogeq.circuit import Circuit, Conductances, Drive, Nudge, Tether
from analogeq.circuit.landscape import is_strictly_convex
from analogeq.circuit.laws import node_imbalance
from analogeq.engines import engine
from analogeq.engines.linear.order import elimination_order, split_layers
from analogeq.engines.small_signal import (
    Linearisation,
    backward_shares,
    cost_adjoint,
    nudge_response,
    small_signal,
)
from analogeq.errors import InputError, NotSettledError
from analogeq.hardware import DiodeClamp, Technology
from analogeq.network import (
    Network,
    Parameters,
    glorot_uniform,
    lattice_graph,
    layered_graph,
    network_from_graph,
    random_graph,
    sparse_graph,
    with_lateral_connections,
    with_skip_connections,
)

MIRRORED = Technology(arrays="mirrored", mirror_mismatch=0.3, mirror_seed=4, follower_gain=20.0, rail=1.8)
TETHERED = Technology(unit_conductance=20e-6)
DIODES = Technology(clamp=DiodeClamp(1e-12, 1.5))
RESISTED = Technology(clamp=DiodeClamp(1e-9, 1.2, series_resistance=20e3))

NETWORKS: dict[str, Callable[[], Network]] = {
    "one layer": lambda: Network.layered((3, 4)),
    "layered": lambda: Network.layered((3, 8, 5, 2)),
    "deep": lambda: Network.layered((3, 70, 80, 75, 6, 2)),  # more left than is solved in one call
    "skips": lambda: network_from_graph(with_skip_connections(layered_graph((3, 6, 5, 4)))),
    "lateral": lambda: network_from_graph(with_lateral_connections(layered_graph((3, 6, 4)))),
    "wide lateral": lambda: network_from_graph(with_lateral_connections(layered_graph((2, 80, 3)), [1])),
    "sparse": lambda: network_from_graph(sparse_graph((4, 10, 8, 3), 0.3, seed=1)),
    "without layers": lambda: network_from_graph(random_graph(3, 12, 3, 0.2, seed=2)),
    "lattice": lambda: network_from_graph(lattice_graph(6, 5)),
    "large lattice": lambda: network_from_graph(lattice_graph(15, 18)),  # factored as a sparse matrix
}


@dataclass(frozen=True)
class Case:
    circuit: Circuit
    held: Conductances
    drive: Drive
    voltages: np.ndarray
    currents: np.ndarray


def make(network: Network, technology: Technology, *, batch: int = 3, scale: float = 0.5) -> Case:
    """Any voltages will do: the linearised equations hold wherever the circuit stands."""
    rng = np.random.default_rng(5)
    circuit = Circuit(network, technology)
    theta = glorot_uniform(network, rng, scale=scale)
    theta.biases[:] = rng.uniform(-0.5, 0.5, network.n_nodes)
    rail, g0 = technology.rail, technology.unit_conductance
    tether = Tether(rng.uniform(0, rail, (batch, network.n_nodes)), 0.1 * g0)
    nudge = Nudge(rng.uniform(0, rail, (batch, network.n_outputs)), 0.3 * g0)
    drive = Drive(rng.uniform(0, rail, (batch, network.n_inputs)), tether, nudge)
    voltages = np.clip(rng.uniform(-0.3 * rail, 1.3 * rail, (batch, network.n_nodes)), 0.0, rail)
    return Case(circuit, circuit.program(theta), drive, voltages, rng.standard_normal(voltages.shape) * g0 * rail)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("technology", [MIRRORED, TETHERED, DIODES], ids=["mirrored", "tethered", "diodes"])
@pytest.mark.parametrize("transpose", [False, True], ids=["", "transposed"])
def test_the_answer_solves_the_dense_equations(name: str, technology: Technology, transpose: bool) -> None:
    at = make(NETWORKS[name](), technology)
    linear = Linearisation.at(at.circuit, at.held, at.drive, at.voltages)
    found = linear.solve(at.currents, transpose=transpose).voltages
    for sample, moved in enumerate(found):
        free = ~linear.held[sample]
        matrix = linear.jacobian(sample)[np.ix_(free, free)]
        expected = np.linalg.solve(matrix.T if transpose else matrix, at.currents[sample, free])
        # Two eliminations in another order: rounding times the condition number, a few hundred at most.
        assert moved[free] == pytest.approx(expected, abs=1e-12 * np.abs(expected).max())
        assert not moved[~free].any()
    assert linear.held.any() or technology is DIODES or name == "one layer"


@pytest.mark.parametrize("technology", [MIRRORED, DIODES, RESISTED], ids=["ideal", "diodes", "resisted"])
def test_the_jacobian_is_the_slope_of_the_net_current(technology: Technology) -> None:
    at = make(NETWORKS["lateral"](), technology)
    inside = np.clip(at.voltages, 0.05 * technology.rail, 0.95 * technology.rail)  # off the corners
    linear = Linearisation.at(at.circuit, at.held, at.drive, inside)
    n, step = inside.shape[1], 1e-6
    for sample in range(len(inside)):
        slopes = np.empty((n, n))
        for k in range(n):
            nudged = [inside + sign * step * np.eye(n)[k] for sign in (1, -1)]
            up, down = (node_imbalance(at.circuit, at.held, at.drive, v)[sample] for v in nudged)
            slopes[:, k] = -(up - down) / (2 * step)
        # A central difference: step**2 from the exponential diodes, 1e-16/step from rounding.
        assert linear.jacobian(sample) == pytest.approx(slopes, abs=1e-8 * technology.unit_conductance)


@pytest.mark.parametrize("name", ["layered", "skips", "lateral", "sparse", "without layers"])
def test_a_settled_circuit_moves_as_predicted(name: str) -> None:
    network = NETWORKS[name]()
    circuit, rng, step = Circuit(network, Technology()), np.random.default_rng(1), 1e-6
    theta = glorot_uniform(network, rng, scale=0.4)
    theta.biases[:] = rng.uniform(-0.3, 0.9, network.n_nodes)
    push = rng.standard_normal(network.n_nodes)
    drive = Drive(rng.random((4, network.n_inputs)))
    with engine("native").open(circuit) as session:

        def settled(by: float) -> np.ndarray:
            session.program(circuit.program(Parameters(theta.weights, theta.biases + by * push)))
            return session.settle(drive).voltages

        slope = (settled(step) - settled(-step)) / (2 * step)
        currents = np.tile(push * circuit.technology.unit_conductance * circuit.technology.rail, (4, 1))
        predicted = small_signal(circuit, circuit.program(theta), drive, settled(0.0), currents)
    assert not predicted.corners.any()
    # The circuit is linear between corners: what is left is the settled rounding over the step.
    assert predicted.voltages == pytest.approx(slope, abs=1e-7)
    assert (predicted.voltages == 0.0).any()  # somewhere a clamp holds


@pytest.mark.parametrize("chip", [DIODES, RESISTED], ids=["", "with series resistance"])
def test_nodes_behind_diodes_move_as_the_equations_do(chip: Technology) -> None:
    network = Network.layered((2, 4, 2))
    circuit = Circuit(network, chip)
    theta = glorot_uniform(network, np.random.default_rng(2), scale=0.5)
    theta.biases[:] = (1.5, -0.8, 0.4, 2.0, 1.2, -0.5)  # drives nodes into their diodes
    held, drive, g0 = circuit.program(theta), Drive(np.array([[0.3, 0.8]])), chip.unit_conductance
    push, step = np.linspace(-1.0, 1.0, 6), 1e-5

    def equilibrium(by: float) -> np.ndarray:
        def net(v: np.ndarray) -> np.ndarray:
            return (node_imbalance(circuit, held, drive, v[None])[0] + by * g0 * push) / g0

        found = root(net, np.full(6, 0.5), tol=1e-13)
        assert np.abs(net(found.x)).max() < 1e-11
        return found.x

    slope = (equilibrium(step) - equilibrium(-step)) / (2 * step)
    found = small_signal(circuit, held, drive, equilibrium(0.0)[None], g0 * push[None])
    assert found.voltages[0] == pytest.approx(slope, abs=1e-5)  # the diodes' third derivative times step**2
    assert not found.corners.any()


def test_a_symmetric_circuit_is_reciprocal() -> None:
    at = make(NETWORKS["skips"](), TETHERED)
    where = at.circuit, at.held, at.drive, at.voltages, at.currents
    one, other = small_signal(*where), small_signal(*where, transpose=True)
    assert one.voltages == pytest.approx(other.voltages, abs=1e-13)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_adjoint_is_dual_to_the_response(name: str) -> None:
    at = make(NETWORKS[name](), MIRRORED)
    linear = Linearisation.at(at.circuit, at.held, at.drive, at.voltages)
    probe = np.random.default_rng(9).standard_normal(at.currents.shape) * MIRRORED.unit_conductance
    forward = np.sum(linear.solve(at.currents).voltages * probe, axis=1)
    backward = np.sum(at.currents * linear.solve(probe, transpose=True).voltages, axis=1)
    assert forward == pytest.approx(backward, rel=1e-9)  # sums of up to 300 terms of either sign
    plain = np.sum(at.currents * linear.solve(probe).voltages, axis=1)
    if at.circuit.network.coupling_blocks:
        assert not np.allclose(forward, plain, rtol=1e-6)  # the mirrored arrays do differ


def test_a_node_exactly_at_its_corner_is_named_and_moves_inwards() -> None:
    circuit = Circuit(Network.layered((1, 3)), Technology())
    held = circuit.program(Parameters(np.zeros(3), np.array([-1e-12, -0.5, 1.0])))  # rounding off the first
    drive, g0 = Drive(np.zeros((1, 1))), circuit.technology.unit_conductance
    found = small_signal(circuit, held, drive, np.array([[0.0, 0.0, 1.0]]), np.full((1, 3), 0.1 * g0))
    assert found.corners.tolist() == [[True, False, True]]
    assert found.voltages[0] == pytest.approx([0.1, 0.0, 0.1], abs=1e-15)


def test_a_node_an_engine_leaves_just_outside_its_rail_is_held() -> None:
    circuit = Circuit(Network.layered((1, 2)), Technology())
    held = circuit.program(Parameters(np.zeros(2), np.array([-3.0, 3.0])))
    beyond = np.array([[-2e-9, 1 + 2e-9]])  # where a stiff clamp of 1e9·G0 leaves them
    linear = Linearisation.at(circuit, held, Drive(np.zeros((1, 1))), beyond)
    assert linear.held.all()
    assert not linear.corners.any()


def test_where_two_equilibria_meet_there_is_no_answer() -> None:
    circuit = Circuit(Network.layered((1, 1, 1)), Technology())
    held = circuit.program(Parameters(np.array([-1.0, 1.0]), np.zeros(2)))  # loop gain exactly one
    drive, middle = Drive(np.array([[1.0], [0.0]])), np.array([[0.0, 0.5], [0.5, 0.5]])  # the first one's h is held
    with pytest.raises(NotSettledError, match="sample 1"):
        small_signal(circuit, held, drive, middle, np.zeros((2, 2)))


def test_shapes_that_do_not_fit_are_refused() -> None:
    at = make(NETWORKS["layered"](), TETHERED)
    with pytest.raises(InputError, match="voltages"):
        small_signal(at.circuit, at.held, at.drive, at.voltages[:2], at.currents)
    with pytest.raises(InputError, match="currents"):
        small_signal(at.circuit, at.held, at.drive, at.voltages, at.currents[:, 1:])
    with pytest.raises(InputError, match="targets"):
        nudge_response(at.circuit, at.held, at.drive, at.voltages, np.zeros((3, 5)))


def test_the_response_is_the_limit_of_weak_nudges_and_the_adjoint_its_transpose() -> None:
    network = Network.layered((3, 6, 4, 2))
    circuit, rng, beta = Circuit(network, Technology()), np.random.default_rng(3), 1e-6
    theta = glorot_uniform(network, rng, scale=0.4)
    theta.biases[:] = 0.4
    targets, inputs, g0 = rng.random((5, 2)), rng.random((5, 3)), circuit.technology.unit_conductance
    with engine("native").open(circuit) as session:
        session.program(circuit.program(theta))
        free = session.settle(Drive(inputs)).voltages
        sides = [
            session.settle(Drive(inputs, nudge=Nudge(targets, sign * 2 * beta * g0)), free).voltages for sign in (1, -1)
        ]
    where = circuit, circuit.program(theta), Drive(inputs), free, targets
    response = nudge_response(*where).voltages
    # Central difference in beta: bias beta**2, rounding 1e-15 / beta.
    assert response == pytest.approx((sides[0] - sides[1]) / (2 * beta), abs=1e-8)
    assert cost_adjoint(*where).voltages == pytest.approx(-response, abs=1e-14)


def test_a_mirrored_chip_tells_what_its_backward_array_holds() -> None:
    network = Network.layered((2, 3, 2))
    assert backward_shares(Circuit(network, Technology())) is None
    circuit = Circuit(network, MIRRORED)
    theta = glorot_uniform(network, np.random.default_rng(0))
    shares = backward_shares(circuit)
    assert shares is not None
    assert shares * theta.weights == pytest.approx(circuit.program(theta).backward, rel=1e-15)


@pytest.mark.parametrize(
    ("sizes", "gone", "left"),
    [
        ((784, 500, 10), (1,), (2,)),
        ((9, 5, 5, 5, 2), (1, 3), (2, 4)),
        ((9, 2, 50, 3, 40), (2, 4), (1, 3)),
        ((4, *([8] * 20)), tuple(range(1, 20, 2)), tuple(range(2, 21, 2))),
    ],
)
def test_the_large_layers_are_eliminated(sizes: tuple[int, ...], gone: tuple[int, ...], left: tuple[int, ...]) -> None:
    network = Network.layered(sizes)
    assert split_layers(network) == (gone, left)
    assert sorted(elimination_order(network)) == list(range(1, len(sizes)))


def test_a_layer_with_lateral_couplings_is_not_eliminated_as_a_diagonal() -> None:
    network = network_from_graph(with_lateral_connections(layered_graph((2, 9, 3)), [1]))
    assert split_layers(network) == ((2,), (1,))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    hidden=st.integers(1, 12),
    density=st.floats(0.0, 1.0),
    scale=st.floats(0.05, 0.9),
    mismatch=st.sampled_from([0.0, 0.1]),
)
def test_random_convex_circuits_move_as_predicted(
    seed: int, hidden: int, density: float, scale: float, mismatch: float
) -> None:
    network = network_from_graph(random_graph(2, hidden, 2, density, seed=seed))
    chip = Technology(arrays="mirrored", mirror_mismatch=mismatch) if mismatch else Technology()
    circuit, rng, step = Circuit(network, chip), np.random.default_rng(seed), 1e-7
    theta = glorot_uniform(network, rng, scale=scale)
    theta.biases[:] = rng.uniform(-0.5, 1.0, network.n_nodes)
    drive, push = Drive(rng.random((2, 2))), rng.standard_normal(network.n_nodes)
    assume(is_strictly_convex(circuit, circuit.program(theta), drive).smallest_eigenvalue > 0.02 * 10e-6)
    with engine("native").open(circuit) as session:

        def settled(by: float, start: np.ndarray | None = None) -> np.ndarray:
            session.program(circuit.program(Parameters(theta.weights, theta.biases + by * push)))
            return session.settle(drive, start).voltages

        middle = settled(0.0)
        slope = (settled(step, middle) - settled(-step, middle)) / (2 * step)
    currents = np.tile(push * 10e-6, (2, 1))
    found = small_signal(circuit, circuit.program(theta), drive, middle, currents)
    at_rail = (middle <= 0.0) | (middle >= 1.0)
    near = ~at_rail & ((middle < 1e-5) | (middle > 1 - 1e-5))
    assume(not near.any() and not found.corners.any())
    # Eigenvalues above 0.02 magnify the settled rounding, 1e-15, fifty times; the step divides it.
    assert found.voltages == pytest.approx(slope, abs=2e-6)
