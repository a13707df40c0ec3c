"""Whole epochs of the resistive family: compiled and step by step, resumed, in other rules."""

import numpy as np
import pytest

from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.data import load
from analogeq.errors import CheckpointError, InputError
from analogeq.flow.resistive_training import CompiledEpochs, background_of, epochs_of, trainer_of
from analogeq.hardware import NudgeConductance
from analogeq.hardware.resistive import Amplifier, DoubleShockley, ResistiveTechnology
from analogeq.learning.conductance_descent import ConductanceRates, half_kaiming
from analogeq.learning.costs import SoftmaxCrossEntropy
from analogeq.learning.rules import CoupledLearning, EquilibriumPropagation
from analogeq.network import Network
from analogeq.training.resistive import ResistiveSchedule, ResistiveState, load_state


@pytest.fixture(scope="module")
def digits():
    return load("digits")


def setting(rule, hidden=(20,), outputs=10, sweeps=4, rates=0.02, batch=4, read="single", **technology):
    technology = {"input_gain": 20.0, "outputs": read, **technology}
    circuit = ResistiveCircuit(Network.layered((64, *hidden, outputs)), ResistiveTechnology(**technology))
    n_layers = len(hidden) + 1
    schedule = ResistiveSchedule(batch, ConductanceRates((rates,) * n_layers, (rates,) * n_layers), 0.99, sweeps, 3)
    return trainer_of(circuit, rule, schedule), fresh(circuit)


def fresh(circuit, dtype=np.float64):
    g = half_kaiming(circuit.wiring, np.random.default_rng(0), low=circuit.technology.conductance_low, dtype=dtype)
    return ResistiveState(g, np.zeros(circuit.network.n_nodes, dtype=dtype))


IDEAL = {"outputs": 10}
PAIRS = {"outputs": 20, "read": "pairs", "device": DoubleShockley(), "conductance_low": 1e-7, "input_gain": 50.0}


def test_an_epoch_is_compiled_only_where_outputs_are_nudged_as_asked():
    pytest.importorskip("numba")
    assert isinstance(epochs_of(setting(EquilibriumPropagation(0.2))[0]), CompiledEpochs)
    flawed = setting(EquilibriumPropagation(0.2), nudge=NudgeConductance(conductance_spread=0.1))[0]
    assert epochs_of(flawed) is flawed


@pytest.mark.parametrize("hidden", [(20,), (12, 14)])
@pytest.mark.parametrize(
    ("rule", "technology", "offset"),
    [
        (EquilibriumPropagation(0.2), IDEAL, 0.0),
        (EquilibriumPropagation(0.2), IDEAL, 0.13),
        (EquilibriumPropagation(0.2, by="current"), IDEAL, 0.0),
        (EquilibriumPropagation(0.05, by="current", cost=SoftmaxCrossEntropy(0.5)), IDEAL, 0.0),
        (EquilibriumPropagation(0.2), {**PAIRS, "read": "single", "outputs": 10}, 0.13),
        (EquilibriumPropagation(0.05, by="current", pairs=True), PAIRS, 0.13),
        (EquilibriumPropagation(0.05, by="current", cost=SoftmaxCrossEntropy(), pairs=True), PAIRS, 0.13),
    ],
)
def test_the_compiled_epoch_takes_the_steps_of_the_trainer(digits, hidden, rule, technology, offset):
    pytest.importorskip("numba")
    trainer, state = setting(rule, hidden, **technology)
    fast = epochs_of(trainer)
    assert isinstance(fast, CompiledEpochs)
    x, y = digits.x_train[:61].astype(np.float64) - offset, digits.targets(digits.y_train[:61]).astype(np.float64)
    other = fresh(trainer.session.circuit)
    one, two = trainer.epoch(state, x, y), fast.epoch(other, x, y)
    assert one.epoch == two.epoch == 1
    moved = np.abs(one.g - fresh(trainer.session.circuit).g).max()
    assert moved > 1e-3
    assert two.g == pytest.approx(one.g, abs=1e-9 * moved + 1e-12)  # rounding, grown over sixteen steps
    assert two.bias_currents == pytest.approx(one.bias_currents, abs=1e-10)


