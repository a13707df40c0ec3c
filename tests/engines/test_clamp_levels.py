"""Clamps whose levels differ among neurons: by hand, as another circuit between two rails, and against ngspice."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, Nudge, Tether, kirchhoff_residual
from analogeq.engines import engine
from analogeq.engines.native.engine import NativeEngine
from analogeq.errors import TechnologyError
from analogeq.hardware import DiodeClamp, IdealClamp, Technology
from analogeq.hardware.amplifiers import amplifier_flaws
from analogeq.hardware.clamp import clamp_levels
from analogeq.network import (
    Network,
    Parameters,
    glorot_uniform,
    layered_graph,
    network_from_graph,
    sparse_graph,
    with_lateral_connections,
)

IDEAL = IdealClamp(1e9, 0.05, 0.08, 2)
DIODE = DiodeClamp(1e-12, 1.2, 0.0, "", 0.05, 0.08, 2)
NETWORKS = {
    "two layers": lambda: Network.layered((4, 6, 3)),
    "three layers": lambda: Network.layered((4, 5, 4, 2)),
    "laterals": lambda: network_from_graph(with_lateral_connections(layered_graph((4, 5, 3)), [1])),
    "sparse": lambda: network_from_graph(sparse_graph((4, 7, 5, 2), 0.5, seed=3)),
}


def made(network, clamp, *, scale=0.6, **technology):
    circuit = Circuit(network, Technology(clamp=clamp, **technology))
    rng = np.random.default_rng(5)
    theta = glorot_uniform(network, rng, scale=scale)
    theta.biases[:] = rng.uniform(-0.6, 1.2, network.n_nodes)
    g0, rail = circuit.technology.unit_conductance, circuit.technology.rail
    drive = Drive(
        rail * rng.random((4, network.n_inputs)),
        Tether(rail * rng.random((4, network.n_nodes)), 0.1 * g0),
        Nudge(rail * rng.random((4, network.n_outputs)), 0.5 * g0),
    )
    return circuit, theta, circuit.program(theta), drive


def test_a_neuron_that_is_pushed_stands_at_its_own_level():
    circuit = Circuit(Network.layered((1, 3)), Technology(clamp=IDEAL))
    levels = circuit.clamp_levels
    held = circuit.program(Parameters(np.zeros(3), np.array([-2.0, 0.4, 2.0])))
    with NativeEngine(accuracy="tight").open(circuit) as session:
        session.program(held)
        found = session.settle(Drive(np.zeros((1, 1)))).voltages[0]
        end = session.settle(Drive(np.zeros((1, 1))), duration=5 * circuit.technology.time_constant).voltages[0]
    expected = [levels.lower[0], 0.4, levels.upper[2]]
    assert found == pytest.approx(expected, abs=1e-14)
    # On its way to 0.4 the middle one starts from 0 V, inside its levels or at the lower one.
    start = max(0.0, levels.lower[1])
    assert end[1] == pytest.approx(0.4 + (start - 0.4) * np.exp(-5.0), abs=1e-7)  # what "tight" is
    assert end[[0, 2]] == pytest.approx([levels.lower[0], levels.upper[2]], abs=1e-12)


def test_levels_that_do_not_differ_change_nothing():
    assert clamp_levels(IdealClamp(seed=7), 1.0, 5) is None
    drawn = clamp_levels(IDEAL, 1.0, 4000)
    # A standard deviation of 4,000 draws is known to 1.1 % of itself.
    assert drawn.lower.std() == pytest.approx(0.05, rel=0.05)
    assert drawn.upper.std() == pytest.approx(0.08, rel=0.05)
    assert not np.array_equal(drawn.lower, clamp_levels(replace(IDEAL, seed=3), 1.0, 4000).lower)


def test_clamps_and_amplifiers_of_one_seed_have_nothing_to_do_with_each_other():
    levels = clamp_levels(IDEAL, 1.0, 4000)
    flaws = amplifier_flaws(
        Technology(sense_gain_spread=0.1, sense_offset_spread=1e-3, amplifier_seed=IDEAL.seed), 4000
    )
    draws = np.array([levels.lower, levels.upper, flaws.gain, flaws.plus, flaws.minus])
    assert np.abs(np.corrcoef(draws) - np.eye(5)).max() < 0.08  # five standard errors


def test_a_neuron_without_room_is_refused():
    with pytest.raises(TechnologyError, match="which leaves it no room; give smaller spreads"):
        clamp_levels(IdealClamp(lower_spread=2.0), 1.0, 100)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("clamp", [IDEAL, DIODE], ids=["ideal", "diodes"])
def test_where_the_native_engine_settles_kirchhoff_s_law_holds_and_levels_do(name, clamp):
    circuit, _, held, drive = made(NETWORKS[name](), clamp)
    with engine("native").open(circuit) as session:
        session.program(held)
        point = session.settle(drive)
    unit = circuit.technology.unit_conductance * circuit.technology.rail
    assert kirchhoff_residual(circuit, held, drive, point.voltages).max() < 1e-9 * unit
    assert point.kcl_residual.max() < 1e-9 * unit
    if clamp is IDEAL:
        levels = circuit.clamp_levels
        assert (point.voltages >= levels.lower - 1e-14).all()
        assert (point.voltages <= levels.upper + 1e-14).all()
        at_level = np.minimum(point.voltages - levels.lower, levels.upper - point.voltages) < 1e-14
        assert at_level.any()
        assert not at_level.all()


@pytest.mark.parametrize("name", ["two layers", "laterals"])
@pytest.mark.parametrize("clamp", [IDEAL, DIODE], ids=["ideal", "diodes"])
@pytest.mark.parametrize("accuracy", ["tight", "fast", "coarse"])
def test_numpy_and_compiled_kernels_settle_and_follow_alike(name, clamp, accuracy):
    circuit, _, held, drive = made(NETWORKS[name](), clamp, rail=1.5)
    tau = circuit.technology.time_constant
    ends = []
    for kernels in ("numpy", "auto"):
        with NativeEngine(accuracy=accuracy, kernels=kernels).open(circuit) as session:
            session.program(held)
            ends.append((session.settle(drive).voltages, session.settle(drive, duration=2.0 * tau).voltages))
    assert ends[0][0] == pytest.approx(ends[1][0], abs=1e-9)
    allowed = {"tight": 2e-7, "fast": 2e-3, "coarse": 6e-2}[accuracy]  # twice what each is within of the rail
    assert ends[0][1] == pytest.approx(ends[1][1], abs=allowed * 1.5)


def test_single_precision_knows_levels_too():
    circuit, _, held, drive = made(NETWORKS["two layers"](), IDEAL)
    found = []
    for dtype in ("float64", "float32"):
        with NativeEngine(dtype=dtype).open(circuit) as session:
            session.program(held)
            found.append(session.settle(drive).voltages)
    assert found[0] == pytest.approx(found[1], abs=2e-5)  # what float32 settles to, of the rail


@pytest.mark.parametrize("clamp", [IDEAL, DIODE], ids=["ideal", "diodes"])
def test_a_shift_of_all_levels_is_a_shift_of_the_whole_circuit(clamp):
    """Manufactured: with l the same for all, x = v - l obeys a circuit of other currents between 0 V and the rail."""
    network = Network.layered((2, 3))
    shift = 0.1
    circuit = Circuit(network, Technology(clamp=replace(clamp, lower_spread=0.0, upper_spread=0.0)))
    theta = Parameters(glorot_uniform(network, np.random.default_rng(1)).weights, np.array([-1.0, 0.5, 2.0]))
    there = circuit.program(theta)
    moved = Circuit(network, replace(circuit.technology, clamp=clamp))
    object.__setattr__(moved, "clamp_levels", type(moved.clamp_levels)(np.full(3, shift), np.full(3, 1.0 + shift)))
    # Leaks pull to ground, that is to -shift in x: a bias of shift makes up for it.
    raised = moved.program(replace(theta, biases=theta.biases + shift))
    drive = Drive(np.random.default_rng(2).random((5, 2)))
    ends = []
    for chip, held in ((circuit, there), (moved, raised)):
        with engine("native").open(chip) as session:
            session.program(held)
            ends.append(session.settle(drive).voltages)
    assert ends[1] - shift == pytest.approx(ends[0], abs=1e-12)


@pytest.mark.ngspice
@pytest.mark.parametrize("name", ["two layers", "laterals"])
@pytest.mark.parametrize("clamp", [IDEAL, DIODE], ids=["ideal", "diodes"])
def test_both_engines_settle_and_follow_alike(name, clamp):
    circuit, _, held, drive = made(NETWORKS[name](), clamp, scale=0.4)
    tau = circuit.technology.time_constant
    settles, follows, waves = [], [], []
    for which in ("native", "ngspice"):
        one = engine(which, accuracy="tight")
        with one.open(circuit) as session:
            session.program(held)
            settles.append(session.settle(drive).voltages)
            start = np.full((4, circuit.network.n_nodes), 0.5)
            follows.append(session.settle(drive, start, duration=2.0 * tau).voltages)
            waves.append(session.transient(drive, 2.0 * tau, start, points=41).voltages)
        if hasattr(one, "close"):
            one.close()
    # ngspice's ideal clamp yields by 1e-9 of what pushes, its diodes by its tolerance of node voltages.
    assert settles[0] == pytest.approx(settles[1], abs=2e-8)
    # What the conformance suite asks of ngspice's "tight" phases and waveforms, of the rail.
    assert follows[0] == pytest.approx(follows[1], abs=2e-5)
    assert waves[0] == pytest.approx(waves[1], abs=2e-5)
