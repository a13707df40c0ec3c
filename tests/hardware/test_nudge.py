"""Nudges that are not what was asked for: what is drawn, and what learning makes of it."""

import re

import numpy as np
import pytest

from analogeq.circuit import Circuit
from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.controller import Controller, Schedule
from analogeq.controller.resistive import run_pair
from analogeq.engines import engine
from analogeq.errors import TechnologyError
from analogeq.hardware import Converter, NudgeConductance, NudgeSource, ResistiveTechnology, Technology
from analogeq.hardware.resistive import DoubleShockley
from analogeq.learning import contrastive_gradient
from analogeq.learning.co_content import StageGains, co_content_gradient
from analogeq.learning.rules import EquilibriumPropagation
from analogeq.network import Network, glorot_uniform

FLAWED = NudgeConductance(0.9, 0.3, 5)


def test_outputs_differ_by_the_spread_about_the_gain_and_a_conductance_has_no_other_sign():
    count = 4000
    factors = NudgeConductance(0.9, 0.1, 3).factors(count)
    # Of n draws the sd is known to 1 / sqrt(2 n), the mean to sd / sqrt(n); four of these.
    assert factors.std() == pytest.approx(0.09, rel=4.0 / np.sqrt(2 * count))
    assert factors.mean() == pytest.approx(0.9, abs=4.0 * 0.09 / np.sqrt(count))
    wide = NudgeConductance(1.0, 1.0, 3).factors(count)
    assert wide.min() == 0.0
    # A normal number is below -1 for 15.87 % of all.
    share = np.count_nonzero(wide == 0.0) / count
    assert share == pytest.approx(0.1587, abs=4.0 * np.sqrt(0.1587 * 0.8413 / count))


def test_a_chip_s_conductances_are_drawn_apart_from_its_targets_and_from_another_chip_s():
    source = NudgeSource(gain_spread=0.1, seed=3, conductance_spread=0.1)
    own = source.conductance.factors(4000)
    assert np.array_equal(own, NudgeConductance(1.0, 0.1, 3).factors(4000))
    targets = source.to_volts(np.ones((1, 4000)), 1.0, "targets")[0]
    for other in (targets, NudgeConductance(1.0, 0.1, 4).factors(4000)):
        assert abs(np.corrcoef(own, other)[0, 1]) < 0.065  # four times 1 / sqrt(4,000)


def test_nothing_is_wrong_by_default():
    assert NudgeConductance().nominal
    assert NudgeSource(8, gain=0.9).conductance.nominal
    assert NudgeConductance().factors(3).tolist() == [1.0, 1.0, 1.0]
    assert not NudgeConductance(0.9).nominal
    assert not NudgeConductance(conductance_spread=0.1).nominal


@pytest.mark.parametrize("made", [NudgeConductance, NudgeSource])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"conductance_gain": 0.0}, "conductance_gain: 0.0 is not above zero"),
        ({"conductance_spread": -0.1}, "conductance_spread: -0.1 is below zero"),
        ({"seed": -1}, "seed: -1 is outside the range 0 or more"),
    ],
)
def test_what_no_nudge_can_be_is_refused(made, wrong, said):
    with pytest.raises(TechnologyError, match=re.escape(said)):
        made(**wrong)


HOPFIELD = Network.layered((4, 6, 3))
THETA = glorot_uniform(HOPFIELD, np.random.default_rng(1), scale=0.2)
THETA.biases[:] = np.random.default_rng(2).uniform(0.3, 0.5, HOPFIELD.n_nodes)  # so that no node is near a rail
X, Y = np.random.default_rng(3).random((2, 4)), np.random.default_rng(4).random((2, 3))


def hopfield_gradient(nudge, schedule, targets):
    with engine("native", accuracy="tight").open(Circuit(HOPFIELD, Technology(nudge=nudge))) as session:
        chip = Controller(session, schedule)
        chip.program(THETA)
        pair = chip.run(X, targets)
    found = contrastive_gradient(HOPFIELD, pair.inputs, pair.first, pair.second, pair.span)
    return np.r_[found.weights, found.biases], pair.free[:, HOPFIELD.outputs]


