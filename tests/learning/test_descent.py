"""Bounded steps."""

import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.learning import Descent
from analogeq.network import Network, Parameters

NETWORK = Network.layered((2, 3, 1))


def _ones(value: float = 1.0) -> Parameters:
    return Parameters(np.full(9, value), np.full(4, value))


def test_each_layer_moves_at_its_own_rate() -> None:
    theta = _ones(0.0)
    Descent(NETWORK, (0.1, 0.02)).step(theta, _ones())
    assert theta.weights == pytest.approx([-0.1] * 6 + [-0.02] * 3)
    assert theta.biases == pytest.approx([-0.1] * 3 + [-0.02])


def test_a_step_beyond_the_limit_stops_there_and_is_counted() -> None:
    theta = _ones(0.95)
    assert Descent(NETWORK, (0.1, 0.0), limit=1.0).step(theta, _ones(-1.0)) == 9
    assert theta.weights.max() == 1.0


def test_momentum_adds_up_to_the_geometric_series() -> None:
    theta = _ones(0.0)
    descent = Descent(NETWORK, (1.0, 1.0), momentum=0.5)
    for _ in range(3):
        descent.step(theta, _ones())
    assert theta.weights == pytest.approx(-(1 + 1.5 + 1.75))


@pytest.mark.parametrize(("rates", "momentum"), [((0.1,), 0.0), ((0.1, 0.1), 1.0), ((0.1, 0.1), -0.1)])
def test_impossible_settings_are_refused(rates: tuple, momentum: float) -> None:
    with pytest.raises(InputError):
        Descent(NETWORK, rates, momentum=momentum)
