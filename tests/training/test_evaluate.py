"""Errors in percent."""

import numpy as np

from analogeq.circuit import Circuit
from analogeq.controller import Controller, Schedule
from analogeq.digital import FeedforwardCopy
from analogeq.engines import engine
from analogeq.hardware import Technology
from analogeq.network import Network, glorot_uniform
from analogeq.training import copy_error, error_percent, settled_signals


def test_the_error_counts_samples_whose_largest_output_is_not_the_label() -> None:
    outputs = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.1]])
    assert error_percent(outputs, np.array([0, 1, 1, 0])) == 25.0


def test_settling_in_parts_equals_settling_at_once() -> None:
    network = Network.layered((4, 5, 2))
    theta = glorot_uniform(network, np.random.default_rng(0))
    copy = FeedforwardCopy(network, theta)
    x = np.random.default_rng(1).random((7, 4))
    with engine("native").open(Circuit(network, Technology())) as session:
        controller = Controller(session, Schedule(free_time=None))
        controller.program(theta)
        in_parts = settled_signals(controller, copy, x, batch=3)
        # Each settles to the Kirchhoff tolerance, a millionth of the rail.
        assert np.allclose(in_parts, settled_signals(controller, copy, x), atol=2e-6)


def test_a_copy_that_is_right_has_no_error() -> None:
    network = Network.layered((2, 2))
    theta = glorot_uniform(network, np.random.default_rng(0))
    theta.weights[:] = [1.0, 0.0, 0.0, 1.0]
    assert copy_error(FeedforwardCopy(network, theta), np.eye(2), np.array([0, 1])) == 0.0
