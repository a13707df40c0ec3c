"""The stated accuracies, on a network coupled as networks come out of training."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive, Nudge, Tether
from analogeq.engines import Engine, Session
from analogeq.engines.ngspice.accuracy import PHASES, analysis_task, landing_task
from analogeq.hardware import Technology
from analogeq.network import Network, glorot_uniform

TECH = Technology()
TAU, G0 = TECH.time_constant, TECH.unit_conductance
NETWORK = Network.layered((16, 24, 5))
BATCH = 6

Exact = Callable[..., NDArray[np.float64]]


@pytest.fixture(scope="module")
def programmed() -> tuple[Circuit, Conductances]:
    circuit = Circuit(NETWORK, TECH)
    parameters = glorot_uniform(NETWORK, np.random.default_rng(7), scale=0.8)
    parameters.biases[:] = 0.3
    return circuit, circuit.program(parameters)


@pytest.fixture(scope="module")
def phases(programmed: tuple[Circuit, Conductances]) -> tuple[Drive, Drive, NDArray[np.float64]]:
    """Free and nudged drive, and a prediction to start from and be tethered to."""
    rng = np.random.default_rng(8)
    prediction = rng.uniform(0.2, 0.8, (BATCH, NETWORK.n_nodes))
    tether = Tether(prediction, 0.1 * G0)
    inputs = rng.uniform(0, 1, (BATCH, 16))
    target = np.eye(5)[rng.integers(0, 5, BATCH)]
    return Drive(inputs, tether), Drive(inputs, tether, Nudge(target, G0)), prediction


@pytest.fixture
def opened(
    programmed: tuple[Circuit, Conductances], opened_engines: Callable[..., Engine]
) -> Iterator[Callable[[str], Session]]:
    sessions: list[Session] = []

    def at(accuracy: str) -> Session:
        sessions.append(opened_engines("ngspice", accuracy).open(programmed[0]))
        sessions[-1].program(programmed[1])
        return sessions[-1]

    yield at
    for session in sessions:
        session.close()


@pytest.mark.ngspice
@pytest.mark.parametrize(("accuracy", "largest"), [("fast", 1e-2), ("tight", 1e-6)])
def test_a_free_and_a_nudged_phase_end_as_closely_as_stated(
    opened: Callable[[str], Session], programmed, phases, exact_waveform: Exact, accuracy: str, largest: float
) -> None:
    free, nudged, prediction = phases
    session = opened(accuracy)
    at = session.settle(free, prediction, duration=10 * TAU).voltages
    truth = exact_waveform(*programmed, free, np.array([10 * TAU]), prediction)[:, 0]
    assert np.abs(at - truth).max() < largest
    end = session.settle(nudged, truth, duration=2 * TAU).voltages
    assert np.abs(end - exact_waveform(*programmed, nudged, np.array([2 * TAU]), truth)[:, 0]).max() < largest


@pytest.mark.ngspice
@pytest.mark.parametrize(("accuracy", "largest"), [("fast", 5e-4), ("tight", 1e-5)])
def test_a_waveform_is_as_close_as_stated_all_along(
    opened: Callable[[str], Session], programmed, phases, exact_waveform: Exact, accuracy: str, largest: float
) -> None:
    free, _, prediction = phases
    wave = opened(accuracy).transient(free, 4 * TAU, prediction, points=41)
    assert np.abs(wave.voltages - exact_waveform(*programmed, free, wave.times, prediction)).max() < largest


@pytest.mark.ngspice
def test_a_waveform_without_asked_points_lies_on_the_exact_one(
    opened: Callable[[str], Session], programmed, phases, exact_waveform: Exact
) -> None:
    free, _, prediction = phases
    wave = opened("tight").transient(Drive(free.inputs[:1]), 2 * TAU, prediction[:1])
    assert len(wave.times) > 400  # ngspice's own time points
    truth = exact_waveform(*programmed, Drive(free.inputs[:1]), wave.times[1:], prediction[:1])
    assert np.abs(wave.voltages[:, 1:] - truth).max() < 1e-5


def test_a_short_phase_is_divided_into_as_many_steps_as_its_accuracy_asks(programmed) -> None:
    for accuracy in PHASES.values():
        for span in (0.1, 1.0, 100.0):
            task = analysis_task(accuracy, programmed[0], span * TAU)
            assert task["stop"] == span * TAU
            assert span * TAU / task["largest_step"] >= accuracy.fewest_steps * (1 - 1e-12)
            assert task["largest_step"] <= accuracy.largest_step * TAU


def test_the_first_step_of_a_landing_is_short_against_the_fastest_growth(programmed) -> None:
    for eigenvalue in (1e-6, -1e-6, -50e-6):
        first = landing_task(programmed[0], eigenvalue)["first_step"]
        assert first * -eigenvalue / TECH.node_capacitance < 0.5
