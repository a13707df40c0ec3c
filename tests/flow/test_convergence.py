"""Settling times against closed forms."""

import numpy as np
import pytest

from analogeq.circuit import Circuit
from analogeq.digital import FeedforwardCopy
from analogeq.engines import engine
from analogeq.flow.convergence import Comparison, Start, compare, settling_time, table
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters


def test_an_exponential_is_timed_exactly_between_its_samples() -> None:
    times = np.linspace(0.0, 20.0, 41)
    assert settling_time(times, np.exp(-times), 1e-6) == pytest.approx(6 * np.log(10), rel=1e-12)


def test_what_leaves_again_counts_from_its_last_return() -> None:
    times = np.arange(5.0)
    assert settling_time(times, np.array([1.0, 0.001, 0.5, 0.001, 0.001]), 0.01) > 2.0


def test_what_never_comes_close_takes_forever() -> None:
    assert settling_time(np.arange(3.0), np.ones(3), 0.5) == np.inf


def test_what_starts_there_takes_no_time() -> None:
    assert settling_time(np.arange(3.0), np.zeros(3), 0.5) == 0.0


def test_a_lone_neuron_needs_the_logarithm_of_the_threshold_and_euler_its_own() -> None:
    network = Network.layered((1, 1))
    theta = Parameters(np.array([0.5]), np.zeros(1))
    comparison = Comparison(
        Circuit(network, Technology()),
        theta,
        FeedforwardCopy(network, theta),
        np.ones((1, 1)),
        horizon=20.0,
        points=801,
    )
    with engine("native", accuracy="tight").open(comparison.circuit) as session:
        session.program(comparison.circuit.program(theta))
        rows = {
            (r.method, r.start, r.threshold): r for r in table(compare(comparison, {"native": session}, 0.1, (0.5,)))
        }
    # From 0 to 0.5 the distance is 0.5·exp(-t); to 1e-3 that takes ln 500.
    assert rows["circuit (native)", "zero", 1e-3].median == pytest.approx(np.log(500), abs=1e-3)
    assert rows["Euler, ε = 0.5", "zero", 1e-3].median == np.ceil(np.log2(500))
    # The copy predicts 0.5 + 0.005 of leak, which is within 1 % at once.
    assert rows["circuit (native)", "copy", 1e-2].median == 0.0


def test_the_tether_is_part_of_the_drive_only_where_it_is_asked_for() -> None:
    network = Network.layered((1, 1))
    theta = Parameters(np.array([0.5]), np.zeros(1))
    comparison = Comparison(Circuit(network, Technology()), theta, FeedforwardCopy(network, theta), np.ones((1, 1)))
    assert comparison.drive(Start("copy", from_copy=True, tether=0.0))[0].tether is None
    tether = comparison.drive(Start("tethered copy", from_copy=True, tether=0.3))[0].tether
    assert tether is not None
    assert tether.conductance == pytest.approx(3e-6)
