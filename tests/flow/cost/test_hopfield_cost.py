"""Costs against closed forms: one neuron that charges, and a count by hand."""

import numpy as np
import pytest

from analogeq.circuit import compile_circuit
from analogeq.controller import Schedule
from analogeq.digital import FeedforwardCopy
from analogeq.flow.cost import CostRow, Priced, costs
from analogeq.hardware import Converter, Technology
from analogeq.hardware.cost_figures import HopfieldCost
from analogeq.network import Network, Parameters
from analogeq.training import TrainingConfig

W = 0.5


def rows(
    arrays: str = "shared",
    layers: tuple[int, ...] = (1, 1),
    cost: HopfieldCost | None = None,
    *,
    initialise: bool = False,
    nudging: str = "one-sided",
    mapping: str = "differential",
) -> dict[str, CostRow]:
    """One input at the rail, one neuron that it pulls to W of the rail, from zero."""
    network = Network.layered(layers)
    tech = Technology(arrays=arrays, mapping=mapping, cost=cost or HopfieldCost(), adc=Converter(bits=6))
    own = Parameters(np.full(network.n_edges, W), np.zeros(network.n_nodes))
    config = TrainingConfig(
        rates=(0.1,) * len(network.layers), initialise=initialise, schedule=Schedule(0.5, nudging, 0.0, 10.0, 2.0)
    )
    inputs, targets = np.ones((1, layers[0])), np.full((1, layers[-1]), W)
    found = costs(Priced(compile_circuit(network, tech), config, own, FeedforwardCopy(network, own), inputs, targets))
    return {row.what: row for row in found}


def test_energy_and_time_of_one_neuron_that_charges_are_the_closed_ones() -> None:
    tech, found = Technology(), rows()
    # v(t) = W V (1 - e^-t): within 1 % of the rail at t = ln(100 W).
    assert found["settling time"].value == pytest.approx(np.log(100.0 * W) * tech.time_constant, rel=1e-4)
    # The leak takes G0 ∫ v² dt = G0 (W V)² τ (T - 3/2) to e^-T; the pair takes (g+ + g-) V² T, and the bias line,
    # a pair at the low end, 2 g_low V² T.
    pair = W * tech.unit_conductance + 4.0 * tech.conductance_low
    span = 10.0 * tech.time_constant
    leak = tech.unit_conductance * W**2 * tech.time_constant * (10.0 - 1.5 + 2.0 * np.exp(-10.0))
    # The trapezoidal rule on 20 points a time constant: relative error of some 1e-4.
    assert found["energy of a free phase, an inference"].value == pytest.approx(leak + pair * span, rel=1e-3)
    # What bit lines carry is sunk into a supply as far below them as the inputs can be above.
    assert found["sense stages of a free phase, at least"].value == pytest.approx(pair * span, rel=1e-12)


def test_devices_are_counted_by_array() -> None:
    shared, mirrored = (rows(arrays, (3, 2, 2))["devices"].value for arrays in ("shared", "mirrored"))
    assert shared == 2 * (6 + 4 + 4)
    assert mirrored == 2 * (6 + 2 * 4 + 4)


def test_reference_devices_and_the_conveyors_of_columns_and_references_are_counted_and_have_an_area() -> None:
    cost = HopfieldCost(cell_area=1e-14, amplifier_area=1e-11, adc_area=0.0, dac_area=0.0, clamp_area=0.0)
    for arrays, second in (("shared", 0), ("mirrored", 4)):
        found = rows(arrays, (3, 2, 2), cost, mapping="offset-column")
        # Word lines: inputs 3, couplings 2 and 2, biases 1; each ends in one device more.
        devices = 6 + 4 + second + 4 + (3 + 2 + 2 + 1)
        # Columns: 2 from the inputs, 2 forward, 2 backward, 4 of biases; 4 references, 4 followers.
        amplifiers = (2 + 2 + 2 + 4) + 4 + 4
        assert found["devices"].value == devices
        assert found["amplifiers"].value == amplifiers
        capacitors = 4 * Technology().node_capacitance / 1.5e-3
        assert found["area"].value == pytest.approx(devices * 1e-14 + amplifiers * 1e-11 + capacitors, rel=1e-12)
    assert rows(layers=(3, 2, 2))["amplifiers"].value == 2 * 4


