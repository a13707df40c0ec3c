"""The kernels' exponential and logarithm keep the errors that they state."""

import numpy as np
import pytest

pytest.importorskip("numba")

from analogeq.engines.native.compiled.jit import jit
from analogeq.engines.native.resistive.compiled.exponential import exponential, log_above

# Relative error of e^x, by precision, as the module states it.
STATED = {np.float32: 1e-7, np.float64: 5e-16}


@jit
def all_exponentials(x, out):
    for i in range(len(x)):
        out[i] = exponential(x[i])


@jit
def all_logarithms(y, out):
    for i in range(len(y)):
        out[i] = log_above(y[i])


@pytest.mark.parametrize("kind", STATED)
def test_the_exponential_keeps_its_stated_error(kind):
    furthest = 0.9 * np.log(float(np.finfo(kind).max))
    x = np.concatenate([np.linspace(-furthest, furthest, 40001), np.linspace(-1e-3, 1e-3, 2001)]).astype(kind)
    out = np.empty_like(x)
    all_exponentials(x, out)
    exact = np.exp(x.astype(np.longdouble))
    assert np.abs(out / exact - 1).max() < STATED[kind]


@pytest.mark.parametrize("kind", STATED)
def test_the_bound_of_the_logarithm_is_above_it_and_near(kind):
    largest = float(np.finfo(kind).max)
    y = np.geomspace(1.0, largest**0.99, 40001).astype(kind)
    out = np.empty_like(y)
    all_logarithms(y, out)
    above = out - np.log(y.astype(np.longdouble))
    # The bound is itself rounded, to some units in the last place of its largest value.
    slack = 4 * float(np.finfo(kind).eps) * np.log(largest)
    assert above.min() > -slack
    assert above.max() < 0.06 + slack
