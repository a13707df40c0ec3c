import numpy as np
import pytest

from analogeq.errors import TechnologyError
from analogeq.hardware.memory import Drift, Retention


def test_drift_is_a_straight_line_between_logarithms_with_the_slope_of_its_exponent():
    drift, seconds = Drift(exponent=0.06, start=20.0), np.array([20.0, 200.0, 2e4, 2e7])
    left = drift.after(np.full(4, 10e-6), seconds, np.full(4, 0.06))
    assert left[0] == 10e-6
    slopes = np.diff(np.log(left)) / np.diff(np.log(seconds))
    assert np.allclose(slopes, -0.06, atol=1e-12)


def test_before_its_start_nothing_drifts():
    drift = Drift(exponent=0.06, start=20.0)
    assert np.array_equal(drift.after(np.full(2, 1e-6), np.array([0.0, 19.9]), np.full(2, 0.06)), [1e-6, 1e-6])


def test_exponents_have_their_mean_and_spread_and_none_is_negative():
    n = 50_000
    nu = Drift(exponent=0.05, exponent_sd=0.01).exponents(n, np.random.default_rng(0))
    assert (nu >= 0.0).all()
    # Five standard errors; five standard deviations below the mean is zero, so the bound cuts nothing off.
    assert abs(nu.mean() - 0.05) < 5.0 * 0.01 / np.sqrt(n)
    assert abs(nu.std() - 0.01) < 5.0 * 0.01 / np.sqrt(2.0 * n)
    assert (Drift(exponent=0.0, exponent_sd=1.0).exponents(100, np.random.default_rng(0)) >= 0.0).all()


def test_a_leak_has_gone_the_way_of_one_minus_one_over_e_after_its_time_constant():
    leak = Retention(time_constant=3.0, rest=0.5)
    left = leak.after(np.array([1.0, 5.0]), np.array([3.0, 3.0]), 1.0, 5.0)
    assert np.allclose(left, 3.0 + np.array([-2.0, 2.0]) / np.e)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Drift(exponent=-0.1), "drift_exponent: -0.1 is below zero"),
        (lambda: Drift(exponent=0.1, start=0.0), "drift_start: 0.0 s is not above zero"),
        (lambda: Retention(time_constant=0.0), "retention: 0.0 s is not above zero"),
        (lambda: Retention(rest=1.5), "retention_rest: 1.5 is outside the range"),
    ],
)
def test_impossible_ageing_is_refused(make, said):
    with pytest.raises(TechnologyError, match=said):
        make()
