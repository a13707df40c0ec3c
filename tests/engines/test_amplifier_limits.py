"""Amplifiers of limited swing, current and bandwidth: closed forms, scipy's integrator, both engines, derivatives."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from analogeq.circuit import Circuit, Drive, Nudge, Tether, kirchhoff_residual, power_flow
from analogeq.circuit.landscape import is_stable
from analogeq.engines.contract import Status
from analogeq.engines.native.engine import NativeEngine
from analogeq.engines.native.stages import StageSession
from analogeq.engines.small_signal import cost_adjoint, small_signal
from analogeq.errors import InputError, TechnologyError
from analogeq.flow.oracle import Subject, oracle
from analogeq.hardware import DiodeClamp, IdealClamp, Technology
from analogeq.hardware.amplifiers import amplifier_limits
from analogeq.hardware.diode import clamp_current
from analogeq.network import (
    Network,
    Parameters,
    glorot_uniform,
    graph_from_network,
    network_from_graph,
    with_lateral_connections,
)

DIODE = DiodeClamp(1e-15, 0.5)
LIMITS = {
    "slow conveyors": {"sense_bandwidth": 30e6},
    "slow followers": {"follower_bandwidth": 20e6},
    "swing": {"follower_low": 0.1, "follower_high": 0.6, "follower_gain": 50.0, "follower_offset_spread": 1e-2},
    "current": {"sense_current_limit": 4e-6},
    "all": {
        "sense_bandwidth": 30e6,
        "follower_bandwidth": 15e6,
        "follower_high": 0.7,
        "sense_current_limit": 5e-6,
        "sense_gain_spread": 0.05,
    },
}
TIGHT = NativeEngine(accuracy="tight")


def made(limits, clamp=None, *, scale=1.2, sizes=(4, 6, 3)):
    circuit = Circuit(Network.layered(sizes), Technology(clamp=clamp or IdealClamp(), **limits))
    net, rng = circuit.network, np.random.default_rng(5)
    theta = glorot_uniform(net, rng, scale=scale)
    theta.biases[:] = rng.uniform(-0.3, 0.5, net.n_nodes)
    g0 = circuit.technology.unit_conductance
    drive = Drive(
        rng.random((3, net.n_inputs)),
        Tether(rng.random((3, net.n_nodes)), 0.3 * g0),
        Nudge(rng.random((3, net.n_outputs)), 0.5 * g0),
    )
    return circuit, theta, circuit.program(theta), drive, rng.random((3, net.n_nodes))


def settled(circuit, held, drive, start=None):
    with TIGHT.open(circuit) as session:
        session.program(held)
        return session.settle(drive, start).voltages


def test_amplifiers_without_limits_are_the_ideal_ones():
    assert amplifier_limits(Technology(), 3) is None
    assert Circuit(Network.layered((2, 2)), Technology(follower_gain=10.0, sense_offset=1e-3)).limits is None
    with pytest.raises(InputError, match="no limits"):
        StageSession(Circuit(Network.layered((2, 2)), Technology()), 1e-9)


def test_a_swing_from_above_to_below_is_refused():
    with pytest.raises(TechnologyError, match=r"follower_low: 0\.9 V is not below follower_high, 0\.1 V"):
        Technology(follower_low=0.9, follower_high=0.1)


def test_a_line_stands_at_the_end_of_its_followers_swing():
    """A neuron at 0.8 V behind a follower of gain 9 that ends at 0.45 V pulls the next one to w · 0.45 V."""
    circuit = Circuit(Network.layered((1, 1, 1)), Technology(follower_gain=9.0, follower_high=0.45))
    held = circuit.program(Parameters(np.array([0.8, 0.5]), np.zeros(2)))
    # Backward the output pulls the hidden neuron up: 0.8 V + 0.5 · 0.9 · v_out.
    at = settled(circuit, held, Drive(np.ones((1, 1))))[0]
    assert at[1] == pytest.approx(0.5 * 0.45, abs=1e-12)
    assert at[0] == pytest.approx(0.8 + 0.5 * 0.9 * at[1], abs=1e-12)


def test_a_conveyor_sends_a_hyperbolic_tangent_of_what_it_is_asked_for():
    circuit = Circuit(Network.layered((1, 1)), Technology(sense_current_limit=4e-6))
    held = circuit.program(Parameters(np.array([0.9]), np.zeros(1)))
    at = settled(circuit, held, Drive(np.ones((1, 1))))[0, 0]
    assert at == pytest.approx(0.4 * np.tanh(0.9 / 0.4), abs=1e-14)


def test_a_slow_conveyor_adds_a_pole_between_two_neurons():
    """The first neuron decays from 1 V, tau alone; its conveyor has settled on 0.5 V, and the second neuron follows it.

    x = e^-at, z' = b (x/2 - z), y' = a (z - y) from z = y = 1/2, by partial fractions.
    """
    tech = Technology(sense_bandwidth=10e6)
    circuit = Circuit(Network.layered((1, 1, 1)), tech)
    held = circuit.program(Parameters(np.array([0.0, 0.5]), np.zeros(2)))
    forward_only = replace(held, backward=np.zeros(2))
    tau, tau_c = tech.time_constant, 1.0 / (2.0 * np.pi * 10e6)
    with TIGHT.open(circuit) as session:
        session.program(forward_only)
        wave = session.transient(Drive(np.zeros((1, 1))), 3.0 * tau, np.array([[1.0, 0.5]]), points=13)
    t = wave.times
    a, b = 1.0 / tau, 1.0 / tau_c
    k = 0.5 * b / (b - a)
    z = [k, 0.5 - k]  # of e^-at and e^-bt
    exact = (0.5 + a * z[0] * t) * np.exp(-a * t) + z[1] * a * (np.exp(-b * t) - np.exp(-a * t)) / (a - b)
    assert wave.voltages[0, :, 0] == pytest.approx(np.exp(-t / tau), abs=1e-8)
    assert wave.voltages[0, :, 1] == pytest.approx(exact, abs=1e-8)


def test_three_equal_poles_ring_beyond_a_gain_of_eight():
    """(1 + s tau)^3 = -k has a root on the imaginary axis at k = 8, by Routh's rule.

    Ten neurons that all inhibit each other by w have the eigenvalues -9 w and w; ideal amplifiers do not mind.
    """
    graph = with_lateral_connections(graph_from_network(Network.layered((1, 10))), [1])
    net = network_from_graph(graph)
    tau = Technology().time_constant
    pole = 1.0 / (2.0 * np.pi * tau)
    drive, middle = Drive(np.zeros((1, 1))), np.full((1, 10), 0.5)
    for gain, steady in ((7.9, True), (8.1, False)):
        stable = {}
        for name, tech in (
            ("ideal", Technology()),
            ("slow", Technology(sense_bandwidth=pole, follower_bandwidth=pole)),
        ):
            circuit = Circuit(net, tech)
            weights = np.zeros(net.n_edges)
            for block in net.coupling_blocks:
                weights[block.edges] = -gain / 9.0
            held = circuit.program(Parameters(weights, np.full(10, 0.5 * (1.0 + gain))))
            assert kirchhoff_residual(circuit, held, drive, middle)[0] < 1e-18
            stable[name] = bool(is_stable(circuit, held, drive, middle)[0])
        assert stable == {"ideal": True, "slow": steady}


@pytest.mark.parametrize("name", LIMITS)
def test_the_dynamics_between_diodes_are_those_that_scipy_integrates(name):
    """Radau at 1e-10 on the equations as the page of `analogeq.circuit.stages` writes them; a tight waveform is
    stated to 1e-7 of the rail."""
    circuit, _, held, drive, start = made(LIMITS[name], DIODE)
    tech, limits, n = circuit.technology, circuit.limits, circuit.network.n_nodes
    with TIGHT.open(circuit) as session:
        session.program(held)
        wave = session.transient(drive, 3.0 * tech.time_constant, start, points=7)
    asked, matrix = circuit.input_currents(held, drive.inputs)[0], circuit.coupling_currents(held, np.eye(n)).T
    source, load = circuit.source_currents(drive)[0], circuit.load_conductances(drive)

    def parts(x):
        v, rest = x[:n], x[n:]
        swing = np.minimum(np.maximum(v, limits.low), limits.high)
        u, rest = (rest[:n], rest[n:]) if limits.line_time else (swing, rest)
        q = asked + matrix @ u
        return v, swing, u, q, (rest * tech.unit_conductance if limits.column_time else q)

    def speed(_, x):
        v, swing, u, q, z = parts(x)
        sent = limits.current * np.tanh(z / limits.current) if np.isfinite(limits.current) else z
        drawn = clamp_current(v, tech.clamp, tech.rail, tech.temperature, 0.0)[0]
        found = [(sent + source - load * v - drawn) / tech.node_capacitance]
        if limits.line_time:
            found.append((swing - u) / limits.line_time)
        if limits.column_time:
            found.append((q - z) / tech.unit_conductance / limits.column_time)
        return np.concatenate(found)

    swing = np.clip(start[0], limits.low, limits.high)
    first = [start[0], *([swing] if limits.line_time else [])]
    first += [(asked + matrix @ swing) / tech.unit_conductance] if limits.column_time else []
    exact = solve_ivp(speed, (0.0, wave.times[-1]), np.concatenate(first), "Radau", wave.times, rtol=1e-10, atol=1e-12)
    assert np.abs(exact.y[:n].T - wave.voltages[0]).max() < 1e-7


@pytest.mark.parametrize("name", LIMITS)
def test_corners_of_ideal_clamps_and_of_swings_cost_no_accuracy(name):
    """A thousandth of the tolerance moves nothing by more than what tight waveforms are stated to."""
    circuit, _, held, drive, start = made(LIMITS[name])
    waves = []
    for tolerance in (1e-9, 1e-12):
        session = StageSession(circuit, tolerance)
        session.program(held)
        waves.append(session.transient(drive, 3.0 * circuit.technology.time_constant, start, points=31).voltages)
    assert (waves[1] == 0.0).any() or (waves[1] == 1.0).any()
    assert np.abs(waves[0] - waves[1]).max() < 1e-7


@pytest.mark.ngspice
@pytest.mark.parametrize("clamp", [None, DIODE], ids=["ideal", "diodes"])
@pytest.mark.parametrize("name", LIMITS)
def test_both_engines_settle_and_follow_the_same_circuit(opened_engines, name, clamp):
    """Equilibria to ngspice's nanovolt tolerance, its tight waveforms to the 3e-5 that they are stated to."""
    circuit, _, held, drive, start = made(LIMITS[name], clamp)
    tau, found = circuit.technology.time_constant, {}
    for engine in ("native", "ngspice"):
        with opened_engines(engine, "tight").open(circuit) as session:
            session.program(held)
            found[engine] = (
                session.settle(drive, start).voltages,
                session.settle(drive, start, duration=2.0 * tau).voltages,
                session.transient(drive, 2.0 * tau, start, points=11).voltages,
            )
    for bound, a, b in zip((1e-8, 2e-5, 3e-5), found["native"], found["ngspice"], strict=True):
        assert np.abs(a - b).max() < bound
    ideal = replace(circuit.technology, **{key: getattr(Technology(), key) for key in LIMITS[name]})
    without = settled(Circuit(circuit.network, ideal), held, drive, start)
    moved = np.abs(without - found["native"][0]).max()
    assert moved > 1e-3 if {"follower_high", "sense_current_limit"} & set(LIMITS[name]) else moved < 1e-8


