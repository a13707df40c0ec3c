"""The native engine against closed forms and against scipy."""

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, Nudge, Tether
from analogeq.engines.native import NativeEngine
from analogeq.errors import InputError, NotSettledError
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters, glorot_uniform


def chain(weight: float, bias: float) -> tuple[Circuit, Parameters]:
    """One input, two neurons in a row joined by ``weight``; the input reaches the first with weight 1."""
    return Circuit(Network.layered([1, 1, 1]), Technology()), Parameters(np.array([1.0, weight]), np.array([0.0, bias]))


def test_two_neurons_settle_where_algebra_says():
    circuit, theta = chain(0.5, 0.1)
    with NativeEngine().open(circuit) as session:
        session.program(circuit.program(theta))
        point = session.settle(Drive(np.array([[0.4]])))
    # s1 = 0.4 + 0.5 s2, s2 = 0.1 + 0.5 s1
    assert point.voltages[0] == pytest.approx([0.6, 0.4], abs=1e-9)  # the stated local error of a step
    assert point.kcl_residual[0] < 1e-15


def test_a_neuron_alone_charges_exponentially():
    circuit, theta = chain(0.0, 0.0)
    tau = circuit.technology.time_constant
    with NativeEngine().open(circuit) as session:
        session.program(circuit.program(theta))
        point = session.settle(Drive(np.array([[0.8]])), duration=1.5 * tau)
        wave = session.transient(Drive(np.array([[0.8]])), 1.5 * tau, points=4)
    assert point.voltages[0, 0] == pytest.approx(0.8 * (1 - np.exp(-1.5)), abs=1e-9)  # the stated local error of a step
    assert wave.voltages[0, :, 0] == pytest.approx(0.8 * (1 - np.exp(-np.linspace(0, 1.5, 4))), abs=1e-9)


def test_a_batch_settles_to_an_equilibrium_with_tether_and_nudge():
    circuit = Circuit(Network.layered([8, 12, 3]), Technology())
    rng = np.random.default_rng(3)
    theta = glorot_uniform(circuit.network, rng)
    g0 = circuit.technology.unit_conductance
    drive = Drive(rng.random((5, 8)), Tether(rng.random((5, 15)), 0.1 * g0), Nudge(rng.random((5, 3)), 2 * 0.5 * g0))
    with NativeEngine().open(circuit) as session:
        session.program(circuit.program(theta))
        point = session.settle(drive)
    assert point.kcl_residual.max() < 1e-12 * g0
    assert point.voltages.min() >= 0.0
    assert point.voltages.max() <= 1.0


def test_a_nudge_beyond_leak_and_tether_is_reported_as_unstable():
    circuit, theta = chain(0.2, 0.3)
    drive = Drive(np.array([[0.4]]), None, Nudge(np.array([[0.0]]), -2.0 * circuit.technology.unit_conductance))
    with NativeEngine().open(circuit) as session:
        session.program(circuit.program(theta))
        with pytest.raises(NotSettledError, match="more negative"):
            session.settle(drive)


def test_nothing_programmed_is_refused():
    circuit, _ = chain(0.2, 0.3)
    with NativeEngine().open(circuit) as session, pytest.raises(InputError, match="program"):
        session.settle(Drive(np.array([[0.4]])))
