"""The Pareto front, by hand and by its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analogeq.errors import InputError
from analogeq.flow.pareto import pareto_front

TABLES = arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.integers(0, 4).map(float))


def test_what_is_beaten_in_everything_is_off_the_front() -> None:
    costs = np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0], [2.5, 2.5], [1.0, 4.0]])
    assert pareto_front(costs).tolist() == [True, True, True, False, False]


def test_of_equal_designs_all_are_on_the_front() -> None:
    assert pareto_front(np.array([[1.0, 2.0], [1.0, 2.0]])).all()


@given(TABLES)
def test_every_design_off_the_front_is_beaten_by_one_on_it(costs: np.ndarray) -> None:
    front = costs[pareto_front(costs)]
    for own in costs[~pareto_front(costs)]:
        assert ((front <= own).all(axis=1) & (front < own).any(axis=1)).any()


@given(TABLES)
def test_nothing_on_the_front_beats_another_on_it(costs: np.ndarray) -> None:
    front = costs[pareto_front(costs)]
    for own in front:
        assert not ((front <= own).all(axis=1) & (front < own).any(axis=1)).any()


@pytest.mark.parametrize("costs", [np.zeros(3), np.array([[1.0, np.nan]])])
def test_what_is_no_table_of_numbers_is_refused(costs: np.ndarray) -> None:
    with pytest.raises(InputError, match="give a table of numbers"):
        pareto_front(costs)
