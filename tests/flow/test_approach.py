"""Times to rest against closed forms, for circuits and for steps."""

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive
from analogeq.digital import EulerSteps, LayeredWeights, Sweeps, choose_arithmetic, pull_of
from analogeq.engines import engine
from analogeq.flow.approach import circuit_approach, step_approach
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters

TECH = Technology()


def lone_neuron(bias: float = 0.5):
    """One neuron without neighbours: it falls to its bias as exp(-t/tau)."""
    network = Network.layered((1, 1))
    return network, Parameters(np.zeros(1), np.array([bias]))


def pair(weight: float):
    """Two neurons that pull on each other, pulled to the middle: modes at rates 1 ± w."""
    network = Network.layered((1, 1, 1))
    return network, Parameters(np.array([0.0, weight]), np.full(2, 0.5 * (1.0 - weight)))


def approach(network: Network, theta: Parameters, start: np.ndarray, ends: np.ndarray):
    circuit = Circuit(network, TECH)
    held = circuit.program(theta)
    drive = Drive(np.zeros((len(start), 1)))
    with engine("native", accuracy="tight").open(circuit) as session:
        session.program(held)
        return circuit_approach(session, held, drive, start, ends, span=4.0)


@pytest.mark.parametrize("threshold", [1e-2, 1e-3, 1e-6])
def test_a_lone_neuron_is_near_after_the_logarithm_of_its_distance(threshold: float) -> None:
    found = approach(*lone_neuron(), np.zeros((1, 1)), np.full((1, 1), 0.5))
    # The waveform's accuracy of 1e-9 V is a thousandth of the nearest threshold.
    assert found.settling.times_to(threshold) == pytest.approx([np.log(0.5 / threshold)], rel=2e-4)


def test_the_energy_to_a_threshold_is_the_integral_up_to_its_time() -> None:
    network, theta = lone_neuron()
    found = approach(network, theta, np.full((1, 1), 0.5), np.full((1, 1), 0.5))
    assert found.energy_to(1e-3) == pytest.approx([0.0])  # it stands there
    moved = approach(network, theta, np.zeros((1, 1)), np.full((1, 1), 0.5))
    held = Circuit(network, TECH).program(theta)
    t, gone = np.log(0.5 / 1e-2), 1.0 - 1e-2 / 0.5
    leak = 0.25 * (t - 2.0 * gone + 0.5 * (1.0 - (1.0 - gone) ** 2)) * TECH.unit_conductance
    bias = float(np.sum(held.pair(held.biases))) * t
    # Trapezoidal rule and interpolation at a twentieth of tau: h²/12 of the answer.
    assert moved.energy_to(1e-2) == pytest.approx([(leak + bias) * TECH.time_constant], rel=1e-3)


def test_what_does_not_settle_never_arrives_and_holds_nobody_up() -> None:
    found = approach(*lone_neuron(), np.zeros((2, 1)), np.array([[0.5], [np.inf]]))
    assert found.settling.times_to(1e-3)[0] == pytest.approx(np.log(500.0), rel=2e-4)
    assert np.isinf(found.settling.times_to(1e-3)[1])
    assert np.isinf(found.energy_to(1e-3)[1])


def steps(network: Network, theta: Parameters, how, start: np.ndarray):
    weights = LayeredWeights(network, theta)
    arithmetic = choose_arithmetic()
    return step_approach(arithmetic, weights, pull_of(arithmetic, weights, np.zeros((len(start), 1))), how, start)


@pytest.mark.parametrize("epsilon", [0.1, 0.5, 0.9])
def test_euler_steps_shrink_the_distance_by_one_less_epsilon(epsilon: float) -> None:
    settling, ends = steps(*lone_neuron(), EulerSteps(1, epsilon), np.zeros((1, 1)))
    assert ends == pytest.approx(0.5)
    wanted = np.ceil(np.log(1e-3 / 0.5) / np.log(1.0 - epsilon))
    assert settling.times_to(1e-3) == pytest.approx([wanted])


def test_a_sweep_shrinks_the_distance_by_the_coupling_squared() -> None:
    settling, ends = steps(*pair(0.6), Sweeps(1), np.array([[0.3, 0.4]]))
    assert ends == pytest.approx(0.5)
    ratios = settling.distances[0, 2:8] / settling.distances[0, 1:7]
    assert ratios == pytest.approx(0.36, rel=1e-6)  # the ends are known to 1e-12 of distances down to 1e-4


def test_a_cycle_of_two_is_no_rest() -> None:
    """Coupled by -1.5 between the rails, full Euler steps flip between two states for ever."""
    network = Network.layered((1, 1, 1))
    theta = Parameters(np.array([0.0, -1.5]), np.array([1.25, 1.25]))
    settling, ends = steps(network, theta, EulerSteps(1, 1.0), np.array([[0.4, 0.4], [0.5, 0.5]]))
    assert not np.isfinite(ends[0]).any()
    assert ends[1] == pytest.approx(0.5)
    assert np.isinf(settling.times_to(1e-2)[0])
