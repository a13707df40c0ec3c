import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analogeq.errors import TechnologyError
from analogeq.hardware.memory import Levels

LOW, HIGH = 1e-6, 100e-6


def test_levels_are_equal_conductances_apart_from_end_to_end():
    grid = Levels(5).grid(LOW, HIGH)
    assert grid[0] == LOW
    assert grid[-1] == HIGH
    np.testing.assert_allclose(np.diff(grid), (HIGH - LOW) / 4, rtol=1e-12)  # rounding of linspace


def test_taps_of_a_potentiometer_are_equal_resistances_apart():
    grid = Levels(9, "resistance").grid(LOW, HIGH)
    np.testing.assert_allclose(np.diff(1.0 / grid), (1.0 / HIGH - 1.0 / LOW) / 8, rtol=1e-9)  # of a difference


@given(st.lists(st.floats(0.0, 2e-4), min_size=1, max_size=20), st.integers(2, 300), st.booleans())
def test_no_level_is_nearer_than_the_nearest(values, count, taps):
    levels = Levels(count, "resistance" if taps else "conductance")
    g = np.array(values)
    chosen, grid = levels.nearest(g, LOW, HIGH), levels.grid(LOW, HIGH)
    best = np.abs(grid[None, :] - g[:, None]).min(axis=1)
    np.testing.assert_allclose(np.abs(chosen - g), best, rtol=1e-9, atol=1e-18)  # ties are decided by a rounded middle


def test_rounding_to_either_side_keeps_the_mean_and_takes_only_neighbours():
    levels, n = Levels(4), 40_000
    grid = levels.grid(LOW, HIGH)
    g = grid[1] + 0.3 * (grid[2] - grid[1])
    drawn = levels.either_side(np.full(n, g), LOW, HIGH, np.random.default_rng(0))
    assert set(np.unique(drawn)) == {grid[1], grid[2]}
    # A count of successes of probability 0.3: five standard deviations, wrong once in two million.
    assert abs(np.mean(drawn == grid[2]) - 0.3) < 5.0 * np.sqrt(0.3 * 0.7 / n)


def test_a_level_is_rounded_to_itself_on_either_side():
    levels = Levels(17)
    grid = levels.grid(LOW, HIGH)
    assert np.array_equal(levels.either_side(grid, LOW, HIGH, np.random.default_rng(1)), grid)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Levels(1), "levels: 1 is outside the range 2"),
        (lambda: Levels(4, "log"), "spacing: 'log' is unknown"),  # type: ignore[arg-type]
        (lambda: Levels(4, "resistance").grid(0.0, HIGH), "give one above zero"),
    ],
)
def test_impossible_levels_are_refused_with_the_remedy(make, said):
    with pytest.raises(TechnologyError, match=said):
        make()
