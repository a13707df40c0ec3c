"""First roots of polynomials, in both forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

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
@given(arrays(np.float64, (5,), elements=st.floats(-2.0, 2.0, width=32)))
def test_both_forms_agree_with_numpys_roots(rest):
    pytest.importorskip("numba")
    terms = np.concatenate([[-0.5], rest])[:, None]
    found = [f(terms, np.ones(1))[0] for f in (first_rise, compiled_first_rise)]
    assert found[0] == pytest.approx(found[1], abs=1e-9)
    roots = np.roots(terms[::-1, 0])
    real = np.sort(roots[(np.abs(roots.imag) < 1e-12) & (roots.real > 0.0) & (roots.real < 1.0)].real)
    apart = np.diff(np.concatenate([real, [1.0]])).min() if real.size else 1.0
    if real.size and apart > 0.15:  # nearer roots hide between the samples, which a bump's height then bounds
        assert found[0] == pytest.approx(real[0], abs=1e-6)
    elif not real.size:
        assert found[0] == -1.0
