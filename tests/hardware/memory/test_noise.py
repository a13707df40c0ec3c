import numpy as np
import pytest

from analogeq.errors import TechnologyError
from analogeq.hardware.memory import Noise

LOW, HIGH = 1e-6, 51e-6


def test_each_way_of_giving_a_spread_is_its_formula():
    g = np.array([5e-6, 20e-6])
    assert np.allclose(Noise(absolute=2e-6).sd(g, LOW, HIGH), 2e-6)
    assert np.allclose(Noise(of_range=0.02).sd(g, LOW, HIGH), 1e-6)
    assert np.allclose(Noise(of_value=0.1).sd(g, LOW, HIGH), 0.1 * g)
    x = g / HIGH
    assert np.allclose(Noise(polynomial=(0.01, 0.2, -0.1)).sd(g, LOW, HIGH), HIGH * (0.01 + 0.2 * x - 0.1 * x**2))


def test_several_are_added_and_a_polynomial_below_zero_is_none():
    g = np.array([10e-6])
    assert np.allclose(Noise(absolute=1e-6, of_value=0.1).sd(g, LOW, HIGH), 2e-6)
    assert Noise(polynomial=(-1.0,)).sd(g, LOW, HIGH)[0] == 0.0


def test_drawn_values_have_the_mean_and_the_spread():
    n, g = 100_000, 20e-6
    drawn = Noise(of_value=0.05).around(np.full(n, g), LOW, HIGH, np.random.default_rng(3))
    # Five standard errors of a mean and of a standard deviation: each wrong once in two million.
    assert abs(drawn.mean() - g) < 5.0 * 1e-6 / np.sqrt(n)
    assert abs(drawn.std() - 1e-6) < 5.0 * 1e-6 / np.sqrt(2.0 * n)


def test_no_noise_draws_nothing():
    rng = np.random.default_rng(4)
    before = rng.bit_generator.state
    g = np.array([1e-6])
    assert Noise().around(g, LOW, HIGH, rng) is g
    assert rng.bit_generator.state == before


def test_a_negative_spread_is_refused():
    with pytest.raises(TechnologyError, match=r"sd_of_range: -0\.1 is below zero"):
        Noise(of_range=-0.1)
