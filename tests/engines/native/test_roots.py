"""First roots of polynomials, in both forms."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analogeq.engines.native.roots import first_rise


def compiled_first_rise(terms, stop):
    from analogeq.engines.native.compiled.roots import first_rise as one

    return np.array([one(np.ascontiguousarray(t), len(t) - 1, float(s)) for t, s in zip(terms.T, stop, strict=True)])


@pytest.fixture(params=["numpy", "numba"])
def rise(request):
    if request.param == "numpy":
        return first_rise
    pytest.importorskip("numba")
    return compiled_first_rise


def test_known_roots_are_found(rise):
    # t - 0.3; a bump over zero between 0.4 and 0.6; never; at once; only beyond the end.
    terms = np.array([[-0.3, -0.24, -1.0, 0.0, -2.0], [1.0, 1.0, -1.0, 1.0, 1.0], [0.0, -1.0, 0.0, 0.0, 0.0]])
    found = rise(terms, np.ones(5))
    assert found[:2] == pytest.approx([0.3, 0.4], abs=1e-10)
    assert (found[[2, 4]] == -1.0).all()
    assert found[3] == pytest.approx(0.0, abs=1e-10)


def test_a_bump_between_the_samples_is_seen(rise):
    # 1e-4 - (t - 0.55)^2 is positive only from 0.54 to 0.56, and t = 0.55 is no sample.
    terms = np.array([[1e-4 - 0.55**2], [1.1], [-1.0]])
    assert rise(terms, np.ones(1))[0] == pytest.approx(0.54, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000))
def test_the_first_root_is_numpys(seed):
    pytest.importorskip("numba")
    terms = np.concatenate([[-0.5], np.random.default_rng(seed).uniform(-2.0, 2.0, 5)])[:, None]
    roots = np.roots(terms[::-1, 0])
    near_real = roots[(np.abs(roots.imag) < 0.05) & (roots.real > -0.1) & (roots.real < 1.1)]
    real = np.sort(near_real[np.abs(near_real.imag) < 1e-12].real)
    # Twins, and bumps that only just reach zero, may go either way by rounding or hide between the samples.
    assume(len(near_real) == len(real) and np.diff(np.concatenate([[0.0], real, [1.0]])).min() > 0.15)
    for form in (first_rise, compiled_first_rise):
        found = form(terms, np.ones(1))[0]
        assert found == pytest.approx(real[0] if real.size else -1.0, abs=1e-9)
