"""Random circuits of every kind behind amplifiers with random limits: both engines settle and follow them alike."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analogeq.circuit import Circuit
from analogeq.engines.contract import Status
from analogeq.hardware import Technology
from analogeq.network import Parameters

sys.path.insert(0, str(Path(__file__).parents[2] / "sim"))
from circuit_cases import draw


def limited(technology: Technology, rng: np.random.Generator) -> Technology:
    """Some limits: poles from half of a neuron's own to thirty times it, swings and currents that are reached."""
    pole, reach = 0.5 / (np.pi * technology.time_constant), technology.unit_conductance * technology.rail
    drawn: dict[str, Any] = {
        "sense_bandwidth": pole * 10.0 ** rng.uniform(-0.3, 1.5),
        "follower_bandwidth": pole * 10.0 ** rng.uniform(-0.3, 1.5),
        "follower_high": technology.rail * rng.uniform(0.3, 0.9),
        "follower_low": technology.rail * rng.uniform(0.0, 0.25),
        "sense_current_limit": reach * 10.0 ** rng.uniform(-0.5, 1.0),
    }
    kept = rng.choice(list(drawn), size=rng.integers(1, 4), replace=False)
    return replace(technology, **{key: drawn[key] for key in kept})


@pytest.mark.ngspice
@pytest.mark.parametrize("first", range(0, 15, 5))
def test_engines_agree_on_random_circuits_behind_limited_amplifiers(opened_engines, first: int) -> None:
    """Equilibria to the contract's millionth of the rail; phases to the 2e-5 that ngspice states."""
    for number in range(first, first + 5):
        case, rng = draw(5, number), np.random.default_rng([7, number])
        circuit = Circuit(case.circuit.network, limited(case.circuit.technology, rng))
        held = circuit.program(Parameters(case.conductances.weights, case.conductances.biases))
        span, found = 3.0 * circuit.technology.time_constant, {}
        for name in ("native", "ngspice"):
            with opened_engines(name, "tight").open(circuit) as session:
                session.program(held)
                phase = session.settle(case.drive, case.start, duration=span)
                found[name] = session.settle(case.drive, case.start), phase
        (a, b), (c, d) = found["native"], found["ngspice"]
        rail = circuit.technology.rail
        assert (a.status == Status.SETTLED).all()
        assert np.abs(a.voltages - c.voltages).max() < 1e-6 * rail
        assert np.abs(b.voltages - d.voltages).max() < 2e-5 * rail
