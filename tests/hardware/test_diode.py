"""The junction's equation, alone and behind a resistance."""

import numpy as np
import pytest
from scipy.special import lambertw

from analogeq.hardware import DiodeClamp
from analogeq.hardware.diode import clamp_current, diode_current, resisted_diode_current, thermal_voltage

NVT = thermal_voltage(27.0)


def test_thermal_voltage_is_ngspices():
    assert pytest.approx(0.025864917007157463, rel=1e-15) == NVT


@pytest.mark.parametrize("at", [-3.0 * NVT, 0.0, 0.7])
def test_current_and_slope_agree_on_both_sides_of_the_reverse_corner(at):
    v = np.array([at - 1e-7, at, at + 1e-7])
    current, slope = diode_current(v, 1e-14, NVT)
    assert (current[2] - current[0]) / 2e-7 == pytest.approx(slope[1], rel=2e-2)  # the second derivative jumps there


def test_series_resistance_drops_what_lambert_says():
    v, saturation, resistance = np.linspace(0.1, 3.0, 30), 1e-14, 12.0
    current, _ = resisted_diode_current(v, saturation, NVT, resistance, gmin=0.0)
    share = resistance * saturation / NVT
    closed = NVT / resistance * lambertw(share * np.exp((v + resistance * saturation) / NVT)).real - saturation
    assert current == pytest.approx(closed, rel=1e-12)


def test_slope_behind_a_resistance_is_the_derivative():
    v = np.array([-2.0, -0.05, 0.3, 0.8, 5.0])
    _, slope = resisted_diode_current(v, 1e-14, NVT, 10.0)
    up, _ = resisted_diode_current(v + 1e-6, 1e-14, NVT, 10.0)
    down, _ = resisted_diode_current(v - 1e-6, 1e-14, NVT, 10.0)
    assert (up - down) / 2e-6 == pytest.approx(slope, rel=1e-6)


def test_a_very_sharp_diode_behind_a_resistance_is_still_solved():
    current, _ = resisted_diode_current(np.array([1.0]), 1e-9, 1e-7 * NVT, 1e3)
    assert current[0] == pytest.approx(1e-3, rel=1e-4)


def test_a_clamp_pulls_a_node_back_from_both_rails():
    current, slope = clamp_current(np.array([-0.6, 0.5, 1.6]), DiodeClamp(1e-14, 1.0, 1.0), 1.0, 27.0)
    assert current[0] < 0.0 < current[2]
    assert current[0] == pytest.approx(-current[2], rel=1e-9)
    assert abs(current[1]) < 1e-12
    assert (slope > 0.0).all()


def test_a_blocking_diode_behind_a_large_resistance_is_found_too():
    # IS·RS is 84 thermal voltages: from the blocked side Newton's method would leap far into conduction
    nvt = thermal_voltage(27.0)
    for v in (-5.0, -0.5, -1e-3):
        current, slope = resisted_diode_current(np.array([v]), 8.2e-4, nvt, 2627.0)
        x = v - 2627.0 * current
        junction, own = diode_current(x, 8.2e-4, nvt)
        assert current == pytest.approx(junction, abs=1e-15)  # x is a difference of volts: their eps times 0.03 S
        assert slope == pytest.approx(own / (1.0 + 2627.0 * own), rel=1e-9)