def test_lags_move_no_equilibrium():
    circuit, _, held, drive, start = made(LIMITS["slow conveyors"] | LIMITS["slow followers"], scale=0.6)
    ideal = Circuit(circuit.network, Technology())
    expected = settled(ideal, ideal.program(Parameters(held.weights, held.biases)), drive, start)
    assert settled(circuit, held, drive, start) == pytest.approx(expected, abs=1e-12)


def test_a_session_refuses_what_does_not_fit():
    circuit, _, held, drive, start = made(LIMITS["all"])
    with TIGHT.open(circuit) as session:
        with pytest.raises(InputError, match="nothing is programmed"):
            session.settle(drive)
        session.program(held)
        with pytest.raises(InputError, match=r"start: shape \(2, 9\); give finite voltages of shape \(3, 9\)"):
            session.settle(drive, start[:2])
        with pytest.raises(InputError, match="a phase lasts a positive, finite time"):
            session.settle(drive, duration=0.0)
        endless = replace(drive, inputs=np.full_like(drive.inputs, np.nan))
        with pytest.raises(InputError, match="in sample 0 the columns of node h1_0"):
            session.settle(endless)


def test_a_node_that_nothing_holds_but_its_rails_is_not_taken_for_settled():
    circuit, _, held, drive, _ = made(LIMITS["slow conveyors"])
    pushed = replace(drive, nudge=replace(drive.nudge, conductance=-2.0 * circuit.technology.unit_conductance))
    with TIGHT.open(circuit) as session:
        session.program(held)
        assert (session.settle(pushed, check=False).status == Status.UNSTABLE).all()