def test_single_precision_follows_double_through_an_epoch(digits):
    pytest.importorskip("numba")
    rule = EquilibriumPropagation(0.05, by="current", cost=SoftmaxCrossEntropy(), pairs=True)
    trainer, state = setting(rule, **PAIRS)
    x, y = digits.x_train[:320].astype(np.float64) - 0.13, digits.targets(digits.y_train[:320]).astype(np.float64)
    single = fresh(trainer.session.circuit, np.float32)
    epochs_of(trainer).epoch(state, x, y)
    epochs_of(trainer).epoch(single, x.astype(np.float32), y.astype(np.float32))
    moved = np.abs(state.g - fresh(trainer.session.circuit).g)
    # A nudge moves a hidden node by some 1e-3 V, which is rounded at 1e-7 V: the largest of 3,000 edges, over 80 steps.
    assert np.abs(single.g - state.g).max() < 5e-3 * moved.max()


def test_a_device_too_weak_for_single_precision_is_left_to_the_trainer():
    pytest.importorskip("numba")
    rule = EquilibriumPropagation(0.05, by="current")
    trainer, _ = setting(rule, device=DoubleShockley(1e-6, 0.01, 1.0), outputs=10)
    assert epochs_of(trainer) is trainer


def test_the_background_is_what_most_inputs_have():
    assert background_of(np.array([[0.5, -0.1, -0.1], [-0.1, 0.2, 0.5]])) == -0.1


@pytest.mark.parametrize(
    "rule",
    [
        EquilibriumPropagation(0.5),
        EquilibriumPropagation(0.2, "random-sign"),
        CoupledLearning(0.1),
        EquilibriumPropagation(0.2, by="current", cost=SoftmaxCrossEntropy(0.5)),
    ],
)
def test_every_rule_learns_digits(digits, rule):
    trainer, state = setting(rule)
    x, y = digits.x_train[:300].astype(np.float64), digits.targets(digits.y_train[:300]).astype(np.float64)
    before = trainer.error(state, x, digits.y_train[:300])
    for _ in range(2):
        state = trainer.epoch(state, x, y)
    after = trainer.error(state, x, digits.y_train[:300])
    assert before > 0.8
    assert after < 0.75  # two passes over 300 digits; chance is 0.9


def test_shockley_pairs_with_amplifiers_learn_by_settling(digits):
    rule = EquilibriumPropagation(0.05, by="current", cost=SoftmaxCrossEntropy(0.2), pairs=True)
    trainer, state = setting(
        rule, outputs=20, sweeps=None, batch=16, device=DoubleShockley(), amplifier=Amplifier(2.0, 0.5), read="pairs"
    )
    x, y = digits.x_train[:300].astype(np.float64), digits.targets(digits.y_train[:300]).astype(np.float64)
    before = trainer.error(state, x, digits.y_train[:300])
    for _ in range(2):
        state = trainer.epoch(state, x, y)
    assert trainer.error(state, x, digits.y_train[:300]) < before - 0.2


def test_a_run_goes_on_bit_for_bit_from_its_checkpoint(digits, tmp_path):
    x, y = digits.x_train[:40].astype(np.float64), digits.targets(digits.y_train[:40]).astype(np.float64)
    trainer, state = setting(EquilibriumPropagation(0.5))
    state = trainer.epoch(state, x, y)
    state.save(tmp_path / "run.npz", "this run")
    straight = trainer.epoch(state, x, y)
    resumed = trainer.epoch(load_state(tmp_path / "run.npz", "this run"), x, y)
    assert (resumed.g == straight.g).all()
    assert (resumed.bias_currents == straight.bias_currents).all()
    with pytest.raises(CheckpointError, match="another run"):
        load_state(tmp_path / "run.npz", "that run")
    (tmp_path / "run.npz").write_bytes(b"rubbish")
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        load_state(tmp_path / "run.npz", "this run")


def test_a_beta_too_strong_to_be_negative_is_refused_in_either_form(digits):
    x, y = digits.x_train[:8].astype(np.float64), digits.targets(digits.y_train[:8]).astype(np.float64)
    trainer, state = setting(EquilibriumPropagation(50.0))
    with pytest.raises(InputError, match="stays stable down to"):
        trainer.epoch(state, x, y)
    pytest.importorskip("numba")
    with pytest.raises(InputError, match="minibatch 0 of epoch 0"):
        epochs_of(trainer).epoch(fresh(trainer.session.circuit), x, y)
