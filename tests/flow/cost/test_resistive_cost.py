"""Costs of a resistive chip against a divider, and what is not stated without a time."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.flow.cost import CostRow, Priced, costs
from analogeq.flow.families import first_weights
from analogeq.hardware import Wires
from analogeq.hardware.cost_figures import ResistiveCost
from analogeq.hardware.resistive import NoDevice, ResistiveTechnology
from analogeq.network import Network, Parameters
from analogeq.training import ResistiveTrainingConfig

TECH = ResistiveTechnology(inputs="single", device=NoDevice(), bias_currents="none")
CONFIG = ResistiveTrainingConfig(rates=(0.1, 0.1), sides="positive", beta=4.0)


def rows(technology: ResistiveTechnology = TECH) -> dict[str, CostRow]:
    """1 V behind 2 S onto a hidden node, 2 S from there to the output; nudged by 4 S to 0 V."""
    circuit = ResistiveCircuit(Network.layered((1, 1, 1)), technology)
    _, copy = first_weights(circuit, 0)
    held = Parameters(np.full(2, 2.0), np.zeros(2))
    found = costs(Priced(circuit, CONFIG, held, copy, np.ones((1, 1)), np.zeros((1, 1))))
    return {row.what: row for row in found}


def test_static_power_is_that_of_the_divider() -> None:
    found = rows()
    # Free, no current flows anywhere: all nodes stand at 1 V.
    assert found["power of a free phase, an inference"].value == pytest.approx(0.0, abs=1e-12)
    # Nudged, 0.8 A from 1 V through 1/2 + 1/2 + 1/4 Ohm.
    assert found["power of a nudged phase"].value == pytest.approx(0.8, rel=1e-9)


def test_heat_of_wires_is_a_row_of_its_own_where_they_resist() -> None:
    found = rows(replace(TECH, wires=Wires(0.125, 0.125)))
    # Nudged, 1 V drives a current through 1/2 + 1/2 + 1/4 Ohm and four segments of 1/8 Ohm.
    assert found["power of a nudged phase"].value == pytest.approx(1.0 / 1.75, rel=1e-9)
    assert found["of the free phase, heat of the wires"].value == pytest.approx(0.0, abs=1e-12)
    assert "wires" in found["power of a free phase, an inference"].formula
    assert "of the free phase, heat of the wires" not in rows()


def test_energy_needs_a_stated_time() -> None:
    silent = rows()
    assert silent["energy of a training sample"].value is None
    assert silent["energy of a free phase, an inference"].value is None
    assert "not counted: free phase" in silent["energy of an inference, converters included"].assumptions
    stated = rows(replace(TECH, cost=ResistiveCost(phase_time=1e-6)))
    assert stated["energy of a training sample"].value == pytest.approx(0.8e-6, rel=1e-9)


def test_devices_and_converters_are_counted() -> None:
    found = rows()
    assert found["devices"].value == 2
    step = 20e-15 * 256
    assert found["converters, an inference"].value == pytest.approx(step * 2, rel=1e-12)
    # One source and one target out; two nodes in at the end of two phases.
    assert found["converters, a training sample"].value == pytest.approx(step * (2 + 4), rel=1e-12)
    # Both drops change between the phases, so both conductances are written.
    assert found["pulses of an update"].value == 2


def test_every_row_says_its_formula_and_what_it_takes_as_given() -> None:
    assert all(row.formula and row.assumptions for row in rows().values())
