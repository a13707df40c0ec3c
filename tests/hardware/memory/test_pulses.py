import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analogeq.errors import TechnologyError
from analogeq.hardware.memory import Branch, Pulses

BRANCHES = st.one_of(
    st.builds(Branch, st.floats(1.0, 1e4)),
    st.builds(Branch, st.just(math.inf), st.floats(0.1, 1e4)),
    st.builds(
        lambda pulses, bend: Branch(pulses, pulses / bend),
        st.floats(1.0, 1e4),
        st.floats(0.01, 20.0) | st.floats(-20.0, -0.01),
    ),
)


@given(st.floats(1.0, 1e4), st.floats(0.01, 20.0) | st.floats(-20.0, -0.01))
def test_so_many_pulses_lead_from_end_to_end(pulses, bend):
    end = Branch(pulses, pulses / bend).after(np.zeros(1), np.array([pulses]))
    assert end[0] == pytest.approx(1.0, abs=1e-9)  # exp(20) times the last digit


@given(BRANCHES, st.floats(0.0, 0.95))
def test_counting_pulses_inverts_them(branch, x):
    n = branch.count(np.array([x]))
    assert branch.after(np.zeros(1), n)[0] == pytest.approx(x, abs=1e-9)  # as above


@given(BRANCHES, st.floats(0.0, 1.0), st.integers(1, 50), st.integers(1, 50))
def test_pulses_in_two_goes_are_pulses_in_one(branch, x, first, second):
    start = np.array([x])
    once = branch.after(start, np.array([float(first + second)]))
    twice = branch.after(branch.after(start, np.array([float(first)])), np.array([float(second)]))
    assert twice[0] == pytest.approx(once[0], abs=1e-9)  # as above


@given(
    st.builds(Pulses, BRANCHES, BRANCHES, st.floats(0.0, 1.0), st.floats(0.0, 5.0)),
    st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(-500, 500)), min_size=1, max_size=30),
    st.floats(0.0, 3.0),
)
def test_pulses_never_lead_out_of_the_range_and_none_do_nothing(pulses, devices, size):
    x, n = np.array([d[0] for d in devices]), np.array([float(d[1]) for d in devices])
    moved = pulses.applied(x, n, np.random.default_rng(0), size, size)
    assert ((moved >= 0.0) & (moved <= 1.0)).all()
    assert np.array_equal(moved[n == 0.0], 1.0 - (1.0 - x[n == 0.0]))


def test_a_curve_is_the_papers():
    """G(n) = G_min + B (1 - exp(-n/A)), B = (G_max - G_min)/(1 - exp(-P/A)): here in ranges, A = 20, P = 50."""
    n = np.arange(51.0)
    want = (1.0 - np.exp(-n / 20.0)) / (1.0 - np.exp(-50.0 / 20.0))
    assert np.allclose(Branch(50.0, 20.0).after(np.zeros(51), n), want, atol=1e-14)


def test_a_very_long_constant_is_linear():
    n = np.arange(101.0)
    assert np.allclose(Branch(100.0, 1e9).after(np.zeros(101), n), n / 100.0, atol=1e-7)  # P/(8A) = 1e-8


def test_soft_bounds_pulsed_up_and_down_end_where_both_steps_are_equal():
    """Steps a (1 - x) up and b x down, turn about, meet at x = a (1 - b) / (a + b - a b) before the step up."""
    a, b = 0.02, 0.05
    pulses = Pulses(Branch(math.inf, -1.0 / math.log1p(-a)), Branch(math.inf, -1.0 / math.log1p(-b)))
    x, rng = np.array([0.9]), np.random.default_rng(0)
    for _ in range(2000):
        x = pulses.applied(pulses.applied(x, np.ones(1), rng), -np.ones(1), rng)
    assert x[0] == pytest.approx(a * (1.0 - b) / (a + b - a * b), abs=1e-12)


def test_spread_grows_with_the_square_root_of_the_pulses():
    count, n = 100_000, 16.0
    rng = np.random.default_rng(5)
    of_range = Pulses(Branch(1000.0), Branch(1000.0), of_range=0.01)
    of_step = Pulses(Branch(1000.0), Branch(1000.0), of_step=2.0)
    for pulses, sd in ((of_range, 0.01), (of_step, 2.0 / 1000.0)):
        moved = pulses.applied(np.full(count, 0.5), np.full(count, n), rng)
        # Five standard errors: wrong once in two million.
        assert abs(moved.mean() - 0.516) < 5.0 * sd * 4.0 / np.sqrt(count)
        assert abs(moved.std() / (sd * 4.0) - 1.0) < 5.0 / np.sqrt(2.0 * count)


def test_a_controller_counts_by_the_steps_of_the_middle_of_the_range():
    pulses = Pulses(Branch(100.0), Branch(50.0))
    assert np.allclose(pulses.asked(np.array([0.1, -0.1, 0.0])), [10.0, -5.0, 0.0])


@pytest.mark.parametrize(
    ("pulses", "constant", "said"),
    [
        (0.0, math.inf, "pulses: 0.0 is not above zero"),
        (10.0, 0.0, "constant: 0 pulses"),
        (math.inf, math.inf, "infinitely many pulses"),
        (math.inf, -3.0, "infinitely many pulses"),
        (1e4, 1.0, "that steep is a jump"),
    ],
)
def test_impossible_branches_are_refused_with_the_remedy(pulses, constant, said):
    with pytest.raises(TechnologyError, match=said):
        Branch(pulses, constant)