def test_settling_leaves_the_start_that_it_was_given_alone():
    circuit, _, held, drive, start = made(LIMITS["current"])
    kept = start.copy()
    settled(circuit, held, drive, start)
    assert np.array_equal(start, kept)


@pytest.mark.parametrize("clamp", [None, DIODE], ids=["ideal", "diodes"])
def test_a_small_current_moves_the_nodes_as_the_jacobian_says(clamp):
    """Central differences of settled voltages; their error is of second order in the step, some 1e-7 of the answer."""
    circuit, _, held, drive, _ = made(LIMITS["all"], clamp, scale=0.6)
    at, step = settled(circuit, held, drive), 1e-5
    g0, n = circuit.technology.unit_conductance, circuit.network.n_nodes
    kick = np.linspace(-1.0, 1.0, n) * np.ones((3, 1))

    def moved(sign):
        tether = Tether(drive.tether.voltages + sign * step * kick, drive.tether.conductance)
        return settled(circuit, held, replace(drive, tether=tether))

    measured = (moved(1.0) - moved(-1.0)) / (2.0 * step)
    expected = small_signal(circuit, held, drive, at, drive.tether.conductance * kick).voltages
    assert g0 * np.abs(measured - expected).max() < 1e-5 * g0 * np.abs(expected).max()


