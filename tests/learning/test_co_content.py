"""The rule of circuits of conductances, against finite differences and the adjoint."""

import numpy as np
import pytest

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive
from analogeq.controller.resistive import run_pair
from analogeq.engines.native.resistive import ResistiveSession
from analogeq.engines.resistive_gradient import exact_gradient
from analogeq.errors import InputError
from analogeq.hardware import Wires
from analogeq.hardware.resistive import Amplifier, DoubleShockley, IdealDiode, ResistiveTechnology
from analogeq.learning.co_content import StageGains, co_content_gradient
from analogeq.learning.conductance_descent import ConductanceDescent, ConductanceRates, half_kaiming
from analogeq.learning.costs import SoftmaxCrossEntropy, SquaredError, of_pairs
from analogeq.learning.rules import ContrastiveLearning, CoupledLearning, EquilibriumPropagation
from analogeq.network import Network


class Lab:
    """One small circuit with a minibatch."""

    def __init__(self, sizes=(4, 5, 4, 2), seed=1, n_targets=None, **technology):
        technology = {"device": DoubleShockley(1e-3, 0.2, 0.3), "bias_voltage": 0.4, "input_gain": 2.0, **technology}
        self.circuit = ResistiveCircuit(Network.layered(sizes), ResistiveTechnology(**technology))
        rng = np.random.default_rng(seed)
        self.held = self.circuit.program(
            rng.uniform(0.1, 1.0, self.circuit.wiring.n_edges), 0.1 * rng.normal(size=self.circuit.network.n_nodes)
        )
        self.inputs = rng.normal(size=(3, sizes[0]))
        self.targets = np.eye(n_targets or sizes[-1])[rng.integers(0, n_targets or sizes[-1], 3)]
        self.session = ResistiveSession(self.circuit, relative_tolerance=1e-14)
        self.session.program(self.held)

    @property
    def gains(self):
        return StageGains(self.circuit.voltage_gains, self.circuit.stages.factors)

    def cost(self, held, cost):
        self.session.program(held)
        v = self.session.settle(ResistiveDrive(self.inputs), check=False).voltages
        return float(cost.value(self.circuit.signals(v), self.targets).mean())

    def estimate(self, rule, gains=None):
        self.session.program(self.held)
        pair = run_pair(self.session, rule, self.inputs, self.targets)
        return co_content_gradient(
            self.circuit.wiring,
            pair.sources,
            pair.first,
            pair.second,
            pair.span,
            gains or self.gains,
            self.circuit.arrays(self.held),
        )

    def exact(self, cost=None):
        self.session.program(self.held)
        drive = ResistiveDrive(self.inputs)
        v = self.session.settle(drive).voltages
        slope = (cost or SquaredError()).slope(self.circuit.signals(v), self.targets)
        slope = of_pairs(slope) if self.circuit.technology.outputs == "pairs" else slope
        return exact_gradient(self.circuit, self.held, drive, v, slope)

    def finite_difference(self, edge, cost, h=1e-5):
        costs = []
        for side in (h, -h):
            g = self.held.g.copy()
            g[edge] += side
            costs.append(self.cost(type(self.held)(g, self.held.bias_currents), cost))
        return (costs[0] - costs[1]) / (2 * h)


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


WIRED = Wires(0.05, 0.1, 0.3, 0.2)
"""Beside conductances of 0.1 to 1 S lines of ten cells: some take half of what a device gives."""


@pytest.mark.parametrize("wires", [Wires(), WIRED, Wires(0.05, 0.0, driven_from="both"), Wires(0.0, 0.1, 0.0, 0.2)])
@pytest.mark.parametrize("amplifier", [None, Amplifier(4.0, 0.25), Amplifier(3.0, 0.9)])
@pytest.mark.parametrize("device", [DoubleShockley(1e-3, 0.2, 0.3), IdealDiode()])
def test_the_adjoint_gradient_is_the_finite_difference(amplifier, device, wires):
    lab = Lab(amplifier=amplifier, device=device, wires=wires)
    exact = lab.exact()
    for edge in (0, 11, lab.circuit.wiring.blocks[-2].edges.start, lab.circuit.wiring.n_edges - 1):
        # Differences of costs good to 1e-13 over 2e-5, and a third derivative times h².
        assert exact.g[edge] == pytest.approx(lab.finite_difference(edge, SquaredError()), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("by", ["conductance", "current"])
@pytest.mark.parametrize("amplifier", [None, Amplifier(4.0, 0.25)])
@pytest.mark.parametrize("wires", [Wires(), WIRED])
def test_the_bias_of_the_rule_vanishes_with_the_order_of_its_sides(by, amplifier, wires):
    lab = Lab(amplifier=amplifier, wires=wires)
    exact = lab.exact().g
    for sides, order in (("positive", 1), ("centred", 2)):
        errors = [
            np.linalg.norm(lab.estimate(EquilibriumPropagation(beta, sides, by)).g - exact) for beta in (0.02, 0.01)
        ]
        assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.1)  # the next order is 0.01 of this one


