"""Real diodes at a node: closed forms, quadrature, and the residual of what they settle at."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import lambertw

from analogeq.errors import TechnologyError
from analogeq.hardware.diode import GMIN, diode_current, resisted_diode_current, thermal_voltage
from analogeq.hardware.diodes import REAL_DIODES
from analogeq.hardware.resistive import JunctionDiode, JunctionPair
from analogeq.hardware.resistive.junction import Junction

DEVICES = {
    "1n4148": JunctionDiode.of_part("1n4148"),
    "hot bat54": JunctionDiode.of_part("BAT54", temperature=85.0),
    "bare": JunctionDiode(1e-12, 1.5),
    "leaky": JunctionDiode(1e-3, 2.0, 500.0),
    "1n4148 pair": JunctionPair.of_part("1n4148", upper=0.5, lower=-0.25),
    "bare pair": JunctionPair(1e-9, 1.0, upper=0.3, lower=-0.3),
    "narrow pair": JunctionPair(1e-6, 1.2, 10.0, upper=0.02, lower=0.01),
    "1n34a pair below ground": JunctionPair.of_part("1n34a", upper=-0.1, lower=-0.6),
}
LOADS = (0.0, 1e-9, 1e-5, 0.01, 1.0, 1e3)
SUPPLIES = (-5.0, -1e-3, -1e-6, -1e-10, 0.0, 1e-10, 1e-6, 1e-3, 5.0)


@pytest.mark.parametrize("part", list(REAL_DIODES))
def test_every_part_is_a_device_by_its_name_in_any_case(part):
    card = REAL_DIODES[part]
    for device in (JunctionDiode.of_part(part.upper()), JunctionPair.of_part(part.upper())):
        assert device.name == part
        assert (device.saturation_current, device.ideality) == (card.saturation_current, card.ideality)
        assert device.series_resistance == card.series_resistance
    with pytest.raises(TechnologyError, match="did you mean '1n4148'"):
        JunctionDiode.of_part("1n4149")


def test_the_scaled_thermal_voltage_is_ngspices_at_27_degrees():
    assert JunctionDiode(ideality=2.0).scaled_thermal_voltage == 2.0 * 0.025864917007157463


@pytest.mark.parametrize("load", [1e-4, 1.0, 50.0])
@pytest.mark.parametrize("pull", [-10.0, -0.5, 1e-9])
def test_a_bare_diode_stands_where_lambert_w_says(load, pull):
    # With u = -v and a = load + gmin: a u + IS (e^(u/nvt) - 1) = -supply, so
    # u = p - nvt W(IS/(a nvt) e^(p/nvt)), p = (IS - supply)/a
    device = DEVICES["bare"]
    nvt, a = 1.5 * thermal_voltage(27.0), load + GMIN
    supply = load * pull
    p = (1e-12 - supply) / a
    u = p - nvt * float(lambertw(1e-12 / (a * nvt) * math.exp(p / nvt)).real)
    found = device.voltage(np.array([load]), np.array([[supply]]))[0, 0]
    assert found == pytest.approx(-u, rel=1e-12, abs=1e-15)  # p less the rest: the reference loses some digits itself


@pytest.mark.parametrize("name", list(DEVICES))
def test_a_node_stands_where_the_currents_add_up(name):
    device = DEVICES[name]
    for load in LOADS:
        for supply in SUPPLIES:
            v = device.voltage(np.array([load]), np.array([[supply]]))[0, 0]
            current, slope = (part[0] for part in device.current(np.array([v])))
            # What the roundings of v are worth in current: a few eps of the voltages, through slope and load
            resistance_drop = abs(current) * device.series_resistance
            drops = (load + slope) * (abs(v) + resistance_drop + 1.0) + abs(load * v)
            rounding = 1e-15 * (drops + abs(supply) + device.saturation_current)
            assert abs(load * v + current - supply) <= 8.0 * rounding


@settings(deadline=None, max_examples=300)
@given(
    st.floats(1e-15, 1e-3),
    st.floats(0.5, 3.0),
    st.just(0.0) | st.floats(1e-3, 1e5),
    st.just(0.0) | st.floats(1e-9, 1e3),
    st.floats(-10.0, 10.0),
    st.floats(-2.0, 2.0),
    st.floats(1e-3, 3.0),
)
def test_any_diode_and_any_pair_balances_any_load(saturation, ideality, resistance, load, supply, lower, reach):
    for device in (
        JunctionDiode(saturation, ideality, resistance),
        JunctionPair(saturation, ideality, resistance, upper=lower + reach, lower=lower),
    ):
        v = device.voltage(np.array([load]), np.array([[supply]]))
        current, slope = (part[0, 0] for part in device.current(v))
        volts = abs(v[0, 0]) + abs(current) * resistance + abs(lower) + reach + device.scaled_thermal_voltage
        rounding = 1e-15 * ((load + slope) * volts + abs(supply) + saturation)
        assert abs(load * v[0, 0] + current - supply) <= 16.0 * rounding


@pytest.mark.parametrize("resistance", [1e-9, 0.568, 2627.0, 1e9])
def test_the_closed_form_of_a_resisted_junction_is_newtons(resistance):
    nvt, u = thermal_voltage(27.0), np.array([-50.0, -1.0, -0.08, -1e-3, 0.0, 1e-3, 0.2, 0.6, 1.5])
    for saturation in (1e-14, 1e-9, 1e-4):
        found = Junction(saturation, nvt, resistance).current(u)
        wanted = resisted_diode_current(u, saturation, nvt, resistance)
        # An eps of the voltages, 58 thermal voltages at most, in an exponent; at 0 V what the pair of ones leaves
        assert found[0] == pytest.approx(wanted[0], rel=1e-13, abs=1e-15 * saturation)
        assert found[1] == pytest.approx(wanted[1], rel=1e-13)


def test_a_pair_is_found_in_a_few_steps(monkeypatch):
    called = []

    def counted(junction, u, current=Junction.current):
        called.append(u.shape)
        return current(junction, u)

    monkeypatch.setattr(Junction, "current", counted)
    supply = np.random.default_rng(0).normal(size=(360, 100))
    for name in ("1n4148 pair", "bare pair", "1n34a pair below ground"):
        for load in (1e-6, 1e-3, 0.5, 10.0):
            called.clear()
            DEVICES[name].voltage(np.full(100, load), supply)
            assert len(called) <= 2 * 6, (name, load)  # both diodes, six steps: from a leakage away, quadratically


@pytest.mark.parametrize("name", list(DEVICES))
def test_what_is_stored_is_the_integral_of_the_current(name):
    device = DEVICES[name]
    nvt = device.scaled_thermal_voltage
    bends = [-3.0 * nvt, 0.0, 3.0 * nvt]
    for v in (-1.2, -0.4, -0.05, 0.02, 0.3, 0.9):
        inside = [at for at in bends if min(0.0, v) < at < max(0.0, v)]
        integral, error = quad(
            lambda at: device.current(np.array([at]))[0][0], 0.0, v, points=inside or None, limit=400
        )
        found = device.stored(np.array([v]))[0]
        # quad's own error, and 1e-19 W of the difference between two diodes' co-contents
        assert found == pytest.approx(integral, rel=1e-9, abs=10.0 * error + 1e-19)
    assert device.stored(np.zeros(1))[0] == pytest.approx(0.0, abs=1e-19)


@pytest.mark.parametrize("name", list(DEVICES))
def test_the_currents_slope_is_given(name):
    device = DEVICES[name]
    v, h = np.array([-0.7, -0.35, -0.05, 0.07, 0.21, 0.6]), 1e-6
    _, slope = device.current(v)
    central = (device.current(v + h)[0] - device.current(v - h)[0]) / (2.0 * h)
    # h² times the third derivative over the slope is (h / nvt)², below 1e-8; the roundings of the current over h
    assert slope == pytest.approx(central, rel=1e-6, abs=1e-9 * np.abs(device.current(v)[0]).max() + 1e-15)


def test_the_junction_bends_without_a_step_where_its_law_changes():
    device = DEVICES["bare"]
    corner = 3.0 * device.scaled_thermal_voltage
    around = corner + np.array([-1e-12, 1e-12])
    for of in (lambda v: device.current(v)[0], lambda v: device.current(v)[1], device.stored):
        one, other = of(around)
        assert one == pytest.approx(other, rel=1e-9)  # a step would be some per cent; the slope moves by 1e-12/nvt


def test_a_diode_to_ground_is_the_diode_turned_round():
    device = DEVICES["bare"]
    v = np.linspace(-0.5, 0.5, 11)
    wanted, slope = diode_current(-v, 1e-12, device.scaled_thermal_voltage)
    assert device.current(v)[0].tolist() == (-wanted).tolist()
    assert device.current(v)[1].tolist() == slope.tolist()
    assert device.alternates
    assert not DEVICES["bare pair"].alternates


def test_a_pair_at_symmetric_biases_is_odd():
    device = DEVICES["bare pair"]
    v = np.linspace(0.05, 0.6, 5)
    assert device.current(-v)[0] == pytest.approx(-device.current(v)[0], rel=1e-12)
    load, supply = np.full(5, 1e-3), np.geomspace(1e-9, 1e-1, 5)
    assert device.voltage(load, -supply).tolist() == (-device.voltage(load, supply)).tolist()


@pytest.mark.parametrize("name", list(DEVICES))
def test_at_a_knee_diode_and_load_carry_as_much_and_beyond_it_the_diode_more(name):
    device = DEVICES[name]
    found = 0
    for load in (1e-6, 1e-4, 1e-2):
        for side, knee in zip((-1.0, 1.0), device.knees(load), strict=True):
            assert side * knee >= 0.0
            if not math.isfinite(knee):
                far = side * np.geomspace(1e4, 1e7, 9)
                assert (np.abs(device.current(far)[0]) < load * np.abs(far)).all()
                continue
            found += knee != 0.0
            current = side * device.current(np.array([knee]))[0][0]
            assert current == pytest.approx(load * abs(knee), rel=1e-11) if knee else True  # 40 thermal voltages' eps
            beyond = knee + side * np.geomspace(1e-6, 10.0, 100)
            assert (side * device.current(beyond)[0] > load * np.abs(beyond)).all()
    assert found > 0 or name in ("leaky", "narrow pair")


def test_a_resistance_above_the_loads_leaves_the_side_free():
    device = JunctionDiode(1e-9, 1.0, 1e3)
    assert device.knees(2e-3) == (-math.inf, math.inf)  # at most 1 mS
    assert -30.0 < device.knees(0.9e-3)[0] < -0.5
    assert device.knees(1e-13) == (0.0, 0.0)  # gmin alone is more


def test_single_precision_stays_single_and_agrees():
    for device in DEVICES.values():
        load, supply = np.array([0.5], np.float32), np.linspace(-2.0, 2.0, 9, dtype=np.float32)[:, None]
        found = device.voltage(load, supply)
        assert found.dtype == np.float32
        wanted = device.voltage(load.astype(np.float64), supply.astype(np.float64))
        assert found == pytest.approx(wanted, rel=1e-4, abs=1e-5)  # 1e-7 of the drops, over a junction's slope
        for part in (*device.current(found), device.stored(found)):
            assert part.dtype == np.float32


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"saturation_current": 0.0}, "saturation_current: 0.0 A is not above zero"),
        ({"ideality": math.nan}, "ideality: nan is not finite"),
        ({"series_resistance": -1.0}, "series_resistance: -1.0 Ohm is below zero"),
        ({"temperature": -300.0}, "temperature: -300.0 degC is not above absolute zero"),
        ({"name": "x\n.control"}, "is not a plain name"),
    ],
)
def test_an_impossible_diode_is_refused(given, says):
    for made in (JunctionDiode, JunctionPair):
        with pytest.raises(TechnologyError, match=says):
            made(**given)


def test_a_pair_that_would_short_its_sources_is_refused():
    with pytest.raises(TechnologyError, match=r"upper: 0\.1 V is not above lower"):
        JunctionPair(upper=0.1, lower=0.1)
