"""Nodes with exponential devices, solved in step, against a bracketing root finder."""

import numpy as np
import pytest
from scipy.optimize import brentq

pytest.importorskip("numba")

from analogeq.engines.native.resistive.compiled.nodes import exponential_imbalance, solve_exponential
from analogeq.hardware.resistive import DiodePair, DoubleShockley

DEVICES = [DoubleShockley(), DiodePair(upper=0.5, lower=-0.2), DoubleShockley(1e-3, 0.02, 0.1)]


def solved(device, load, incoming, guess, kind):
    constants = np.array([device.prefactor, device.thermal_voltage, device.middle])
    v = np.array(guess, dtype=kind)
    solve_exponential(load.astype(kind), incoming.astype(kind), v, constants, np.empty((4, len(v)), dtype=kind))
    return v, constants


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("guess", [0.0, 40.0, -40.0])
def test_every_node_is_in_balance_wherever_newton_starts(device, kind, guess):
    rng = np.random.default_rng(0)
    load = rng.uniform(1e-3, 10.0, 200).astype(kind)
    incoming = (rng.choice([-1.0, 1.0], 200) * rng.uniform(1e-6, 5.0, 200) ** 3).astype(kind)
    v, _ = solved(device, load, incoming, np.full(200, guess), kind)
    exact = [
        brentq(lambda u, a=a, i=i: a * u + float(device.current(np.array(u))[0]) - i, -5.0, 5.0, xtol=1e-15)
        if abs(i) < 5.0 * a
        else brentq(lambda u, a=a, i=i: float(device.current(np.array(u))[0]) + a * u - i, -30.0, 30.0, xtol=1e-15)
        for a, i in zip(load.tolist(), incoming.tolist(), strict=True)
    ]
    # Some ten roundings of the largest term of the balance, in volts.
    assert v == pytest.approx(exact, rel=20 * float(np.finfo(kind).eps), abs=20 * 0.05 * float(np.finfo(kind).eps))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_imbalance_of_solved_nodes_is_rounding_and_of_others_is_what_it_is(kind):
    device = DoubleShockley()
    load, incoming = np.linspace(0.5, 2.0, 30).astype(kind), np.linspace(-3.0, 3.0, 30).astype(kind)
    v, constants = solved(device, load, incoming, np.zeros(30), kind)
    # The device's current has the error of v / V_t times it: forty times some roundings of 3 A.
    assert exponential_imbalance(load, incoming, v, constants) < 400 * float(np.finfo(kind).eps) * 3.0
    off = v + kind(0.01)
    expected = np.abs(incoming - load * off.astype(float) - device.current(off.astype(float))[0]).max()
    assert exponential_imbalance(load, incoming, off, constants) == pytest.approx(
        expected, rel=400 * float(np.finfo(kind).eps)
    )
