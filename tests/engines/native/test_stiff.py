"""Waveforms with exponential diodes."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from analogeq.hardware import DiodeClamp, Technology
from analogeq.network import Network

CLAMPS = {
    "soft": DiodeClamp(),
    "sharp": DiodeClamp(1e-9, 0.02),
    "resisted": DiodeClamp(2.5e-9, 1.75, 500.0),
}


@pytest.mark.parametrize("clamp", CLAMPS.values(), ids=CLAMPS.keys())
def test_a_waveform_with_diodes_agrees_with_radau(methods, make_problem, clamp):
    problem = make_problem(Network.layered([4, 5, 2]), seed=3, batch=1, scale=1.5, technology=Technology(clamp=clamp))
    start = np.random.default_rng(0).random(problem.current.shape)
    path = methods.follow(problem, start, 1.5, 1e-8, np.array([0.7, 1.5]))
    for sample in range(1):
        alone = problem.only(np.array([sample]))
        other = solve_ivp(
            lambda _, v, alone=alone: alone.imbalance(v[None])[0],
            (0.0, 1.5),
            start[sample],
            method="Radau",
            t_eval=[0.7, 1.5],
            rtol=1e-9,
            atol=1e-11,
        )
        assert path.kept[sample] == pytest.approx(other.y.T, abs=1e-7)  # what "tight" states
    assert path.states == pytest.approx(path.kept[:, -1], abs=1e-12)


def test_the_error_falls_with_the_tolerance(methods, make_problem):
    problem = make_problem(
        Network.layered([4, 5, 2]), seed=3, batch=1, scale=1.5, technology=Technology(clamp=CLAMPS["sharp"])
    )
    start = np.zeros(problem.current.shape)
    exact = methods.follow(problem, start, 2.0, 1e-10).states
    for tolerance in (1e-3, 1e-5, 1e-7):
        error = np.abs(methods.follow(problem, start, 2.0, tolerance).states - exact).max()
        assert error < 30.0 * tolerance  # thirty steps or more, each at its tolerance


def test_a_node_far_beyond_its_rail_comes_back_finite(methods, make_problem):
    problem = make_problem(Network.layered([2, 3, 2]), technology=Technology(clamp=DiodeClamp()))
    path = methods.follow(problem, np.full(problem.current.shape, 1.9), 1.0, 1e-6)
    assert path.arrived.all()
    assert np.isfinite(path.states).all()
    assert path.states.max() < 1.7