def test_the_exact_gradient_is_the_slope_of_the_cost_behind_limited_amplifiers():
    circuit, theta, _, drive, _ = made(LIMITS["all"] | {"follower_offset_spread": 1e-2}, DIODE, scale=0.6)
    rng = np.random.default_rng(3)
    targets = rng.random((3, circuit.network.n_outputs))
    subject = Subject(circuit, theta, drive.inputs, targets)
    free = Drive(drive.inputs)

    def cost(parameters):
        at = settled(circuit, circuit.program(parameters), free)[:, circuit.network.outputs]
        return ((at - targets) ** 2).sum() / len(at)

    exact, _, corners = oracle(subject, settled(circuit, circuit.program(theta), free))
    assert corners == 0
    for edge in (0, 7, 25, 40):
        nudged = []
        for sign in (1.0, -1.0):
            weights = theta.weights.copy()
            weights[edge] += sign * 1e-5
            nudged.append(cost(Parameters(weights, theta.biases)))
        assert exact.weights[edge] == pytest.approx((nudged[0] - nudged[1]) / 2e-5, rel=1e-5, abs=1e-9)


def test_power_is_balanced_behind_limited_amplifiers():
    """What is supplied is dissipated at an equilibrium, and a line at the end of its swing heats its devices less."""
    circuit, _, held, drive, start = made({"follower_high": 0.3} | LIMITS["current"], DIODE)
    at = settled(circuit, held, drive, start)
    power = power_flow(circuit, held, drive, at)
    # Kirchhoff's law is satisfied to some 1e-14 A at a volt.
    assert power.supplied == pytest.approx(power.dissipated, rel=1e-9)
    ideal = Circuit(circuit.network, replace(circuit.technology, follower_high=np.inf))
    assert (power.couplings < power_flow(ideal, held, drive, at).couplings).all()


def test_the_adjoint_is_zero_of_what_a_line_at_its_end_cannot_tell():
    """Behind a hidden neuron at the end of its swing the output does not feel it, nor does the cost."""
    circuit = Circuit(Network.layered((1, 1, 1)), Technology(follower_high=0.3))
    held = circuit.program(Parameters(np.array([0.6, 0.5]), np.zeros(2)))
    drive = Drive(np.ones((1, 1)))
    at = settled(circuit, held, drive)
    slopes = cost_adjoint(circuit, held, drive, at, np.ones((1, 1))).voltages[0]
    assert slopes[0] == 0.0
    assert slopes[1] != 0.0