def alone(output, free, targets):
    """Targets of which one output alone is asked for anything."""
    asked = free.copy()
    asked[:, output] = targets[:, output]
    return asked


def test_each_output_s_share_of_the_gradient_comes_with_the_factor_of_its_nudge():
    weak = Schedule(0.5, "small-signal", free_time=None)
    flawed = NudgeSource(conductance_gain=0.9, conductance_spread=0.3, seed=5)
    _, free = hopfield_gradient(NudgeSource(), weak, Y)
    shares = np.array([hopfield_gradient(NudgeSource(), weak, alone(j, free, Y))[0] for j in range(3)])
    factors = flawed.conductance.factors(3)
    expected = factors @ shares
    found, _ = hopfield_gradient(flawed, weak, Y)
    # Linear in the targets: what is left is rounding, and the free state's tolerance of 1e-9.
    assert found == pytest.approx(expected, abs=1e-7 * np.abs(expected).max())
    assert np.linalg.norm(expected - shares.sum(axis=0)) > 0.05 * np.linalg.norm(expected)
    errors = []
    for beta in (0.1, 0.05, 0.025):
        centred = Schedule(beta, "centred", free_time=None, nudged_time=None)
        errors.append(np.abs(hopfield_gradient(flawed, centred, Y)[0] - expected).max())
    # Nudges of finite size err by O(beta²) from this gradient, not from the ideal chip's.
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.1)


RESISTIVE = Network.layered((3, 5, 3))


def resistive_gradient(nudge, rule, targets):
    technology = ResistiveTechnology(device=DoubleShockley(1e-3, 0.2, 0.3), nudge=nudge)
    circuit, rng = ResistiveCircuit(RESISTIVE, technology), np.random.default_rng(6)
    held = circuit.program(rng.uniform(0.1, 1.0, circuit.wiring.n_edges), rng.normal(0.0, 0.1, RESISTIVE.n_nodes))
    inputs = np.random.default_rng(7).normal(size=(2, 3))
    with engine("native").open(circuit) as session:
        session.program(held)
        pair = run_pair(session, rule, inputs, targets)
    gains = StageGains(circuit.voltage_gains, circuit.stages.factors)
    found = co_content_gradient(circuit.wiring, pair.sources, pair.first, pair.second, pair.span, gains)
    return np.r_[found.g, found.bias_currents], pair.free[:, RESISTIVE.outputs]


@pytest.mark.parametrize("by", ["conductance", "current"])
def test_the_resistive_family_s_conductances_and_currents_weigh_outputs_alike(by):
    rule = EquilibriumPropagation(1e-3, "centred", by)
    targets = np.random.default_rng(8).random((2, 3))
    _, free = resistive_gradient(NudgeConductance(), rule, targets)
    shares = np.array([resistive_gradient(NudgeConductance(), rule, alone(j, free, targets))[0] for j in range(3)])
    expected = FLAWED.factors(3) @ shares
    found, _ = resistive_gradient(FLAWED, rule, targets)
    # Nudges of 1e-3 S beside conductances of some tenths of S: the centred estimate is off by the square of their
    # ratio, some 1e-5, and by the tolerance of 1e-12 over 1e-3.
    assert found == pytest.approx(expected, abs=5e-5 * np.abs(expected).max())
    assert np.linalg.norm(expected - shares.sum(axis=0)) > 0.05 * np.linalg.norm(expected)


def test_a_converter_alone_is_no_nudge():
    with pytest.raises(TechnologyError, match="is no NudgeSource; give one"):
        Technology(nudge=Converter())
    with pytest.raises(TechnologyError, match="is no NudgeConductance; give one"):
        ResistiveTechnology(nudge=NudgeSource())
