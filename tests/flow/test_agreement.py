"""Cosines between gradients."""

import numpy as np
import pytest

from analogeq.flow.agreement import cosine, layer_cosines
from analogeq.network import Network, Parameters


def test_the_cosine_does_not_depend_on_length() -> None:
    a = np.array([1.0, 2.0, -1.0])
    assert cosine(a, 3 * a) == pytest.approx(1.0, abs=1e-15)
    assert cosine(a, -a) == pytest.approx(-1.0, abs=1e-15)


def test_one_vanishing_gradient_is_no_agreement_and_two_are() -> None:
    assert cosine(np.zeros(2), np.ones(2)) == 0.0
    assert cosine(np.zeros(2), np.zeros(2)) == 1.0


def test_the_worst_layer_is_seen() -> None:
    network = Network.layered((2, 2, 1))
    one = Parameters(np.ones(6), np.ones(3))
    other = Parameters(np.array([1.0, 1, 1, 1, 1, -1]), np.ones(3))
    assert layer_cosines(network, one, other) == pytest.approx([1.0, 0.0, 1.0, 1.0])