def test_the_energy_of_a_free_phase_counts_what_references_dissipate() -> None:
    tech, found = Technology(), rows(mapping="offset-column")
    span, middle = 10.0 * tech.time_constant, 0.5 * (tech.conductance_low + tech.conductance_high)
    # A weight's device and its reference on the input's line; a bias of zero and its reference on the rail's.
    line = (middle + W * tech.unit_conductance) + middle + 2.0 * middle
    assert found["sense stages of a free phase, at least"].value == pytest.approx(line * span, rel=1e-12)


def test_the_copys_work_is_one_multiplication_a_weight() -> None:
    found = rows(layers=(3, 2, 2))
    assert found["multiply-accumulates of the copy"].value == 10
    assert found["the copy in 32-bit floating point"].value == pytest.approx(46e-12, rel=1e-12)


def test_every_row_says_its_formula_and_what_it_takes_as_given() -> None:
    assert all(row.formula and row.assumptions for row in rows().values())


def test_converters_count_inputs_prediction_and_targets_out_and_nodes_in() -> None:
    step, found = 20e-15, rows(layers=(3, 2, 2))
    # Ideal DACs count as 8 bits; this chip's ADCs have 6.
    assert found["converters, an inference"].value == pytest.approx(step * (3 * 256 + 2 * 64), rel=1e-12)
    assert found["converters, a training sample"].value == pytest.approx(step * (5 * 256 + 8 * 64), rel=1e-12)
    started = rows(layers=(3, 2, 2), initialise=True, nudging="centred")
    assert started["converters, an inference"].value == pytest.approx(step * (7 * 256 + 2 * 64), rel=1e-12)
    assert started["converters, a training sample"].value == pytest.approx(step * (9 * 256 + 12 * 64), rel=1e-12)


def test_an_inference_that_the_copy_starts_pays_for_the_copy() -> None:
    found = rows(layers=(3, 2, 2), initialise=True)
    whole = found["energy of an inference, converters and start included"].value
    alone = found["energy of a free phase, an inference"].value + found["converters, an inference"].value
    copy = found["the copy in 32-bit floating point"].value + found["reading the copy's weights, 32 bits"].value
    assert whole == pytest.approx(alone + copy, rel=1e-12)


def test_amplifiers_count_once_their_supply_is_stated() -> None:
    silent, stated = rows(), rows(cost=HopfieldCost(amplifier_power=10e-6))
    what = "energy of an inference, converters and start included"
    assert silent["amplifiers, an inference"].value is None
    assert "not counted: amplifiers" in silent[what].assumptions
    supply = 2 * 10e-6 * 10.0 * Technology().time_constant  # two to a neuron, for the free phase
    assert stated["amplifiers, an inference"].value == pytest.approx(supply, rel=1e-12)
    assert stated[what].value - silent[what].value == pytest.approx(supply, rel=1e-9)
    assert stated[what].assumptions == "all parts are stated"


def test_an_ideal_chip_writes_once_each_device_that_an_update_moves() -> None:
    moved = rows(layers=(1, 1, 1), cost=HopfieldCost(pulse_energy=1e-12, pulse_time=1e-7))
    # The hidden neuron settles above W and the output below it: both weights and both biases move, each in one device.
    assert moved["pulses of an update"].value == 4
    assert moved["energy of an update"].value == pytest.approx(4e-12, rel=1e-12)
    assert moved["time of an update"].value == pytest.approx(4e-7, rel=1e-12)


def test_area_is_the_sum_of_what_is_stated_and_names_the_rest() -> None:
    cost = HopfieldCost(cell_area=1e-14, adc_area=None, amplifier_area=0.0)
    area = rows(cost=cost)["area"]
    tech = Technology()
    # Two pairs, one capacitor, and DACs of input, node and target.
    expected = 4 * 1e-14 + tech.node_capacitance / 1.5e-3 + 3 * 1.5e-9
    assert area.value == pytest.approx(expected, rel=1e-12)
    assert "1 clamps, 1 ADCs" in area.assumptions
