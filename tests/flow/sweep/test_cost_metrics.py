"""Costs as metrics of a study: those of `analogeq.flow.cost`, or what to state so that they are."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import compile_circuit
from analogeq.data import load
from analogeq.errors import InputError
from analogeq.flow.cost import Priced, costs
from analogeq.flow.families import Settler, first_weights
from analogeq.flow.sweep.metrics import METRICS, Outcome
from analogeq.hardware import ResistiveTechnology, Technology
from analogeq.hardware.cost_figures import ResistiveCost
from analogeq.network import Network
from analogeq.training import ResistiveTrainingConfig, TrainingConfig


def outcome(technology: Technology | ResistiveTechnology) -> Outcome:
    circuit = compile_circuit(Network.layered((4, 5, 3)), technology)
    held, copy = first_weights(circuit, 0)
    hopfield = isinstance(technology, Technology)
    config = TrainingConfig(rates=(0.1, 0.05)) if hopfield else ResistiveTrainingConfig(rates=(0.03, 0.1))
    return Outcome(circuit, config, held, copy, (), load("iris"), Settler(), 4)


def test_costs_of_a_chip_are_those_of_its_rows() -> None:
    point = outcome(Technology())
    rest = point.parameters, point.copy, point.inputs, point.targets
    rows = {row.what: row.value for row in costs(Priced(point.circuit, point.config, *rest))}
    whole = "energy of an inference, converters and start included"
    named = {"inference_energy": whole, "sample_energy": "energy of a training sample", "area": "area"}
    for metric, row in {**named, "update_pulses": "pulses of an update"}.items():
        assert METRICS[metric].measure(point) == rows[row]


def test_energy_of_a_resistive_chip_is_its_power_for_the_stated_time_or_asks_for_it() -> None:
    technology = ResistiveTechnology(conductance_high=1e-4)
    with pytest.raises(InputError, match=r"inference_energy: not stated.*\[cost\] table \(phase_time"):
        METRICS["inference_energy"].measure(outcome(technology))
    short, long = (
        METRICS["sample_energy"].measure(outcome(replace(technology, cost=ResistiveCost(phase_time=seconds))))
        for seconds in (1e-6, 3e-6)
    )
    assert long == pytest.approx(3.0 * short, rel=1e-12)
    assert short > 0.0
    assert np.isfinite(METRICS["area"].measure(outcome(technology)))
