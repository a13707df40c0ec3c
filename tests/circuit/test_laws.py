"""Kirchhoff's residual of an answer close to a clamp's corner."""

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, kirchhoff_residual
from analogeq.hardware import DiodeClamp, Technology
from analogeq.network import Network, Parameters

TECH = Technology()
UNIT = TECH.unit_conductance * TECH.rail


def residual(bias: float, voltage: float, technology: Technology = TECH) -> float:
    """Of one neuron with no input, in units of G0 times the rail."""
    circuit = Circuit(Network.layered((1, 1)), technology)
    held = circuit.program(Parameters(np.zeros(1), np.array([bias])))
    return float(kirchhoff_residual(circuit, held, Drive(np.zeros((1, 1))), np.array([[voltage]]))[0]) / UNIT


@pytest.mark.parametrize("short", [0.0, 1e-11, 1e-8])
@pytest.mark.parametrize(("bias", "rail"), [(5.0, 1.0), (-5.0, 0.0)])
def test_an_answer_a_rounding_short_of_the_rail_is_that_rounding_away(short: float, bias: float, rail: float) -> None:
    voltage = rail - short if rail else short
    # The voltage itself is rounded to 1e-16.
    assert residual(bias, voltage) == pytest.approx(short, abs=1e-15)


@pytest.mark.parametrize("beyond", [1e-9, 0.1])
def test_an_answer_beyond_a_rail_is_as_far_away_as_it_is_beyond(beyond: float) -> None:
    assert residual(5.0, 1.0 + beyond) == pytest.approx(beyond, abs=1e-15)
    assert residual(-5.0, -beyond) == pytest.approx(beyond, abs=1e-15)


def test_a_node_that_no_clamp_stops_has_its_whole_net_current() -> None:
    assert residual(0.7, 0.4) == pytest.approx(0.3)
    assert residual(0.1, 0.4) == pytest.approx(0.3)
    assert residual(0.7, 1.0) == pytest.approx(0.3)  # at the rail, pushed back inside
    assert residual(5.0, 0.4) == pytest.approx(0.6)  # pushed to the rail: that far from the answer


def test_a_node_behind_diodes_has_its_whole_net_current_wherever_it_stands() -> None:
    sharp = Technology(clamp=DiodeClamp(1e-14, 1.0))
    # A junction of 0 V carries nothing, one of a rail in reverse IS and gmin: 1e-7 of G0 times the rail.
    assert residual(5.0, 1.0, sharp) == pytest.approx(4.0, abs=1e-6)
