"""The start of deep networks: every neuron between the rails, and the curvature of a chain."""

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive
from analogeq.circuit.landscape import is_strictly_convex
from analogeq.engines import engine
from analogeq.hardware import Technology
from analogeq.network import Network, orthogonal_chain

TECH = Technology()


def programmed(depth: int, gain: float):
    network = Network.layered((6, *[20] * depth, 4))
    mean = np.full(6, 0.3)
    circuit = Circuit(network, TECH)
    return circuit, circuit.program(orthogonal_chain(network, np.random.default_rng(3), gain=gain, inputs=mean)), mean


def test_all_neurons_rest_in_the_middle_for_the_mean_input() -> None:
    circuit, held, mean = programmed(depth=5, gain=0.45)
    with engine("native").open(circuit) as session:
        session.program(held)
        point = session.settle(Drive(mean[None]))
    assert point.voltages == pytest.approx(0.5, abs=1e-9)  # the native engine's equilibria are solved to rounding


@pytest.mark.parametrize("depth", [1, 3, 6])
@pytest.mark.parametrize("gain", [0.3, 0.48])
def test_the_least_curvature_is_that_of_a_path_of_layers(depth: int, gain: float) -> None:
    circuit, held, mean = programmed(depth, gain)
    expected = 1.0 - 2.0 * gain * np.cos(np.pi / (depth + 2))  # hidden layers and outputs
    found = is_strictly_convex(circuit, held, Drive(mean[None]))
    # Where row sums already show convexity they are a lower bound; the eigenvalue itself is exact to rounding.
    if found.bounded_by == "row sums":
        assert 0.0 < found.smallest_eigenvalue <= expected * TECH.unit_conductance
    else:
        assert found.smallest_eigenvalue == pytest.approx(expected * TECH.unit_conductance, rel=1e-6)
