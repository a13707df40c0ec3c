"""Costs against closed forms: one neuron that charges, and a count by hand."""

import numpy as np
import pytest

from analogeq.circuit import compile_circuit
from analogeq.controller import Schedule
from analogeq.digital import FeedforwardCopy
from analogeq.flow.cost import CostRow, Priced, costs
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters
from analogeq.training import TrainingConfig

W = 0.5


def rows(arrays: str = "shared", layers: tuple[int, ...] = (1, 1)) -> dict[str, CostRow]:
    """One input at the rail, one neuron that it pulls to W of the rail, from zero."""
    network = Network.layered(layers)
    tech = Technology(arrays=arrays)
    own = Parameters(np.full(network.n_edges, W), np.zeros(network.n_nodes))
    config = TrainingConfig(
        rates=(0.1,) * len(network.layers), initialise=False, schedule=Schedule(0.5, "one-sided", 0.0, 10.0, 2.0)
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


def test_devices_are_counted_by_array() -> None:
    shared, mirrored = (rows(arrays, (3, 2, 2))["devices"].value for arrays in ("shared", "mirrored"))
    assert shared == 2 * (6 + 4 + 4)
    assert mirrored == 2 * (6 + 2 * 4 + 4)


def test_the_copys_work_is_one_multiplication_a_weight() -> None:
    found = rows(layers=(3, 2, 2))
    assert found["multiply-accumulates of the copy"].value == 10
    assert found["the copy in 32-bit floating point"].value == pytest.approx(46e-12, rel=1e-12)


def test_every_row_says_its_formula_and_what_it_takes_as_given() -> None:
    assert all(row.formula and row.assumptions for row in rows().values())
