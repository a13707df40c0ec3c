"""Readable and simulation netlists, PySpice's view and the circuit's own equations are one circuit."""

import numpy as np
import pytest

from analogeq.circuit import kirchhoff_residual
from analogeq.circuit.netlist import readable_netlist, simulation_netlist
from analogeq.circuit.netlist.hierarchy import cell_hierarchy

pytestmark = pytest.mark.ngspice

SETTLING = 60.0  # time constants; the slowest mode of these circuits, rate > 0.4/tau, is then below 1e-10
AGREEMENT = 1e-7  # V: ngspice's own tolerance per time point, reltol 1e-6, decays with the transient


def settled_readable(run_netlist, case):
    tau = case.circuit.technology.time_constant
    text = readable_netlist(case.circuit, case.conductances, case.drive, duration=SETTLING * tau)
    ends = run_netlist(text, "run")
    names = cell_hierarchy(case.circuit, case.conductances, case.drive).neurons
    return np.array([ends[name] for name in names])


def settled_simulation(run_netlist, drive_commands, case, analysis):
    text = simulation_netlist(case.circuit, case.conductances)
    ends = run_netlist(text, *drive_commands(case.circuit, case.conductances, case.drive), analysis)
    return np.array([ends[f"n{k}"] for k in range(case.circuit.network.n_nodes)])


def test_readable_and_simulation_renderings_settle_to_the_same_voltages(run_netlist, drive_commands, any_case):
    tau = any_case.circuit.technology.time_constant
    simulated = settled_simulation(run_netlist, drive_commands, any_case, f"tran {tau} {SETTLING * tau} uic")
    readable = settled_readable(run_netlist, any_case)
    assert np.abs(readable - simulated).max() < AGREEMENT
    assert np.ptp(readable) > 0.01 * any_case.circuit.technology.rail


def test_the_operating_point_of_the_simulation_rendering_obeys_the_circuits_equations(
    run_netlist, drive_commands, any_case
):
    voltages = settled_simulation(run_netlist, drive_commands, any_case, "op")
    residual = kirchhoff_residual(any_case.circuit, any_case.conductances, any_case.drive, voltages[None])
    assert residual[0] < AGREEMENT * any_case.circuit.technology.unit_conductance


def test_the_readable_rendering_obeys_the_circuits_equations(run_netlist, any_case):
    voltages = settled_readable(run_netlist, any_case)
    residual = kirchhoff_residual(any_case.circuit, any_case.conductances, any_case.drive, voltages[None])
    assert residual[0] < 3 * AGREEMENT * any_case.circuit.technology.unit_conductance
