"""Euler relaxation against the node equation it discretises."""

import numpy as np
import pytest

from analogeq.digital import EulerRelaxation, Forces
from analogeq.network import Network, Parameters, glorot_uniform


def test_a_lone_neuron_decays_as_one_minus_epsilon_to_the_steps() -> None:
    network = Network.layered((1, 1))
    relaxation = EulerRelaxation(network, Parameters(np.zeros(1), np.zeros(1)), epsilon=0.25)
    end = relaxation.relax(Forces(np.zeros((1, 1))), np.ones((1, 1)), 6)
    assert end[0, 0] == pytest.approx(0.75**6, rel=1e-14)


def test_one_step_follows_equation_2_with_tether_and_nudge() -> None:
    network = Network.layered((3, 4, 2))
    rng = np.random.default_rng(0)
    theta = glorot_uniform(network, rng)
    x, s, s_f, y = rng.random((5, 3)), rng.random((5, 6)), rng.random((5, 6)), rng.random((5, 2))
    first, second = (theta.block(b) for b in network.blocks)
    pull = np.zeros_like(s)
    pull[:, :4] = x @ first + s[:, 4:] @ second.T
    pull[:, 4:] = s[:, :4] @ second
    pull += -s + 0.3 * (s_f - s)
    pull[:, 4:] += 2 * 0.4 * (y - s[:, 4:])
    forces = Forces(x, s_f, 0.3, y, 0.4)
    stepped = EulerRelaxation(network, theta, 0.5).relax(forces, s, 1)
    assert stepped == pytest.approx(np.clip(s + 0.5 * pull, 0.0, 1.0), abs=1e-14)


def test_the_trajectory_ends_where_relaxing_ends() -> None:
    network = Network.layered((3, 4, 2))
    rng = np.random.default_rng(1)
    relaxation = EulerRelaxation(network, glorot_uniform(network, rng))
    forces, start = Forces(rng.random((2, 3))), rng.random((2, 6))
    path = relaxation.trajectory(forces, start, 8)
    assert path.shape == (2, 9, 6)
    assert np.array_equal(path[:, 0], start)
    assert np.array_equal(path[:, -1], relaxation.relax(forces, start, 8))
