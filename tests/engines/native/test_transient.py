"""Waveforms between ideal clamps: closed forms, other integrators, order."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from analogeq.circuit import Circuit
from analogeq.engines.native.clamps import Ideal
from analogeq.engines.native.coupling import Coupling
from analogeq.engines.native.problem import Problem
from analogeq.engines.native.stepping import STEP
from analogeq.engines.native.stepping import follow as follow_by_steps
from analogeq.engines.native.transient import MOST, follow
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters

NETWORKS = {
    "two layers": Network.layered([5, 12, 4]),
    "deep": Network.layered([4, 6, 6, 6, 6, 6, 6, 6, 6, 3]),
}


def chain(n: int, weight: float, current: list[float], rail: float = 1.0) -> Problem:
    """``n`` neurons in a row, each joined to the next by ``weight``."""
    circuit = Circuit(Network.layered([1] * (n + 1)), Technology(rail=rail))
    weights = np.full(n, weight)
    weights[0] = 0.0
    held = circuit.program(Parameters(weights, np.zeros(n)))
    coupling = Coupling.of(circuit, held, np.dtype(np.float64))
    return Problem(coupling, np.ones(n), np.array([current], dtype=float), Ideal(rail))


def test_a_node_charges_hits_its_rail_and_is_let_go_at_the_times_of_the_closed_form(methods):
    # The first node charges toward 2: s = 2 (1 - e^-t), at its rail from t = ln 2 on; it inhibits the second.
    problem = chain(2, 0.0, [2.0, 0.0])
    marks = np.array([0.3, np.log(2.0), 1.0, 3.0])
    path = methods.follow(problem, np.zeros((1, 2)), 3.0, 1e-10, marks)
    assert path.kept[0, :, 0] == pytest.approx(np.minimum(2.0 * (1.0 - np.exp(-marks)), 1.0), abs=1e-9)
    assert path.events[0] == 1


def test_a_clamped_node_is_released_when_its_inflow_turns(methods):
    # s2 starts at its rail, pushed on by I = 0.5 + 1.0 s1 - 1 at first outwards; s1 decays as e^-t, so the
    # inflow 0.5 + e^-t - 1 turns at t = ln 2; from then on s2' = 0.5 + e^-t - s2.
    problem = chain(2, 1.0, [0.0, 0.5])
    one_way = replace(problem, coupling=without_backward(problem.coupling))
    marks = np.array([0.5, np.log(2.0), 1.5, 4.0])
    path = methods.follow(one_way, np.ones((1, 2)), 4.0, 1e-10, marks)
    late = np.maximum(marks - np.log(2.0), 0.0)
    free = 0.5 + 0.5 * np.exp(-late) + 0.5 * late * np.exp(-late)
    assert path.kept[0, :, 0] == pytest.approx(np.exp(-marks), abs=1e-9)
    assert path.kept[0, :, 1] == pytest.approx(np.where(late > 0.0, free, 1.0), abs=1e-9)


def without_backward(coupling: Coupling) -> Coupling:
    links = tuple(replace(link, backward=np.zeros_like(link.backward)) for link in coupling.links)
    return Coupling(links, coupling.factor, coupling.n_nodes, False, coupling.dtype)


@pytest.mark.parametrize("n", [2, 5, 9])
def test_the_slowest_mode_of_a_chain_decays_at_its_known_rate(methods, n):
    # Eigenvalues of a chain's coupling are 2 w cos(k pi / (n + 1)).
    weight = 0.4
    problem = chain(n, weight, [0.5 * (1.0 - weight * (1 + (0 < j < n - 1))) for j in range(n)])
    rate = 1.0 - 2.0 * weight * np.cos(np.pi / (n + 1))
    mode = np.sin(np.pi * np.arange(1, n + 1) / (n + 1))
    path = methods.follow(problem, 0.5 + 0.3 * mode[None], 8.0, 1e-11, np.array([2.0, 8.0]))
    away = (path.kept[0] - 0.5) @ mode / (mode @ mode)
    assert np.log(away[0] / away[1]) / 6.0 == pytest.approx(rate, abs=1e-8)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())
@pytest.mark.parametrize("load", [1.0, -0.4], ids=["held", "growing"])
def test_a_waveform_agrees_with_an_independent_integrator(methods, make_problem, network, load):
    problem = make_problem(network, seed=5, batch=2, scale=1.5, load=load)
    start = np.random.default_rng(1).random(problem.current.shape)
    path = methods.follow(problem, start, 2.0, 1e-9)
    for sample in range(2):
        # A right-hand side that stops at the rails; small steps carry the integrator over its corners.
        alone = problem.only(np.array([sample]))
        other = solve_ivp(
            lambda _, v, alone=alone: alone.imbalance(v[None])[0],
            (0.0, 2.0),
            start[sample],
            method="RK23",
            max_step=2e-3,
            rtol=1e-8,
            atol=1e-10,
        )
        end = np.clip(other.y[:, -1], 0.0, 1.0)
        assert path.states[sample] == pytest.approx(end, abs=3e-4)  # a corner inside a step costs the other h·slope


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())
def test_the_error_falls_with_the_tolerance(methods, make_problem, network):
    problem = make_problem(network, seed=2, batch=4, scale=1.2)
    start = np.zeros(problem.current.shape)
    exact = methods.follow(problem, start, 3.0, 1e-13).states
    for tolerance in (1e-6, 1e-8, 1e-10):
        error = np.abs(methods.follow(problem, start, 3.0, tolerance).states - exact).max()
        assert error < 20.0 * tolerance  # twenty steps or so, each at its tolerance, none of them amplified much


def test_both_forms_take_the_same_way(make_problem):
    pytest.importorskip("numba")
    from analogeq.engines.native.compiled import calls

    problem = make_problem(NETWORKS["two layers"], seed=4, batch=5, scale=2.0)
    start = np.zeros(problem.current.shape)
    first, second = (f(problem, start, 6.0, 1e-7) for f in (follow, calls.follow))
    # In numpy the batch shares the order of its series, so the two differ by a tenth of the tolerance.
    assert first.states == pytest.approx(second.states, abs=1e-8)
    assert np.abs(first.steps - second.steps).max() <= 2
    assert (first.events == second.events).all()


def test_marks_do_not_move_the_end(methods, make_problem):
    problem = make_problem(NETWORKS["deep"], seed=9, scale=2.0)
    start = np.zeros(problem.current.shape)
    plain = methods.follow(problem, start, 5.0, 1e-9)
    marked = methods.follow(problem, start, 5.0, 1e-9, np.linspace(0.0, 5.0, 57))
    assert marked.states == pytest.approx(plain.states, abs=1e-7)
    assert marked.kept[:, -1] == pytest.approx(marked.states, abs=1e-12)
    assert (marked.kept[:, 0] == 0.0).all()


def test_times_are_the_ends_of_the_steps(methods, make_problem):
    problem = make_problem(NETWORKS["two layers"], seed=9)
    path = methods.follow(problem, np.zeros(problem.current.shape), 5.0, 1e-9, n_times=500)
    for times, steps in zip(path.times, path.steps, strict=True):
        assert (np.diff(times[:steps]) > 0.0).all()
        assert times[steps - 1] == 5.0
        assert (times[steps:] == 0.0).all()


def test_a_node_resting_exactly_on_its_corner_takes_few_steps(methods):
    # s = 1 with an inflow of exactly nothing: neither held nor free.
    path = methods.follow(chain(2, 0.0, [1.0, 0.0]), np.array([[1.0, 0.0]]), 10.0, 1e-9)
    assert path.states[0] == pytest.approx([1.0, 0.0], abs=1e-12)
    assert path.steps[0] < 20


def test_samples_do_not_notice_each_other(methods, make_problem):
    problem = make_problem(NETWORKS["two layers"], seed=3, batch=6, scale=1.5)
    start = np.random.default_rng(0).random(problem.current.shape)
    together = methods.follow(problem, start, 4.0, 1e-8).states
    for sample in range(6):
        alone = methods.follow(problem.only(np.array([sample])), start[[sample]], 4.0, 1e-8).states[0]
        # In numpy the batch shares one order of the series, so a sample's own may be lower when alone.
        assert alone == pytest.approx(together[sample], abs=0.0 if methods.compiled else 1e-7)


def test_exponential_steps_converge_with_the_square_of_their_length(make_problem, monkeypatch):
    problem = make_problem(Network.layered([5, 8, 3]), seed=1, scale=0.2)
    start = np.full(problem.current.shape, 0.5)
    problem = replace(problem, current=0.5 * problem.load - problem.coupling.product(start) + 0.1 * problem.current)
    exact = follow(problem, start, 1.0, 1e-14).states
    errors = []
    for step in (0.1, 0.05, 0.025):
        monkeypatch.setattr("analogeq.engines.native.stepping.STEP", step)
        errors.append(np.abs(follow_by_steps(problem, start, 1.0).states - exact).max())
    assert STEP == 0.04
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders == pytest.approx(2.0, abs=0.1)


def test_a_sample_that_would_need_endless_steps_is_given_up(make_problem, monkeypatch):
    monkeypatch.setattr("analogeq.engines.native.transient.MOST", 5)
    problem = make_problem(NETWORKS["two layers"], seed=3, scale=2.0)
    path = follow(problem, np.zeros(problem.current.shape), 50.0, 1e-12)
    assert MOST > 1000
    assert (path.steps == 5).all()
    assert not path.arrived.any()