def test_a_device_that_took_the_drop_between_its_terminals_for_its_own_would_learn_something_else():
    lab = Lab(wires=WIRED)
    pair = run_pair(lab.session, EquilibriumPropagation(1e-4), lab.inputs, lab.targets)
    states, exact = (pair.sources, pair.first, pair.second), lab.exact().g
    own = co_content_gradient(lab.circuit.wiring, *states, pair.span, None, lab.circuit.arrays(lab.held)).g
    between_terminals = co_content_gradient(lab.circuit.wiring, *states, pair.span).g
    assert cosine(own, exact) > 1.0 - 1e-6
    assert cosine(between_terminals, exact) < 0.99


def test_wires_that_join_nodes_of_different_ratios_leave_no_energy():
    uneven = {"sizes": (4, 3, 2), "amplifier": Amplifier((4.0, 1.0, 8.0), 0.25)}
    assert Lab(**uneven).circuit.stages.consistent
    assert Lab(**uneven, wires=Wires(0.0, 0.1)).circuit.stages.consistent  # word lines join no bit lines
    assert not Lab(**uneven, wires=WIRED).circuit.stages.consistent


def test_an_amplifier_of_four_and_a_quarter_scales_the_first_layer_by_sixteen():
    lab = Lab(sizes=(4, 5, 2), amplifier=Amplifier(4.0, 0.25))
    first = lab.circuit.wiring.blocks[0].edges
    rule = EquilibriumPropagation(1e-3)
    with_factor = lab.estimate(rule).g
    without = lab.estimate(rule, StageGains(lab.circuit.voltage_gains, np.ones(7))).g
    true = np.array([lab.finite_difference(e, SquaredError()) for e in range(first.start, first.stop)])
    ratio = float(true @ without[first] / (without[first] @ without[first]))
    assert ratio == pytest.approx(16.0, rel=1e-5)  # beta² of 1e-6 and the finite difference's 1e-6
    assert with_factor[first] == pytest.approx(16.0 * without[first], rel=1e-12)
    last = lab.circuit.wiring.blocks[-1].edges
    assert with_factor[last] == pytest.approx(without[last], rel=1e-12)


def test_bias_currents_learn_by_the_voltage_they_drive():
    lab = Lab(amplifier=Amplifier(2.0, 0.5))
    estimate = lab.estimate(EquilibriumPropagation(1e-3)).bias_currents
    assert estimate == pytest.approx(lab.exact().bias_currents, rel=1e-4, abs=1e-8)  # beta² and curvature


def test_where_ratios_differ_there_is_no_energy_and_the_cosine_falls():
    same = Lab(sizes=(4, 3, 3, 2), amplifier=Amplifier(4.0, 0.25))
    uneven = Lab(sizes=(4, 3, 3, 2), amplifier=Amplifier((4.0, 4.0, 4.0, 1.0, 4.0, 8.0), 0.25))
    assert same.circuit.stages.consistent
    assert not uneven.circuit.stages.consistent
    rule = EquilibriumPropagation(1e-4)
    assert cosine(same.estimate(rule).g, same.exact().g) > 1.0 - 1e-6
    first = uneven.circuit.wiring.blocks[0].edges
    lost = cosine(uneven.estimate(rule).g[first], uneven.exact().g[first])
    assert 0.2 < lost < 0.999


@pytest.mark.parametrize("outputs", ["single", "pairs"])
def test_cross_entropy_is_nudged_by_its_own_slope(outputs):
    cost = SoftmaxCrossEntropy(0.5)
    lab = Lab(sizes=(4, 5, 4), n_targets=4 if outputs == "single" else 2, outputs=outputs)
    rule = EquilibriumPropagation(1e-3, "centred", "current", cost, pairs=outputs == "pairs")
    exact = lab.exact(cost).g
    assert lab.estimate(rule).g == pytest.approx(exact, rel=1e-3, abs=1e-6 * np.abs(exact).max())  # beta² and curvature
    edge = 3
    assert exact[edge] == pytest.approx(lab.finite_difference(edge, cost), rel=1e-5, abs=1e-8)


def test_the_slope_of_each_cost_is_its_derivative():
    rng = np.random.default_rng(0)
    out, targets, h = rng.normal(size=(1, 4)), np.eye(4)[[2]], 1e-6
    for cost in (SquaredError(), SoftmaxCrossEntropy(0.3)):
        for k in range(4):
            step = h * np.eye(4)[[k]]
            slope = (cost.value(out + step, targets) - cost.value(out - step, targets))[0] / (2 * h)
            assert cost.slope(out, targets)[0, k] == pytest.approx(slope, rel=1e-7, abs=1e-8)


