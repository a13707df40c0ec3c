"""Phases whose nudge is infinitely weak."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive
from analogeq.controller import Controller, Schedule, State
from analogeq.engines import engine
from analogeq.engines.small_signal import nudge_response
from analogeq.errors import InputError
from analogeq.hardware import Converter, Technology
from analogeq.learning import contrastive_gradient
from analogeq.learning.exact import small_signal_gradient
from analogeq.network import Network, Parameters, glorot_uniform

NETWORK = Network.layered((4, 6, 3))
THETA = glorot_uniform(NETWORK, np.random.default_rng(0), scale=0.6)
THETA.biases[:] = 0.3
X = np.random.default_rng(1).random((5, 4))
Y = np.eye(3)[[0, 1, 2, 0, 1]]
PREDICTION = np.random.default_rng(2).random((5, 9))


def gradient(pair) -> Parameters:
    return contrastive_gradient(NETWORK, pair.inputs, pair.first, pair.second, pair.span)


@pytest.mark.parametrize("prediction", [None, PREDICTION], ids=["from zero", "tethered"])
@pytest.mark.parametrize("chip", [Technology(), Technology(rail=1.8, dac=Converter(4))], ids=["ideal", "4 bit"])
def test_the_pair_is_what_weaker_and_weaker_nudges_tend_to(prediction: np.ndarray | None, chip: Technology) -> None:
    with engine("native").open(Circuit(NETWORK, chip)) as session:
        controller = Controller(session, Schedule(3e-5, "centred", 0.3, None, None))
        controller.program(THETA)
        weak = gradient(controller.run(X, Y, prediction))
        controller.schedule = replace(controller.schedule, nudging="small-signal")
        limit = gradient(controller.run(X, Y, prediction))
    # Bias of the centred estimate: beta**2 = 1e-9 times the sixteen of a soft circuit.
    assert limit.weights == pytest.approx(weak.weights, abs=1e-7)
    assert limit.biases == pytest.approx(weak.biases, abs=1e-7)
    assert np.abs(limit.weights).max() > 1e-2


def test_contrasting_the_pair_is_the_response_gradient_to_rounding() -> None:
    with engine("native").open(Circuit(NETWORK, Technology())) as session:
        held = session.circuit.program(THETA)
        controller = Controller(session, Schedule(nudging="small-signal", tether=0.0, free_time=None))
        controller.program(THETA)
        pair = controller.run(X, Y)
    (point,) = pair.points
    response = nudge_response(session.circuit, held, Drive(X), point.voltages, Y).voltages
    expected = small_signal_gradient(NETWORK, X, pair.free, response)
    found = gradient(pair)
    assert found.weights == pytest.approx(expected.weights, abs=1e-14)
    assert found.biases == pytest.approx(expected.biases, abs=1e-14)
    assert controller.state is State.IDLE


def test_a_minibatch_that_does_not_fit_leaves_the_circuit_released() -> None:
    with engine("native").open(Circuit(NETWORK, Technology())) as session:
        controller = Controller(session, Schedule(nudging="small-signal", tether=0.0, free_time=None))
        controller.program(THETA)
        with pytest.raises(InputError, match="targets"):
            controller.run(X, Y[:, :2])
    assert controller.state is State.IDLE
