"""Pulses of an update: by the pulse model of real devices, by writes of ideal ones."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import compile_circuit
from analogeq.flow.cost import Priced
from analogeq.flow.cost.updates import update_costs, update_of, wanted_after
from analogeq.flow.families import first_weights
from analogeq.hardware import Converter, Technology
from analogeq.hardware.cost_figures import HopfieldCost
from analogeq.hardware.memory import Branch, Memory, Noise, Programming, Pulses
from analogeq.network import Network, Parameters
from analogeq.training import TrainingConfig

NETWORK = Network.layered((2, 2))
PULSED = HopfieldCost(pulse_voltage=2.0, pulse_width=10e-9)
ONCE = Memory(programming=Programming(Noise(absolute=1e-30)))
"""Not ideal by description, exact in effect: each device that moves is written once."""
LINEAR = Memory(pulses=Pulses(Branch(100.0), Branch(100.0)), rounding="nearest")


def test_linear_devices_take_as_many_pulses_as_the_step_has_hundredths_of_the_range() -> None:
    circuit = compile_circuit(NETWORK, Technology(memory=LINEAR))
    before = Parameters(np.zeros(4), np.zeros(2))
    wanted = Parameters(np.array([0.03, -0.05, 0.0, 0.0]) * circuit.technology.weight_limit, np.zeros(2))
    assert update_of(circuit, before, wanted).pulses.sum() == 3 + 5


def test_a_weight_that_changes_its_sign_moves_both_devices_of_its_pair() -> None:
    circuit = compile_circuit(NETWORK, Technology())
    before = Parameters(np.array([0.1, 0.1, 0.1, 0.1]), np.zeros(2))
    wanted = replace(before, weights=np.array([-0.1, 0.2, 0.1, 0.1]))
    assert update_of(circuit, before, wanted).pulses.sum() == 2 + 1


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
    assert update_of(circuit, held, held).pulses.sum() == 0


@pytest.mark.parametrize(("mapping", "devices"), [("differential", 2), ("offset-column", 1)])
@pytest.mark.parametrize("memory", [Memory(), LINEAR])
def test_the_second_array_of_mirrored_couplings_takes_its_pulses_too(
    mapping: str, devices: int, memory: Memory
) -> None:
    """Of 2-3-1, the 6 weights of the first layer stand once, the 3 couplings twice, and so do their pulses."""
    network = Network.layered((2, 3, 1))
    shared, mirrored = (
        compile_circuit(network, Technology(arrays=arrays, mapping=mapping, memory=memory))
        for arrays in ("shared", "mirrored")
    )
    before = Parameters(np.zeros(9), np.zeros(4))
    hundredth = 0.01 * shared.technology.weight_limit * (2 if mapping == "offset-column" else 1)
    wanted = replace(before, weights=hundredth * np.r_[np.full(6, 2.0), np.full(3, 5.0)])
    one, two = update_of(shared, before, wanted), update_of(mirrored, before, wanted)
    first, couplings = (6, 3) if memory.ideal else (6 * 2, 3 * 5)
    assert one.pulses.sum() == first + couplings
    assert two.pulses.sum() == first + 2 * couplings
    assert len(two.pulses) == len(one.pulses) + 3 * devices


@pytest.mark.parametrize("memory", [Memory(), ONCE])
def test_a_pulse_of_the_second_array_meets_the_conductance_that_the_mirror_makes_of_the_first(memory: Memory) -> None:
    network = Network.layered((1, 1, 1))
    tech = Technology(arrays="mirrored", mirror_mismatch=0.2, mirror_seed=3, memory=memory, temperature=77.0,
                      device_temperature_coefficient=1e-3)  # fmt: skip
    circuit = compile_circuit(network, tech)
    before = Parameters(np.array([0.0, 0.5]), np.zeros(2))
    wanted = Parameters(np.array([0.0, 0.7]), np.zeros(2))
    factor = circuit.backward(np.ones(2))[1]
    assert factor != 1.0
    excess, low = 0.6 * tech.unit_conductance / tech.sense_gain, tech.conductance_low
    second = low + factor * excess if memory.ideal else factor * (low + excess)  # what is copied, weight or device
    expected = 2.0**2 * 10e-9 * 1.05 * (low + excess + second)  # warmer by 50 K, a twentieth more
    update = update_of(circuit, before, wanted)
    assert update.pulses.sum() == 2
    assert update.writing_energy(PULSED) == pytest.approx(expected, rel=1e-12)


def test_a_second_array_beside_reference_lines_meets_what_its_mirror_holds() -> None:
    network = Network.layered((1, 1, 1))
    tech = Technology(arrays="mirrored", mirror_mismatch=0.2, mirror_seed=3, mapping="offset-column")
    circuit = compile_circuit(network, tech)
    before = Parameters(np.array([0.0, 0.1]), np.zeros(2))
    wanted = Parameters(np.array([0.0, 0.2]), np.zeros(2))
    held = [circuit.program(one) for one in (before, wanted)]
    met = [0.5 * sum(one.pairs(which)[0][1] for one in held) for which in ("weights", "backward")]
    assert met[0] != met[1]
    assert update_of(circuit, before, wanted).writing_energy(PULSED) == pytest.approx(
        2.0**2 * 10e-9 * sum(met), rel=1e-12
    )


@pytest.mark.parametrize("memory", [Memory(), LINEAR])
def test_the_second_array_against_references_conducts_what_its_reference_and_the_mirror_leave(memory: Memory) -> None:
    network = Network.layered((1, 1, 1))
    tech = Technology(
        mapping="offset-column", arrays="mirrored", mirror_mismatch=0.2, mirror_seed=3, memory=memory, cost=PULSED
    )
    circuit = compile_circuit(network, tech)
    before = Parameters(np.array([0.0, 0.5]), np.zeros(2))
    wanted = Parameters(np.array([0.0, 1.5]), np.zeros(2))
    off = circuit.backward(np.ones(2))[1]
    update = update_of(circuit, before, wanted)
    middle, excess = 0.5 * (tech.conductance_low + tech.conductance_high), 1.0 * tech.unit_conductance
    assert len(update.pulses) == len(update.siemens) == 2 + 2 + 1 + 1 + 1 + 1 + 1  # weights, biases, lines, the mirror
    # Pulses move in hundredths of the range, 1 uS: the mean is known to half of that.
    assert update.siemens[-1] == pytest.approx(middle + off * excess, abs=0.6e-6)
    assert update.siemens[1] == pytest.approx(middle + excess, abs=0.6e-6)
    assert abs(off - 1.0) * excess > 1.2e-6


@pytest.mark.parametrize("memory", [Memory(), LINEAR])
def test_references_are_as_warm_as_the_devices_that_are_read_against_them(memory: Memory) -> None:
    tech = Technology(
        mapping="offset-column", device_temperature_coefficient=1e-3, temperature=127.0, memory=memory, cost=PULSED
    )
    nothing = Parameters(np.zeros(4), np.zeros(2))
    siemens = update_of(compile_circuit(NETWORK, tech), nothing, nothing).siemens
    assert siemens == pytest.approx(1.1 * 0.5 * (tech.conductance_low + tech.conductance_high), rel=1e-12)


def test_an_affine_chip_moves_the_devices_that_weights_move_and_no_reference() -> None:
    for memory in (Memory(), LINEAR):
        circuit = compile_circuit(NETWORK, Technology(mapping="affine", affine_headroom=2.0, memory=memory))
        before = Parameters(np.array([-0.5, 0.1, 0.2, 1.0]), np.zeros(2))
        wanted = replace(before, weights=np.array([-0.5, 0.1, 0.2, 1.6]))
        pulses = update_of(circuit, before, wanted).pulses
        # 0.6 of the 3.0 between twice -0.5 and twice 1.0 are a fifth of the range: 20 hundredths, or one write.
        assert pulses.tolist() == [0, 0, 0, 1 if memory.ideal else 20, *(len(pulses) - 4) * [0]]


def test_pulses_meet_what_the_devices_hold_on_the_way() -> None:
    """Of a linear device, 5 pulses from one conductance to another meet their mean."""
    circuit = compile_circuit(NETWORK, Technology(memory=LINEAR, cost=PULSED))
    low, high = circuit.technology.conductance_low, circuit.technology.conductance_high
    wanted = Parameters(np.array([0.05, 0.0, 0.0, 0.0]) * circuit.technology.weight_limit, np.zeros(2))
    update = update_of(circuit, Parameters(np.zeros(4), np.zeros(2)), wanted)
    expected = 5 * 2.0**2 * 10e-9 * (low + 0.025 * (high - low))
    assert update.writing_energy(PULSED) == pytest.approx(expected, rel=1e-9)


def test_verified_updates_read_every_device_that_moves_once_more_than_they_try_and_pay_for_it() -> None:
    verified = Memory(programming=Programming(Noise(of_range=0.02), budget=50, tolerance=0.02))
    cost = HopfieldCost(pulse_energy=1e-12, adc_energy_per_step=20e-15)
    circuit = compile_circuit(NETWORK, Technology(memory=verified, cost=cost, adc=Converter(bits=12)))
    held, copy = first_weights(circuit, 0)
    wanted = replace(held, weights=held.weights + 0.1 * circuit.technology.weight_limit)
    update = update_of(circuit, held, wanted)
    moved = update.pulses > 0
    assert np.array_equal(update.reads[moved], update.pulses[moved] + 1)
    assert update.reads.sum() >= moved.sum() > 0
    inputs, targets = np.full((3, 2), 0.5), np.full((3, 2), 0.3)
    found = {
        row.what: row
        for row in update_costs(Priced(circuit, TrainingConfig(rates=(0.1,)), held, copy, inputs, targets))
    }
    pulses, reads = (found[f"{what} of an update"].value for what in ("pulses", "reads"))
    assert reads > 0
    assert found["energy of an update"].value == pytest.approx(1e-12 * pulses + 4096 * 20e-15 * reads, rel=1e-12)


def test_the_energy_of_an_update_says_what_it_lacks() -> None:
    circuit = compile_circuit(NETWORK, Technology(cost=HopfieldCost(pulse_voltage=2.0)))
    held, copy = first_weights(circuit, 0)
    inputs, targets = np.full((3, 2), 0.5), np.full((3, 2), 0.3)
    rows = update_costs(Priced(circuit, TrainingConfig(rates=(0.1,)), held, copy, inputs, targets))
    energy = next(row for row in rows if row.what == "energy of an update")
    assert energy.value is None
    assert "not counted: Σ pulse_voltage² G pulse_width" in energy.assumptions
