"""A copy's neuron that follows a curve."""

import numpy as np
import pytest

from analogeq.digital import TabulatedActivation
from analogeq.errors import InputError

SUMS = np.array([-2.0, 0.0, 1.0, 4.0])
CURVE = TabulatedActivation(sums=SUMS, signals=np.array([-0.5, 0.0, 1.0, 1.3]), slopes=np.array([0.1, 1.0, 0.9, 0.05]))


def test_it_goes_through_its_points_straight_between_them_and_level_beyond() -> None:
    assert CURVE.of(SUMS[None, :], slice(0, 4))[0] == pytest.approx([-0.5, 0.0, 1.0, 1.3], abs=1e-15)
    assert CURVE.of(np.array([[-9.0, -1.0, 2.5, 9.0]]), slice(0, 4))[0] == pytest.approx([-0.5, -0.25, 1.15, 1.3])


def test_its_slope_is_the_table_s() -> None:
    assert CURVE.slope(np.array([[-2.0, 0.5, 4.0]]))[0] == pytest.approx([0.1, 0.95, 0.05])


def test_single_precision_stays_single() -> None:
    x = np.ones((2, 4), dtype=np.float32)
    assert CURVE.of(x, slice(0, 4)).dtype == CURVE.slope(x).dtype == np.float32


def test_its_bounds_are_its_ends_and_it_does_not_leak() -> None:
    assert (CURVE.lower, CURVE.upper, CURVE.leak) == (-0.5, 1.3, 0.0)


@pytest.mark.parametrize(
    ("sums", "signals", "said"),
    [
        ([0.0, 0.0], [0.0, 1.0], "do not increase"),
        ([0.0, 1.0], [0.0], "one of each"),
        ([0.0, 1.0], [1.0, 1.0], "lower"),
    ],
)
def test_an_impossible_table_is_refused(sums, signals, said) -> None:
    with pytest.raises(InputError, match=said):
        TabulatedActivation(sums=np.array(sums), signals=np.array(signals), slopes=np.array(signals))
