"""Bounded steps."""

import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.learning import Descent
from analogeq.learning.descent import Ceiling
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


def test_a_factor_shrinks_every_layers_step_alike() -> None:
    theta = _ones(0.0)
    descent = Descent(NETWORK, (0.1, 0.02))
    descent.factor = 0.5
    descent.step(theta, _ones())
    assert theta.weights == pytest.approx([-0.05] * 6 + [-0.01] * 3)
    assert theta.biases == pytest.approx([-0.05] * 3 + [-0.01])


def test_a_ridge_shrinks_weights_by_its_share_of_the_rate_and_leaves_biases() -> None:
    theta = _ones(2.0)
    descent = Descent(NETWORK, (0.1, 0.02), ridge=0.5)
    descent.factor = 0.5
    descent.step(theta, _ones(0.0))
    assert theta.weights == pytest.approx([2.0 * (1 - 0.025)] * 6 + [2.0 * (1 - 0.005)] * 3)
    assert theta.biases == pytest.approx([2.0] * 4)


@pytest.mark.parametrize(("rates", "momentum"), [((0.1,), 0.0), ((0.1, 0.1), 1.0), ((0.1, 0.1), -0.1)])
def test_impossible_settings_are_refused(rates: tuple, momentum: float) -> None:
    with pytest.raises(InputError):
        Descent(NETWORK, rates, momentum=momentum)


def test_a_ceiling_looks_only_when_a_value_may_have_gone_beyond() -> None:
    class Watched(np.ndarray):
        looks = 0

        def max(self, *args: object, **kwargs: object) -> np.floating:
            Watched.looks += 1
            return super().max(*args, **kwargs)

    values = np.array([0.1, -0.2]).view(Watched)
    ceiling = Ceiling(1.0)
    for _ in range(4):  # 0.2 is seen at the first step; 0.3 more each time is beyond 1.0 at the fourth
        values[1] -= 0.1
        assert ceiling.after(values, 0.3) == 0
    assert Watched.looks == 2
    values[1] -= 1.0
    assert ceiling.after(values, 1.0) == 1
    assert values.tolist() == pytest.approx([0.1, -1.0])