def test_coupled_learning_descends_and_becomes_contrastive_learning():
    lab = Lab()
    exact = lab.exact().g
    for rule in (CoupledLearning(0.01), CoupledLearning(0.01, "centred"), ContrastiveLearning()):
        estimate = lab.estimate(rule).g
        assert cosine(estimate, exact) > 0.5
    whole, contrastive = lab.estimate(CoupledLearning(1.0)).g, lab.estimate(ContrastiveLearning()).g
    assert whole == pytest.approx(contrastive, rel=1e-10, abs=1e-12)


def test_positive_and_negative_sides_err_in_opposite_directions():
    lab = Lab()
    exact = lab.exact().g
    up = lab.estimate(EquilibriumPropagation(0.01, "positive")).g - exact
    down = lab.estimate(EquilibriumPropagation(0.01, "negative")).g - exact
    assert cosine(up, -down) > 0.99


def test_a_nudge_that_is_no_conductance_is_refused():
    with pytest.raises(InputError, match="use by = 'current'"):
        EquilibriumPropagation(cost=SoftmaxCrossEntropy())
    with pytest.raises(InputError, match="compares a state with itself"):
        EquilibriumPropagation(0.0)
    with pytest.raises(InputError, match="'both' is unknown"):
        CoupledLearning(0.1, "both")


@pytest.mark.parametrize("compiled", [False, True])
def test_a_step_is_the_gradient_times_the_rate_clipped_to_the_range(compiled):
    if compiled:
        pytest.importorskip("numba")
    lab = Lab(bias_voltage=None)
    pair = run_pair(lab.session, EquilibriumPropagation(0.1), lab.inputs, lab.targets)
    states = (pair.sources, pair.first, pair.second)
    gradient = co_content_gradient(lab.circuit.wiring, *states, pair.span)
    rates = ConductanceRates((0.5, 0.3, 0.2), (0.1, 0.2, 0.3))
    wanted = lab.held.g.copy()
    for block in lab.circuit.wiring.blocks:
        wanted[block.edges] -= rates.edges[block.post - 1] * gradient.g[block.edges]
    clipped = np.clip(wanted, 0.2, 0.9)
    assert (clipped != wanted).any()
    g, bias = lab.held.g.copy(), lab.held.bias_currents.copy()
    ConductanceDescent(lab.circuit.wiring, 0.2, 0.9, compiled=compiled).step(g, bias, states, pair.span, rates)
    assert g == pytest.approx(clipped, rel=1e-12, abs=1e-14)  # the same sums in another order
    moved = np.concatenate(
        [r * gradient.bias_currents[s] for r, s in zip(rates.biases, lab.circuit.network.layers, strict=True)]
    )
    assert bias == pytest.approx(lab.held.bias_currents - moved, rel=1e-12, abs=1e-14)


def test_a_step_through_wires_is_the_gradient_through_wires():
    lab = Lab(wires=WIRED)
    pair = run_pair(lab.session, EquilibriumPropagation(0.1), lab.inputs, lab.targets)
    states, inside = (pair.sources, pair.first, pair.second), lab.circuit.arrays(lab.held)
    slope = co_content_gradient(lab.circuit.wiring, *states, pair.span, None, inside).g
    g, bias = lab.held.g.copy(), lab.held.bias_currents.copy()
    descent = ConductanceDescent(lab.circuit.wiring, 0.0, 10.0, compiled=True)
    descent.step(g, bias, states, pair.span, ConductanceRates((0.1,) * 3, (0.0,) * 3), inside)
    assert g == pytest.approx(lab.held.g - 0.1 * slope, rel=1e-12)


def test_tied_edges_move_by_the_mean_of_their_gradients():
    lab = Lab(bias_voltage=None)
    pair = run_pair(lab.session, EquilibriumPropagation(0.1), lab.inputs, lab.targets)
    states = (pair.sources, pair.first, pair.second)
    last = len(lab.circuit.wiring.blocks) - 1
    block = lab.circuit.wiring.blocks[last]
    groups = np.arange(block.edges.stop - block.edges.start) % 2
    g, bias = lab.held.g.copy(), lab.held.bias_currents.copy()
    descent = ConductanceDescent(lab.circuit.wiring, 0.0, 10.0, tied={last: groups})
    descent.step(g, bias, states, pair.span, ConductanceRates((0.0, 0.0, 0.1), (0.0, 0.0, 0.0)))
    moved = (g - lab.held.g)[block.edges]
    slope = co_content_gradient(lab.circuit.wiring, *states, pair.span).g[block.edges]
    for group in (0, 1):
        assert moved[groups == group] == pytest.approx(-0.1 * slope[groups == group].mean(), rel=1e-12)


def test_half_of_the_conductances_start_at_the_low_end():
    wiring = Network.layered((400, 50, 10))
    g = half_kaiming(wiring, np.random.default_rng(0), low=1e-7)
    first = g[wiring.blocks[0].edges]
    assert first.max() <= 1 / 20
    assert np.mean(first == 1e-7) == pytest.approx(0.5, abs=0.02)  # 20,000 draws: four standard deviations
