from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import compile_circuit
from analogeq.flow.families import remark
from analogeq.hardware import Technology
from analogeq.hardware.memory import (
    PRESETS,
    Branch,
    DeviceArray,
    Drift,
    Faults,
    Levels,
    Memory,
    Noise,
    Programming,
    Pulses,
    remarks,
)
from analogeq.network import Network

LOW, HIGH = 1e-6, 101e-6


@pytest.mark.parametrize(
    ("memory", "said"),
    [
        (Memory(programming=Programming(Noise(of_range=0.3))), "a write in the middle of the range misses by 30 %"),
        (Memory(read_noise=Noise(of_value=1.0)), "a read in the middle of the range misses by 51 %"),
        (Memory(levels=Levels(2)), "two levels are one bit"),
        (Memory(pulses=Pulses(Branch(3.0), Branch(100.0))), "one pulse goes 33 % of the range"),
        (Memory(faults=Faults(0.2, 0.2, 0.2)), "60 % of the devices are stuck"),
        (
            Memory(levels=Levels(256), programming=Programming(Noise(of_range=0.01), 5, 0.005)),
            "content within 0.5 % of the range, and levels are 0.39 % apart, so an update by one level moves nothing",
        ),
        (Memory(drift=Drift(exponent=0.1, start=1.0), read_after=1e8), "16 % of a conductance is left"),
    ],
)
def test_what_is_hopeless_is_said_with_its_number(memory, said):
    [sentence] = remarks(memory, LOW, HIGH)
    assert said in sentence


def test_a_range_of_one_is_all_there_is_to_say():
    memory = Memory(levels=Levels(2), programming=Programming(Noise(of_value=1.0)))
    assert len(remarks(memory, LOW, HIGH)) == 2
    [sentence] = remarks(memory, LOW, LOW)
    assert "the range is the one value 1e-06 S" in sentence


def test_verified_writes_and_published_devices_are_not_hopeless():
    noisy = Memory(programming=Programming(Noise(of_range=0.3)))
    verified = replace(noisy, programming=replace(noisy.programming, budget=50, tolerance=0.02))
    assert remarks(verified, LOW, HIGH) == ()
    assert remarks(Memory(), LOW, LOW) == ()
    assert all(remarks(preset.memory, LOW, HIGH) == () for preset in PRESETS.values())


def test_a_circuit_is_remarked_on_with_what_its_memory_lacks():
    technology = Technology(memory=Memory(levels=Levels(2), faults=Faults(stuck_open=0.5)))
    said = remark(compile_circuit(Network.layered((2, 2)), technology))
    assert said.count("\n") == 1
    assert "one bit" in said


def test_a_range_that_stores_no_weights_worth_having_is_remarked_on():
    network = Network.layered((64, 30, 10))  # drawn from up to sqrt(6 / 40) = 0.39
    narrow = Technology(conductance_low=99e-6, conductance_high=100e-6)
    assert remark(compile_circuit(network, narrow)) == (
        "crossbar: the range of the devices reaches weights of ±0.1, and learning starts from up to ±0.39; widen the "
        "range, or raise sense_gain"
    )
    assert remark(compile_circuit(network, replace(narrow, sense_gain=2.0))) == ""


@pytest.mark.parametrize(("tolerance", "moved"), [(0.005, False), (0.001, True)])
def test_an_update_by_one_level_moves_a_device_where_nothing_is_said_of_the_tolerance(tolerance, moved):
    memory = Memory(levels=Levels(256), programming=Programming(budget=5, tolerance=tolerance))
    devices = DeviceArray(memory, LOW, HIGH, 1)
    devices.write(np.array([LOW]))
    devices.update(np.array([(HIGH - LOW) / 255]))
    assert (devices.held()[0] > LOW) == moved == (remarks(memory, LOW, HIGH) == ())
