"""Pulses of an update: by the pulse model of real devices, by writes of ideal ones."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import compile_circuit
from analogeq.flow.cost.updates import pulses_of, wanted_after
from analogeq.flow.families import first_weights
from analogeq.hardware import Technology
from analogeq.hardware.memory import Branch, Memory, Pulses
from analogeq.network import Network, Parameters
from analogeq.training import TrainingConfig

NETWORK = Network.layered((2, 2))
LINEAR = Memory(pulses=Pulses(Branch(100.0), Branch(100.0)), rounding="nearest")


def test_linear_devices_take_as_many_pulses_as_the_step_has_hundredths_of_the_range() -> None:
    circuit = compile_circuit(NETWORK, Technology(memory=LINEAR))
    before = Parameters(np.zeros(4), np.zeros(2))
    wanted = Parameters(np.array([0.03, -0.05, 0.0, 0.0]) * circuit.technology.weight_limit, np.zeros(2))
    assert pulses_of(circuit, before, wanted) == 3 + 5


def test_a_weight_that_changes_its_sign_moves_both_devices_of_its_pair() -> None:
    circuit = compile_circuit(NETWORK, Technology())
    before = Parameters(np.array([0.1, 0.1, 0.1, 0.1]), np.zeros(2))
    wanted = replace(before, weights=np.array([-0.1, 0.2, 0.1, 0.1]))
    assert pulses_of(circuit, before, wanted) == 2 + 1


def test_what_a_minibatch_asks_for_leaves_what_is_held_untouched() -> None:
    circuit = compile_circuit(NETWORK, Technology(memory=LINEAR))
    held, copy = first_weights(circuit, 0)
    kept = held.weights.copy(), copy.parameters.weights.copy()
    wanted = wanted_after(circuit, TrainingConfig(rates=(0.1,)), held, copy, np.full((3, 2), 0.5), np.full((3, 2), 0.3))
    assert np.array_equal(kept[0], held.weights)
    assert np.array_equal(kept[1], copy.parameters.weights)
    assert np.abs(wanted.weights - held.weights).max() > 0.0


@pytest.mark.parametrize("memory", [Memory(), LINEAR])
def test_nothing_wanted_is_nothing_written(memory: Memory) -> None:
    circuit = compile_circuit(NETWORK, Technology(memory=memory))
    held, _ = first_weights(circuit, 1)
    assert pulses_of(circuit, held, held) == 0
