"""Circuits whose answers are known in closed form, and what a session says that is not asked right; of every engine."""

from collections.abc import Mapping

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, Nudge, Tether
from analogeq.engines import Engine, Session, Status
from analogeq.errors import InputError, NotSettledError
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters

PhaseError = Mapping[tuple[str, str], float]


def one_neuron(engine: Engine, bias: float, weight: float = 0.0) -> tuple[Circuit, Session]:
    circuit = Circuit(Network.layered((1, 1)), Technology())
    session = engine.open(circuit)
    session.program(circuit.program(Parameters(np.array([weight]), np.array([bias]))))
    return circuit, session


def pair(engine: Engine, weight: float, bias: float) -> tuple[Circuit, Session]:
    circuit = Circuit(Network.layered((1, 1, 1)), Technology())
    session = engine.open(circuit)
    session.program(circuit.program(Parameters(np.array([0.0, weight]), np.array([bias, bias]))))
    return circuit, session


def test_a_neuron_without_input_decays_exponentially(engine: Engine, phase_error: PhaseError) -> None:
    circuit, session = one_neuron(engine, bias=0.0)
    tau = circuit.technology.time_constant
    with session:
        for t in (0.5, 1.0, 3.0):
            end = session.settle(Drive(np.zeros((1, 1))), np.array([[0.8]]), duration=t * tau).voltages[0, 0]
            assert end == pytest.approx(0.8 * np.exp(-t), abs=phase_error[engine.name, "fast"])


@pytest.mark.parametrize(("bias", "weight", "x"), [(0.2, 0.5, 0.6), (0.9, 0.5, 0.6), (-0.5, 0.2, 1.0), (0.0, 0.0, 1.0)])
def test_one_neuron_stands_at_its_clipped_input(engine: Engine, bias: float, weight: float, x: float) -> None:
    _, session = one_neuron(engine, bias, weight)
    with session:
        v = session.settle(Drive(np.array([[x]]))).voltages[0, 0]
    assert v == pytest.approx(np.clip(bias + weight * x, 0, 1), abs=1e-7)


def test_a_linear_pair_stands_at_its_closed_form(engine: Engine) -> None:
    _, session = pair(engine, weight=0.5, bias=0.2)
    with session:
        v = session.settle(Drive(np.zeros((1, 1)))).voltages[0]
    assert v == pytest.approx(0.2 / (1 - 0.5), abs=1e-9)  # s = b + w s on both sides


@pytest.mark.parametrize(("begin", "end"), [(0.52, 1.0), (0.48, 0.0), ([0.9, 0.2], 1.0), ([0.1, 0.8], 0.0)])
def test_a_bistable_pair_falls_to_the_side_it_starts_on(engine: Engine, begin: float | list[float], end: float) -> None:
    # s = b + 1.5 s has its unstable point at 0.5; the sum of the two decides.
    _, session = pair(engine, weight=1.5, bias=-0.25)
    with session:
        point = session.settle(Drive(np.zeros((1, 1))), np.broadcast_to(begin, (1, 2)).astype(float))
    assert point.status[0] == Status.SETTLED
    assert point.voltages[0] == pytest.approx(end, abs=1e-7)


@pytest.mark.parametrize("bias", [0.0, 1.0])
def test_a_neuron_driven_exactly_to_a_rail_stands_on_it(engine: Engine, bias: float) -> None:
    _, session = one_neuron(engine, bias)
    with session:
        for begin in (0.0, 0.3, 1.0):
            point = session.settle(Drive(np.zeros((1, 1))), np.array([[begin]]))
            assert point.voltages[0, 0] == pytest.approx(bias, abs=1e-7)


def test_a_nudge_beyond_the_leak_is_unstable_and_a_phase_of_finite_time_is_not(
    engine: Engine, phase_error: PhaseError
) -> None:
    circuit, session = one_neuron(engine, bias=0.3)
    drive = Drive(np.zeros((1, 1)), nudge=Nudge(np.array([[0.5]]), -2 * circuit.technology.unit_conductance))
    with session:
        point = session.settle(drive, np.array([[0.4]]), check=False)
        assert point.status[0] == Status.UNSTABLE
        with pytest.raises(NotSettledError, match="rail"):
            session.settle(drive, np.array([[0.4]]))
        phase = session.settle(drive, np.array([[0.4]]), duration=0.5 * circuit.technology.time_constant)
    # C dv/dt = G0 (0.3 - v - 2 (0.5 - v)) = G0 (v - 0.7): away from 0.7 at the rate of one time constant.
    assert phase.status[0] == Status.FOLLOWED
    assert phase.voltages[0, 0] == pytest.approx(0.7 - 0.3 * np.exp(0.5), abs=phase_error[engine.name, "fast"])


def test_a_session_that_is_not_programmed_says_so(engine: Engine) -> None:
    with (
        engine.open(Circuit(Network.layered((1, 1)), Technology())) as session,
        pytest.raises(InputError, match="program"),
    ):
        session.settle(Drive(np.zeros((1, 1))))


def test_shapes_that_do_not_fit_are_refused(engine: Engine) -> None:
    _, session = one_neuron(engine, bias=0.0)
    inputs = np.zeros((2, 1))
    wrong = [
        (Drive(inputs), np.zeros((1, 1))),
        (Drive(inputs), np.zeros((2, 2))),
        (Drive(np.zeros((2, 3))), None),
        (Drive(inputs, tether=Tether(np.zeros((2, 4)), 1e-6)), None),
        (Drive(inputs, nudge=Nudge(np.zeros((1, 1)), 1e-6)), None),
    ]
    with session:
        for drive, start in wrong:
            with pytest.raises(InputError, match="shape"):
                session.settle(drive, start)


def test_a_closed_session_can_be_closed_again_and_settles_no_more(engine: Engine) -> None:
    _, session = one_neuron(engine, bias=0.0)
    with session:
        session.settle(Drive(np.zeros((1, 1))))
    session.close()
    with pytest.raises(InputError):
        session.settle(Drive(np.zeros((1, 1))))
