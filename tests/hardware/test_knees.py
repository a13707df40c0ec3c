"""Where a device takes over from a load: closed forms, and what holds on both sides of every knee."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import lambertw

from analogeq.errors import TechnologyError
from analogeq.hardware.resistive import DiodePair, DoubleShockley, IdealDiode, MeasuredCurve, ShockleyDiode

SMOOTH = {
    "shockley": ShockleyDiode(1e-9, 0.05),
    "double": DoubleShockley(1e-6, 0.05, 1.0),
    "pair": DiodePair(1e-6, 0.05, upper=0.8, lower=-0.2),
    "pair above ground": DiodePair(1e-6, 0.05, upper=0.9, lower=0.2),
}
CURVE = MeasuredCurve(np.array([-1.0, -0.1, 0.0, 0.3]), np.array([-0.5, -0.01, 0.0, 0.6]))
LOADS = (1e-9, 1e-6, 1e-3, 1.0, 1e3)


def current(device, v):
    return float(device.current(np.array([v]))[0][0])


def test_an_ideal_diode_takes_over_at_0_v_and_leaves_the_other_side_free():
    assert IdealDiode().knees(1.0) == (0.0, math.inf)


@pytest.mark.parametrize("load", [1e-3, 1.0, 1e3])
def test_a_shockley_diodes_knee_is_a_lambert_w(load):
    # I_s (e^(u/nvt) - 1) = g u has, beside u = 0, the root u = -I_s/g - nvt W_-1(-I_s/(g nvt) e^(-I_s/(g nvt)))
    device = ShockleyDiode(1e-9, 0.05)
    ratio = 1e-9 / (load * 0.05)
    wanted = -1e-9 / load - 0.05 * float(lambertw(-ratio * math.exp(-ratio), -1).real)
    low, high = device.knees(load)
    assert low == pytest.approx(-wanted, rel=1e-12)  # both to rounding; W near its branch point loses none here
    assert high == math.inf


def test_a_load_below_the_diodes_own_conductance_never_leads():
    device = ShockleyDiode(1e-6, 0.05)  # 20 uS at 0 V
    assert device.knees(19e-6) == (0.0, math.inf)
    assert device.knees(21e-6)[0] < -1e-3


@pytest.mark.parametrize("name", list(SMOOTH))
def test_at_a_knee_device_and_load_carry_as_much_and_beyond_it_the_device_more(name):
    device = SMOOTH[name]
    for load in LOADS:
        for side, knee in zip((-1.0, 1.0), device.knees(load), strict=True):
            assert side * knee >= 0.0
            if not math.isfinite(knee):
                far = side * np.geomspace(1e2, 1e6, 9)
                assert (np.abs(device.current(far)[0]) < load * np.abs(far)).all()
                continue
            # Relative to the knee 4 roundings of brentq, times its steepness in thermal voltages: some 40
            assert side * current(device, knee) == pytest.approx(load * abs(knee), rel=1e-12, abs=0.0 if knee else 1.0)
            beyond = knee + side * np.geomspace(1e-6, 10.0, 200)
            assert (side * device.current(beyond)[0] > load * np.abs(beyond)).all()
            if knee:
                assert side * current(device, knee - side * 1e-6) < load * (abs(knee) - 1e-6)


def test_a_devices_knees_are_as_symmetric_as_it_is():
    low, high = DoubleShockley().knees(0.3)
    assert low == -high
    assert DiodePair(upper=0.8, lower=-0.2).knees(0.3) == pytest.approx(
        tuple(-knee for knee in DiodePair(upper=0.2, lower=-0.8).knees(0.3)[::-1]), rel=1e-14
    )


@pytest.mark.parametrize(
    ("load", "wanted"),
    [
        (0.05, (0.0, 0.0)),  # every segment is steeper than the load: the least is 0.1 S
        (0.2, (-0.1 - 0.01 * 0.9 / (0.49 - 0.2 * 0.9), 0.0)),
        (0.5, (-0.1 - 0.04 * 0.9 / (0.49 - 0.45), 0.0)),
        (1.0, (-math.inf, 0.0)),
        (2.0, (-math.inf, math.inf)),  # as steep as the last segment: never more
        (3.0, (-math.inf, math.inf)),
    ],
)
def test_a_curves_knees_are_where_its_lines_cross_the_loads(load, wanted):
    assert CURVE.knees(load) == pytest.approx(wanted, rel=1e-12)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.01, 1.0), st.floats(0.0, 1.0)), min_size=2, max_size=8),
    st.floats(-3.0, 3.0),
    st.floats(-2.0, 2.0),
    st.floats(0.01, 10.0),
)
def test_beyond_a_curves_knees_it_carries_more_than_the_load(steps, first_volt, first_ampere, load):
    volts, amperes = np.cumsum(np.array([(first_volt, first_ampere), *steps]), axis=0).T
    curve = MeasuredCurve(volts, amperes)
    for side, knee in zip((-1.0, 1.0), curve.knees(load), strict=True):
        assert side * knee >= 0.0
        if math.isfinite(knee):
            beyond = knee + side * np.geomspace(1e-3, 1e3, 100)
            slack = 1e-12 * (1.0 + load * np.abs(beyond))  # lines rounded at their far ends
            assert (side * curve.current(beyond)[0] >= load * np.abs(beyond) - slack).all()
            if knee:
                assert current(curve, knee) == pytest.approx(load * knee, rel=1e-9, abs=1e-12)
        else:
            assert side * current(curve, side * 1e6) <= load * 1e6 * (1 + 1e-12)


@pytest.mark.parametrize(
    ("device", "wanted"),
    [
        (IdealDiode(), (0.0, math.inf)),
        (SMOOTH["shockley"], (0.0, 0.0)),
        (SMOOTH["double"], (0.0, 0.0)),
        (SMOOTH["pair"], (0.0, 0.3)),
        (CURVE, (0.0, 0.0)),
    ],
)
def test_without_a_load_the_device_decides_from_where_it_carries_nothing(device, wanted):
    assert device.knees(0.0) == pytest.approx(wanted, rel=1e-12)


def test_a_load_below_zero_is_refused():
    for device in (*SMOOTH.values(), CURVE, IdealDiode()):
        with pytest.raises(TechnologyError, match=r"load: -1\.0 S is below zero"):
            device.knees(-1.0)
