"""Noise in the simulation netlist: a source a node, and what nodes have in common."""

import numpy as np
import pytest

from analogeq.circuit import Circuit
from analogeq.circuit.netlist.noise import SampledNoise
from analogeq.circuit.netlist.simulation import simulation_netlist
from analogeq.circuit.noise import NoiseCurrents
from analogeq.errors import ElectricalRuleError
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters

CIRCUIT = Circuit(Network.layered((1, 2)), Technology())
HELD = CIRCUIT.program(Parameters(np.zeros(2), np.zeros(2)))


def added(noise):
    plain = simulation_netlist(CIRCUIT, HELD).splitlines()
    return [line for line in simulation_netlist(CIRCUIT, HELD, noise).splitlines() if line not in plain]


def test_each_node_has_one_source_of_its_own_noise():
    noise = SampledNoise(np.array([1e-9, 2e-9]), None, 1e-8)
    assert added(noise) == ["iz0 0 n0 dc 0 trnoise(1e-09 1e-08 0 0)", "iz1 0 n1 dc 0 trnoise(2e-09 1e-08 0 0)"]


def test_what_nodes_have_in_common_is_carried_from_independent_numbers():
    noise = SampledNoise(np.zeros(2), np.array([[3e-9, 0.0], [1e-9, 2e-9]]), 1e-8)
    assert added(noise)[2:] == [
        "iy0 0 z0 dc 0 trnoise(1.0 1e-08 0 0)",
        "iy1 0 z1 dc 0 trnoise(1.0 1e-08 0 0)",
        "rz0 z0 0 1.0",
        "rz1 z1 0 1.0",
        "gz0_0 0 n0 z0 0 3e-09",
        "gz1_0 0 n1 z0 0 1e-09",
        "gz1_1 0 n1 z1 0 2e-09",
    ]


def test_the_covariance_of_a_step_s_currents_is_the_density_over_two_steps():
    root = np.array([[3.0, 0.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 0.5]]) * 1e-12
    crossbars, own = root @ root.T, np.array([[1e-24, 2e-24, 3e-24]])
    sampled = SampledNoise.of(NoiseCurrents(crossbars, own), 0, 0.5e-9)
    found = np.diag(sampled.own**2) + sampled.shared @ sampled.shared.T
    # rounding of a root by eigenvalues, over the largest
    assert found == pytest.approx((crossbars + np.diag(own[0])) / 1e-9, abs=1e-11 * 1e-23 / 1e-9)
    assert np.count_nonzero(sampled.shared) == 5  # two nodes share, the third is alone


def test_noise_without_end_is_not_written():
    with pytest.raises(ElectricalRuleError, match="noise source 'iz1'"):
        simulation_netlist(CIRCUIT, HELD, SampledNoise(np.array([1e-9, np.inf]), None, 1e-8))
