"""Laws of growth are told apart, with an error bar that means something."""

import numpy as np
import pytest

from analogeq.flow.growth import LAWS, growth

DEPTHS = np.repeat(np.arange(1.0, 9.0), 3)


@pytest.mark.parametrize("unit", [1.0, 1e-9])
@pytest.mark.parametrize(
    ("law", "a", "b"),
    [("linear", 10.0, 2.0), ("quadratic", 5.0, 3.0), ("power law", 4.0, 1.5), ("exponential", 7.0, 0.3)],
)
def test_the_law_that_made_the_values_is_found_with_its_numbers(law: str, a: float, b: float, unit: float) -> None:
    best, *others = growth(DEPTHS, unit * LAWS[law](DEPTHS, a, b))
    b = b * unit if law in ("linear", "quadratic") else b
    assert (best.law, best.a, best.b) == (law, pytest.approx(a * unit, rel=1e-6), pytest.approx(b, rel=1e-6))
    assert best.misfit < 1e-6 < min(other.misfit for other in others)


@pytest.mark.parametrize(("law", "a", "b"), [("exponential", 7e-9, 0.3), ("linear", 2e-9, 3e-9)])
def test_the_standard_error_covers_the_truth_as_often_as_it_should(law: str, a: float, b: float) -> None:
    rng = np.random.default_rng(0)
    missed = []
    for _ in range(200):
        values = LAWS[law](DEPTHS, a, b) * np.exp(0.2 * rng.standard_normal(len(DEPTHS)))
        fit = next(each for each in growth(DEPTHS, values) if each.law == law)
        missed.append(abs(fit.b - b) / fit.b_error)
    # Of 200 draws 31.7 % lie outside one error, give or take three times 3.3 %.
    assert np.mean(np.array(missed) > 1.0) == pytest.approx(0.317, abs=0.10)


def test_what_never_settled_is_left_out_and_too_little_is_no_fit() -> None:
    values = 3.0 * DEPTHS
    values[::3] = np.inf
    assert growth(DEPTHS, values)[0].values == 16
    assert growth(np.array([1.0, 2.0]), np.array([1.0, 2.0])) == ()
