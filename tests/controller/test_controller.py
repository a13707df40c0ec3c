"""The controller on a real session."""

from collections.abc import Iterator

import numpy as np
import pytest

from analogeq.circuit import Circuit
from analogeq.controller import Controller, Schedule, State
from analogeq.engines import engine
from analogeq.errors import InputError, NotSettledError, PhaseError
from analogeq.hardware import Converter, NudgeSource, Technology
from analogeq.network import Network, glorot_uniform

NETWORK = Network.layered((4, 6, 3))
THETA = glorot_uniform(NETWORK, np.random.default_rng(0))
X = np.random.default_rng(1).random((5, 4))
Y = np.eye(3)[[0, 1, 2, 0, 1]]


@pytest.fixture(params=[Technology(), Technology(rail=1.8, unit_conductance=20e-6)], ids=["1 V", "1.8 V"])
def controller(request: pytest.FixtureRequest) -> Iterator[Controller]:
    with engine("native").open(Circuit(NETWORK, request.param)) as session:
        built = Controller(session, Schedule(free_time=None, nudged_time=None, beta=0.1))
        built.program(THETA)
        yield built


def test_signals_do_not_depend_on_the_rail(controller: Controller) -> None:
    with engine("native").open(Circuit(NETWORK, Technology())) as session:
        other = Controller(session, Schedule(free_time=None))
        other.program(THETA)
        # Both settle to the Kirchhoff tolerance, 1e-6 of the rail.
        assert controller.settle(X) == pytest.approx(other.settle(X), abs=2e-6)


def test_a_positive_nudge_lowers_the_cost_and_a_negative_one_raises_it(controller: Controller) -> None:
    cost = {}
    for sign in (1.0, -1.0):
        pair = controller.run(X, Y, sign=sign)
        cost[sign] = np.sum((pair.second[:, 6:] - Y) ** 2)
        cost[0.0] = np.sum((pair.free[:, 6:] - Y) ** 2)
    assert cost[1.0] < cost[0.0] < cost[-1.0]


def test_centred_nudging_compares_minus_beta_with_plus_beta(controller: Controller) -> None:
    controller.schedule = Schedule(nudging="centred", beta=0.1, free_time=None, nudged_time=None)
    centred = controller.run(X, Y)
    controller.schedule = Schedule(nudging="random-sign", beta=0.1, free_time=None, nudged_time=None)
    plus, minus = controller.run(X, Y, sign=1.0), controller.run(X, Y, sign=-1.0)
    assert (centred.span, plus.span, minus.span) == (0.2, 0.1, -0.1)
    assert np.array_equal(centred.second, plus.second)
    assert np.array_equal(centred.first, minus.second)


def test_an_illegal_step_raises_and_changes_nothing(controller: Controller) -> None:
    controller.present(X)
    with pytest.raises(PhaseError, match="program"):
        controller.program(THETA)
    assert controller.state is State.PRESENTED
    controller.free_phase()
    assert controller.state is State.FREE


def test_a_phase_that_fails_leaves_the_controller_where_it_was(controller: Controller) -> None:
    controller.present(X)
    controller.free_phase()
    # Below -(1 + lambda) / 2 an output has no equilibrium inside its rails.
    strong = controller.session.circuit
    del strong
    try:
        controller.nudged_phase(Y, -30.0)
    except NotSettledError:
        assert controller.state is State.FREE
    else:  # an engine may follow the circuit to the rail, which is where it goes
        assert controller.state is State.NUDGED


def test_run_releases_the_circuit_even_when_a_phase_fails(controller: Controller) -> None:
    with pytest.raises((ValueError, IndexError)):
        controller.run(X, np.ones((4, 3)))
    assert controller.state is State.IDLE


def test_the_tether_pulls_toward_the_prediction(controller: Controller) -> None:
    prediction = np.full((5, 9), 0.5)
    distances = []
    for tether in (0.0, 1.0, 10.0):
        controller.schedule = Schedule(tether=tether, free_time=None)
        distances.append(np.abs(controller.settle(X, prediction) - prediction).mean())
    assert distances[0] > distances[1] > distances[2]


def test_converters_with_few_bits_present_and_read_few_levels() -> None:
    with engine("native").open(Circuit(NETWORK, Technology(dac=Converter(2), adc=Converter(3)))) as session:
        coarse = Controller(session, Schedule(free_time=None))
        coarse.program(THETA)
        pair = coarse.run(X, Y)
    assert set(np.round(pair.inputs * 3, 9).ravel()) <= {0.0, 1.0, 2.0, 3.0}
    assert np.allclose(pair.free * 7, np.round(pair.free * 7), atol=1e-9)


FLAWED = NudgeSource(offset=20e-3, offset_spread=10e-3, gain=0.9, gain_spread=0.02, seed=3)


@pytest.mark.parametrize("rail", [1.0, 1.8])
def test_outputs_are_pulled_to_the_targets_that_arrive(rail: float) -> None:
    with engine("native").open(Circuit(NETWORK, Technology(rail=rail, nudge=FLAWED))) as session:
        flawed = Controller(session, Schedule(free_time=None, nudged_time=None, beta=0.1, nudging="one-sided"))
        flawed.program(THETA)
        found = flawed.run(X, Y)
    arrive = FLAWED.to_volts(Y * rail, rail, "targets") / rail
    assert np.abs(arrive - Y).max() > 0.02
    with engine("native").open(Circuit(NETWORK, Technology(rail=rail))) as session:
        ideal = Controller(session, flawed.schedule)
        ideal.program(THETA)
        asked, told = ideal.run(X, Y), ideal.run(X, arrive)
    # Both settle to the Kirchhoff tolerance, 1e-6 of the rail.
    assert found.second == pytest.approx(told.second, abs=2e-6)
    assert found.free == pytest.approx(asked.free, abs=2e-6)
    assert np.abs(found.second - asked.second).max() > 1e-3


def test_a_weak_nudge_pulls_to_the_targets_that_arrive_too() -> None:
    schedule = Schedule(free_time=None, nudging="small-signal")
    with engine("native").open(Circuit(NETWORK, Technology(nudge=NudgeSource(offset=0.1)))) as session:
        flawed = Controller(session, schedule)
        flawed.program(THETA)
        found = flawed.run(X, Y)
    with engine("native").open(Circuit(NETWORK, Technology())) as session:
        ideal = Controller(session, schedule)
        ideal.program(THETA)
        told = ideal.run(X, Y + 0.1)
    assert found.second == pytest.approx(told.second, abs=2e-6)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"beta": 0.0}, "beta"),
        ({"tether": -1.0}, "tether"),
        ({"nudging": "both"}, "nudging"),
        ({"free_time": 0.0}, "free_time"),
    ],
)
def test_an_impossible_schedule_names_what_is_wrong(wrong: dict, named: str) -> None:
    with pytest.raises(InputError, match=named):
        Schedule(**wrong)
