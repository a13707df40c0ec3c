"""Devices from a node to ground: curve, co-content and inverse agree with each other."""

import numpy as np
import pytest
from scipy.optimize import brentq

from analogeq.errors import TechnologyError
from analogeq.hardware.resistive import (
    Amplifier,
    DiodePair,
    DoubleShockley,
    IdealDiode,
    MeasuredCurve,
    ResistiveTechnology,
    ShockleyDiode,
    read_curve,
)

CURVE = MeasuredCurve(np.array([-1.0, -0.1, 0.0, 0.3]), np.array([-0.5, -0.01, 0.0, 0.6]))
SMOOTH = {
    "shockley": ShockleyDiode(1e-6, 0.05),
    "double": DoubleShockley(1e-6, 0.05, 1.0),
    "pair": DiodePair(1e-6, 0.05, upper=0.8, lower=-0.2),
}
ALL = {**SMOOTH, "curve": CURVE}


@pytest.mark.parametrize("name", list(ALL))
def test_a_node_stands_where_bisection_puts_it(name):
    device = ALL[name]
    for load, supply in ((1e-3, 2e-3), (0.5, -3.0), (2.0, 40.0), (1.0, 0.0), (1e-5, -0.2)):
        found = device.voltage(np.array([load]), np.array([[supply]]))[0, 0]

        def left_over(v, load=load, supply=supply):
            return load * v + device.current(np.array([v]))[0][0] - supply

        root = brentq(left_over, -60.0, 60.0, xtol=1e-14, rtol=1e-14)
        assert found == pytest.approx(root, rel=1e-11, abs=1e-12)  # both are iterated to rounding


@pytest.mark.parametrize("name", list(ALL))
def test_the_slope_of_the_co_content_is_the_current_and_the_currents_slope_is_given(name):
    device = ALL[name]
    v = np.array([-0.95, -0.35, -0.05, 0.07, 0.21, 0.9])
    h = 1e-6
    current, slope = device.current(v)
    # Central differences of third-order error: h² times a third derivative of some 1e3 here.
    assert (device.stored(v + h) - device.stored(v - h)) / (2 * h) == pytest.approx(current, rel=1e-5, abs=1e-9)
    assert (device.current(v + h)[0] - device.current(v - h)[0]) / (2 * h) == pytest.approx(slope, rel=1e-5, abs=1e-9)
    assert abs(device.stored(np.zeros(1))[0]) < 1e-20  # W; a cosine less itself, in two ways of rounding


@pytest.mark.parametrize("name", list(ALL))
def test_a_node_that_nothing_else_is_connected_to_stands_where_its_device_carries_the_supply(name):
    device = ALL[name]
    supply = np.array([[0.0, 3e-7, -2e-5]])
    v = device.voltage(np.array([0.0, 0.0, 0.0]), supply)
    assert device.current(v)[0] == pytest.approx(supply, rel=1e-11, abs=1e-18)  # a logarithm, to rounding


def test_the_double_shockley_carries_the_published_current():
    device = DoubleShockley(1e-6, 0.05, 1.0)
    v = np.linspace(-1.2, 1.2, 7)
    published = 1e-6 * (np.exp((v - 1.0) / 0.05) - np.exp(-(v + 1.0) / 0.05))
    assert device.current(v)[0] == pytest.approx(published, rel=1e-12, abs=1e-24)  # the same, as one sinh


def test_a_pair_of_diodes_carries_the_difference_of_both():
    device = DiodePair(1e-6, 0.05, upper=0.8, lower=-0.2)
    v = np.linspace(-0.5, 1.1, 9)
    both = 1e-6 * (np.exp((v - 0.8) / 0.05) - 1.0) - 1e-6 * (np.exp((-0.2 - v) / 0.05) - 1.0)
    assert device.current(v)[0] == pytest.approx(both, rel=1e-9, abs=1e-18)  # the ones cancel: 1e-6 lost in rounding


def test_an_ideal_diode_keeps_its_node_from_falling_below_ground():
    found = IdealDiode().voltage(np.array([2.0, 2.0, 0.0]), np.array([[3.0, -3.0, 0.0]]))
    assert found.tolist() == [[1.5, 0.0, 0.0]]


def test_a_wild_supply_gives_a_finite_voltage():
    found = DoubleShockley().voltage(np.array([1e-7]), np.array([[1e6, -1e6]]))
    assert np.isfinite(found).all()
    assert found[0, 0] == -found[0, 1]


@pytest.mark.parametrize(
    ("volts", "amperes", "says"),
    [
        ([0.0, 1.0, 2.0], [0.0, 2.0, 1.0], "point 2: current 1.0 A is below"),
        ([0.0, 1.0, 1.0], [0.0, 1.0, 2.0], "point 2: voltage 1.0 V is not above"),
        ([0.0, 1.0], [0.0, np.nan], "point 1: current nan A is not finite"),
        ([0.0], [0.0], "two points or more"),
    ],
)
def test_a_curve_that_is_not_monotone_is_refused_with_its_point(volts, amperes, says):
    with pytest.raises(TechnologyError, match=says):
        MeasuredCurve(np.array(volts), np.array(amperes))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("-1,-1e-3\n0,0\n0.5,2e-3\n".encode("utf-8-sig"), id="byte order mark, no heading"),
        pytest.param(b"voltage [V],current [mA]\n-1,-1\n0,0\n0.5,2\n", id="milliamperes"),
        pytest.param(b"I (uA),V (mV),note\n-1000,-1000,a\n0,0,b\n2000,500,c\n", id="swapped, more columns"),
        pytest.param(b"# sweep 3\r\nVoltage [V];Current [A]\r\n-1;-0,001\r\n0;0\r\n0,5;0,002\r\n", id="Excel"),
    ],
)
def test_a_curve_s_heading_says_which_column_is_what_in_which_unit(tmp_path, raw):
    (tmp_path / "curve.csv").write_bytes(raw)
    curve = read_curve(tmp_path / "curve.csv")
    assert curve.volts == pytest.approx(np.array([-1.0, 0.0, 0.5]), rel=1e-15)
    assert curve.amperes == pytest.approx(np.array([-1e-3, 0.0, 2e-3]), rel=1e-15)


def test_a_curve_is_read_from_a_file_with_a_heading(tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text("volts,amperes\n-1,-1e-3\n0,0\n0.5,2e-3\n")
    curve = read_curve(path)
    assert curve.volts.tolist() == [-1.0, 0.0, 0.5]
    assert curve.current(np.array([0.25]))[0][0] == pytest.approx(1e-3, rel=1e-12)
    path.write_text("volts,amperes\n-1,-1e-3\nrubbish\n")
    with pytest.raises(TechnologyError, match="line 3: 'rubbish' is no voltage"):
        read_curve(path)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"conductance_low": 2.0, "conductance_high": 1.0}, "conductance_low: 2.0 S is not below"),
        ({"conductance_low": -1.0}, "below zero"),
        ({"inputs": "tripled"}, "'tripled' is unknown"),
        ({"input_gain": 0.0}, "not above zero"),
    ],
)
def test_an_impossible_technology_is_refused(given, says):
    with pytest.raises(TechnologyError, match=says):
        ResistiveTechnology(**given)


def test_amplifiers_and_pairs_that_cannot_be_are_refused():
    with pytest.raises(TechnologyError, match="current_gain"):
        Amplifier(4.0, 0.0)
    with pytest.raises(TechnologyError, match="swap the two"):
        DiodePair(upper=-1.0, lower=1.0)
