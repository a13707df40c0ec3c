"""Equilibria: minimal, reached by the dynamics, the same however they are computed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analogeq.circuit import Circuit, Drive, Nudge, Tether, co_content
from analogeq.engines.contract import Status
from analogeq.engines.native import NativeEngine
from analogeq.engines.native.equilibrium import settle
from analogeq.engines.native.landing import land
from analogeq.engines.native.methods import Methods
from analogeq.engines.native.pieces import linear_step
from analogeq.engines.native.transient import follow
from analogeq.engines.native.twolayer import MOST, TwoLayers, solve
from analogeq.hardware import DiodeClamp, Technology
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

TWO = Network.layered([5, 14, 4])
DEEP = Network.layered([4, 5, 5, 5, 5, 5, 5, 5, 5, 3])
TANGLED = network_from_graph(with_lateral_connections(with_skip_connections(layered_graph([4, 6, 5, 3]))))
NETWORKS = {"two layers": TWO, "deep": DEEP, "skips and laterals": TANGLED}


def pair(bias: float = -1.0, weight: float = 3.0) -> tuple[Circuit, Parameters]:
    """Two neurons that excite each other: both off and both on are stable, both at half is not."""
    circuit = Circuit(Network.layered([1, 1, 1]), Technology())
    return circuit, Parameters(np.array([0.0, weight]), np.full(2, bias))


@pytest.mark.parametrize("clamp", [None, DiodeClamp(1e-12, 0.2)], ids=["ideal", "diodes"])
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())
@pytest.mark.parametrize("scale", [0.3, 2.0], ids=["weak", "strong"])
def test_settling_ends_where_the_waveform_does(methods, make_problem, network, scale, clamp):
    technology = Technology(clamp=clamp) if clamp else Technology()
    problem = make_problem(network, seed=11, scale=scale, technology=technology)
    start = np.random.default_rng(0).random(problem.current.shape)
    found = settle(problem, start, TwoLayers.of(problem.coupling), methods, convex=scale < 1.0)
    end = methods.follow(problem, start, 100.0, 1e-5).states
    assert (found.status == Status.SETTLED).all()
    assert found.voltages == pytest.approx(end, abs=1e-3)  # slow modes are 100 time constants short of their end
    assert np.abs(problem.imbalance(found.voltages)).max() < 1e-9


@pytest.mark.parametrize(
    ("start", "end"),
    [((0.501, 0.501), 1.0), ((0.499, 0.499), 0.0), ((0.9, 0.1001), 1.0), ((0.9, 0.0999), 0.0), ((1.0, 0.2), 1.0)],
)
def test_a_bistable_pair_falls_to_the_side_of_its_basin(kernels, start, end):
    # The basins meet at s1 + s2 = 1: the difference decays, the sum's distance from 1 grows. A clamp that
    # has conducted before shifts that: from (1, 0.2) the second rises at once.
    circuit, parameters = pair()
    with NativeEngine(kernels=kernels).open(circuit) as session:
        session.program(circuit.program(parameters))
        point = session.settle(Drive(np.zeros((1, 1))), np.array([start]))
    assert point.voltages[0] == pytest.approx([end, end], abs=1e-12)
    assert point.analysis.startswith("transient")


def test_a_start_on_the_saddle_stays_there(kernels):
    circuit, parameters = pair()
    with NativeEngine(kernels=kernels).open(circuit) as session:
        session.program(circuit.program(parameters))
        point = session.settle(Drive(np.zeros((1, 1))), np.full((1, 2), 0.5))
    assert point.voltages[0] == pytest.approx([0.5, 0.5], abs=1e-12)


@pytest.mark.parametrize("corner", [0.0, 1.0])
def test_a_node_driven_exactly_to_its_corner_stands_on_it(kernels, corner):
    circuit = Circuit(TWO, Technology())
    parameters = Parameters(np.zeros(TWO.n_edges), np.full(TWO.n_nodes, corner))
    with NativeEngine(kernels=kernels).open(circuit) as session:
        session.program(circuit.program(parameters))
        point = session.settle(Drive(np.zeros((2, 5))), np.full((2, TWO.n_nodes), 0.5))
    assert point.voltages == pytest.approx(np.full((2, TWO.n_nodes), corner), abs=1e-13)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())
def test_a_good_start_needs_no_following(methods, make_problem, network):
    problem = make_problem(network, seed=3, scale=1.5)
    layers = TwoLayers.of(problem.coupling)
    cold = settle(problem, np.zeros(problem.current.shape), layers, methods, convex=False)
    warm = settle(problem, cold.voltages + 1e-7, layers, methods, convex=False)
    assert warm.voltages == pytest.approx(cold.voltages, abs=1e-12)
    assert warm.stats["time_constants"] == 0.0
    assert warm.stats["landed_at_once"] == 3.0
    assert cold.stats["start_distance"] > 0.1 > warm.stats["start_distance"]


def test_landing_is_not_proven_across_a_basins_edge(make_problem):
    circuit, parameters = pair(bias=-0.9)
    with NativeEngine(kernels="numpy").open(circuit) as session:
        session.program(circuit.program(parameters))
        problem = session._problem(Drive(np.zeros((1, 1))))
    # Between the saddle at 0.45 and the rail the linear piece's own balance is the saddle: no landing there.
    attempt = land(problem, np.array([[0.6, 0.6]]), TwoLayers.of(problem.coupling), convex=False)
    assert not attempt.proven[0]
    assert land(problem, np.array([[1.0, 1.0]]), TwoLayers.of(problem.coupling), convex=False).proven[0]


def test_diodes_end_where_bisection_says():
    tech = Technology(clamp=DiodeClamp(1e-14, 1.0, 100.0))
    circuit = Circuit(Network.layered([1, 1]), tech)
    with NativeEngine().open(circuit) as session:
        session.program(circuit.program(Parameters(np.array([4.0]), np.zeros(1))))
        v = session.settle(Drive(np.array([[0.9]]))).voltages[0, 0]
        problem = session._problem(Drive(np.array([[0.9]])))
    low, high = 0.0, 5.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if problem.imbalance(np.array([[middle]]))[0, 0] > 0.0 else (low, middle)
    assert v == pytest.approx(low, abs=1e-12)
    assert v > 1.0


@pytest.mark.parametrize("clamp", [None, DiodeClamp()], ids=["ideal", "diodes"])
@pytest.mark.parametrize("shared", [True, False], ids=["shared", "mirrored"])
def test_every_linear_solver_gives_the_same_step(make_problem, clamp, shared):
    technology = Technology(clamp=clamp) if clamp else Technology()
    if not shared:
        technology = replace(technology, arrays="mirrored", mirror_mismatch=0.05)
    problem = make_problem(TWO, seed=2, scale=0.4, technology=technology)
    rng = np.random.default_rng(0)
    push, give = rng.standard_normal(problem.current.shape), rng.random(problem.current.shape)
    give[give < 0.3] = 0.0
    by_schur = linear_step(problem, push, give, TwoLayers.of(problem.coupling))
    by_other = linear_step(problem, push, give, None)
    assert problem.coupling.symmetric == shared
    assert by_other == pytest.approx(by_schur, abs=1e-11)


def test_two_layers_that_go_round_in_circles_are_followed_instead(make_problem, monkeypatch):
    monkeypatch.setattr("analogeq.engines.native.twolayer.CLOSE", 0.0)
    problem = make_problem(TWO, seed=2, scale=0.4)
    layers = TwoLayers.of(problem.coupling)
    problem = replace(problem, current=problem.current + 1e-3)
    assert solve(layers, problem, np.zeros(problem.current.shape))[1].max() <= MOST
    found = settle(problem, np.zeros(problem.current.shape), layers, Methods(), convex=True)
    assert (found.status == Status.SETTLED).all()
    assert np.abs(problem.imbalance(found.voltages)).max() < 1e-9


circuits = st.tuples(
    st.sampled_from(["two layers", "deep", "sparse", "tangled", "random"]),
    st.integers(0, 10_000),
    st.floats(0.1, 3.0),
    st.sampled_from([None, DiodeClamp(), DiodeClamp(1e-12, 0.1), DiodeClamp(1e-9, 1.7)]),
    st.booleans(),
)


def build(choice) -> tuple[Circuit, Parameters, Drive, np.ndarray]:
    kind, seed, scale, clamp, nudged = choice
    rng = np.random.default_rng(seed)
    network = {
        "two layers": lambda: TWO,
        "deep": lambda: DEEP,
        "sparse": lambda: network_from_graph(sparse_graph([4, 8, 6, 3], 0.6, seed=seed)),
        "tangled": lambda: TANGLED,
        "random": lambda: network_from_graph(random_graph(3, 8, 2, 0.5, seed=seed)),
    }[kind]()
    circuit = Circuit(network, Technology(clamp=clamp) if clamp else Technology())
    parameters = glorot_uniform(network, rng, scale=scale)
    parameters.biases[:] = rng.uniform(-0.5, 0.5, network.n_nodes)
    g0 = circuit.technology.unit_conductance
    drive = Drive(
        rng.random((2, network.n_inputs)),
        Tether(rng.random((2, network.n_nodes)), 0.1 * g0),
        Nudge(rng.random((2, network.n_outputs)), rng.uniform(-0.5, 2.0) * g0) if nudged else None,
    )
    return circuit, parameters, drive, rng.random((2, network.n_nodes))


@settings(max_examples=30, deadline=None)
@given(circuits)
def test_any_circuit_settles_to_a_minimum_that_kirchhoff_accepts(choice):
    circuit, parameters, drive, start = build(choice)
    held, g0 = circuit.program(parameters), circuit.technology.unit_conductance
    with NativeEngine().open(circuit) as session:
        session.program(held)
        point = session.settle(drive, start)
    assert (point.status == Status.SETTLED).all()
    assert point.kcl_residual.max() < 1e-9 * g0
    if choice[3] is None:
        energy = co_content(circuit, held, drive, point.voltages)
        rng = np.random.default_rng(0)
        for _ in range(10):
            near = np.clip(point.voltages + 1e-3 * rng.standard_normal(point.voltages.shape), 0.0, 1.0)
            assert (co_content(circuit, held, drive, near) >= energy - 1e-12 * g0).all()  # rounding of the sums


@settings(max_examples=12, deadline=None)
@given(circuits)
def test_energy_never_rises_along_a_waveform(choice):
    circuit, parameters, drive, start = build((*choice[:3], None, choice[4]))
    held, tau = circuit.program(parameters), circuit.technology.time_constant
    with NativeEngine().open(circuit) as session:
        session.program(held)
        wave = session.transient(drive, 8.0 * tau, start, points=30)
    for sample in range(2):
        one = Drive(
            np.repeat(drive.inputs[[sample]], 30, axis=0),
            Tether(np.repeat(drive.tether.voltages[[sample]], 30, axis=0), drive.tether.conductance),
            drive.nudge and Nudge(np.repeat(drive.nudge.voltages[[sample]], 30, axis=0), drive.nudge.conductance),
        )
        energy = co_content(circuit, held, one, wave.voltages[sample])
        assert (np.diff(energy) <= 1e-9 * np.abs(energy).max()).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(0.2, 2.5))
def test_numbering_the_hidden_nodes_otherwise_changes_nothing(seed, scale):
    rng = np.random.default_rng(seed)
    circuit = Circuit(TWO, Technology())
    parameters, inputs, start = glorot_uniform(TWO, rng, scale=scale), rng.random((2, 5)), rng.random((2, 18))
    order = rng.permutation(14)
    other = parameters.copy()
    first, second = TWO.blocks
    other.block(first)[:] = parameters.block(first)[:, order]
    other.block(second)[:] = parameters.block(second)[order]
    everywhere = np.concatenate([order, np.arange(14, 18)])
    with NativeEngine(kernels="numpy").open(circuit) as session:
        session.program(circuit.program(parameters))
        plain = session.settle(Drive(inputs), start).voltages
        session.program(circuit.program(other))
        renamed = session.settle(Drive(inputs), start[:, everywhere]).voltages
    assert renamed == pytest.approx(plain[:, everywhere], abs=1e-9)


def test_following_without_a_tolerance_is_not_what_settles(make_problem):
    # The equilibrium is exact even where the way to it is rough.
    problem = make_problem(DEEP, seed=1, scale=0.2)
    rough = follow(problem, np.zeros(problem.current.shape), 3.0, 1e-3).states
    found = settle(problem, np.zeros(problem.current.shape), None, Methods(), convex=True)
    assert np.abs(problem.imbalance(rough)).max() > 1e-6
    assert np.abs(problem.imbalance(found.voltages)).max() < 1e-12
