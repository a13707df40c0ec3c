"""Where the power goes: by hand, and by Kirchhoff's law at any voltages."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, Nudge, Tether, power_flow
from analogeq.circuit.laws import node_imbalance
from analogeq.circuit.netlist import readable_netlist
from analogeq.circuit.netlist.hierarchy import cell_hierarchy
from analogeq.circuit.word_lines import word_lines
from analogeq.hardware import DiodeClamp, Technology, Wires
from analogeq.network import Network, Parameters

TECH = Technology(rail=0.8, sense_gain=2.0, follower_gain=50.0)
LOW, G0 = TECH.conductance_low, TECH.unit_conductance
ROUNDING = 1e-12  # relative; sums of a few terms in double precision


def chain(technology=TECH):
    """One input, one hidden neuron, one output; weights of both signs and a bias."""
    circuit = Circuit(Network.layered((1, 1, 1)), technology)
    return circuit, circuit.program(Parameters(np.array([0.5, -0.25]), np.array([0.1, 0.0])))


def test_a_word_line_drives_both_devices_of_every_pair_on_it():
    lines = word_lines(*chain())
    step = G0 / TECH.sense_gain
    assert lines.inputs == pytest.approx([2 * LOW + 0.5 * step], rel=ROUNDING)
    # Read forward from the hidden neuron and backward from the output.
    assert lines.neurons == pytest.approx([2 * LOW + 0.25 * step] * 2, rel=ROUNDING)
    assert lines.bias == pytest.approx(4 * LOW + 0.1 * step, rel=ROUNDING)


def test_every_part_takes_conductance_times_voltage_squared():
    circuit, held = chain()
    drive = Drive(np.array([[0.6]]), Tether(np.array([[0.2, 0.5]]), 1e-6), Nudge(np.array([[0.8]]), -3e-6))
    at = power_flow(circuit, held, drive, np.array([[0.3, 0.4]]))
    f = TECH.follower_factor
    assert at.inputs == pytest.approx([(2 * LOW + 0.25 * G0) * 0.36], rel=ROUNDING)
    assert at.biases == pytest.approx([(4 * LOW + 0.05 * G0) * 0.64], rel=ROUNDING)
    assert at.couplings == pytest.approx([(2 * LOW + 0.125 * G0) * f**2 * (0.09 + 0.16)], rel=ROUNDING)
    assert at.leak == pytest.approx([G0 * 0.25], rel=ROUNDING)
    assert at.tether == pytest.approx([1e-6 * (0.01 + 0.01)], rel=ROUNDING)
    assert at.nudge == pytest.approx([-3e-6 * 0.16], rel=ROUNDING)  # an active element
    assert at.conveyors == pytest.approx(
        [G0 * (0.3 * (0.1 * 0.8 + 0.5 * 0.6 - 0.25 * f * 0.4) - 0.4 * 0.25 * f * 0.3)], rel=ROUNDING
    )


@pytest.mark.parametrize("clamp", [None, DiodeClamp(1e-9, 1.5, 200.0)])
def test_what_is_not_dissipated_charges_the_capacitors(clamp, any_case):
    """Supplied less dissipated is the sum of v_j times the net current into node j, at any voltages."""
    circuit, held, drive = any_case.circuit, any_case.conductances, any_case.drive
    if clamp is not None:
        tech = Technology(clamp=clamp, rail=circuit.technology.rail)
        circuit = Circuit(circuit.network, tech)
        held = circuit.program(Parameters(held.weights, held.biases))
    rng = np.random.default_rng(4)
    v = rng.uniform(0.0, circuit.technology.rail, (1, circuit.network.n_nodes))
    lower, upper = circuit.levels
    v[0, 0] = 2.0 * circuit.technology.rail
    v = np.clip(v, lower, upper)  # one at the rail, where a clamp may take current
    at = power_flow(circuit, held, drive, v)
    charging = (v * node_imbalance(circuit, held, drive, v)).sum(axis=1)
    # Terms are of the size of what is dissipated and cancel to rounding.
    assert at.supplied - at.dissipated == pytest.approx(charging, abs=ROUNDING * float(at.dissipated[0]))


def test_a_time_axis_changes_nothing(any_case):
    circuit, held, drive = any_case.circuit, any_case.conductances, any_case.drive
    v = np.random.default_rng(1).uniform(0.0, circuit.technology.rail, (1, 5, circuit.network.n_nodes))
    together = power_flow(circuit, held, drive, v)
    for t in range(5):
        alone = power_flow(circuit, held, drive, v[:, t])
        assert together.dissipated[:, t] == pytest.approx(alone.dissipated, rel=ROUNDING)
        assert together.supplied[:, t] == pytest.approx(alone.supplied, rel=ROUNDING)


def test_an_ideal_clamp_takes_nothing_and_gives_the_rail_what_pushes_against_it():
    circuit = Circuit(Network.layered((1, 1)), Technology())
    held = circuit.program(Parameters(np.zeros(1), np.array([3.0])))
    at = power_flow(circuit, held, Drive(np.zeros((1, 1))), np.ones((1, 1)))
    assert at.clamp == pytest.approx([0.0])
    assert at.rail == pytest.approx([-2.0 * 10e-6], rel=ROUNDING)  # 3 G0 V_u in, G0 V_u through the leak


def test_wires_take_their_share_of_what_word_lines_draw():
    wires = Wires(1e3, 2e3, 5e3, 3e3)
    circuit, held = chain(replace(TECH, wires=wires))
    at = power_flow(circuit, held, Drive(np.array([[0.6]])), np.array([[0.3, 0.4]]))
    step, extra = G0 / TECH.sense_gain, 11e3

    def behind(weight):
        """What a pair's two devices draw with their wires in series [S]."""
        return sum(1.0 / (1.0 / g + extra) for g in (LOW + weight * step, LOW))

    assert at.inputs == pytest.approx([behind(0.5) * 0.36], rel=ROUNDING)
    assert at.couplings == pytest.approx([behind(0.25) * TECH.follower_factor**2 * (0.09 + 0.16)], rel=ROUNDING)
    assert at.biases == pytest.approx([(4 * LOW + 0.05 * G0) * 0.64], rel=ROUNDING)


@pytest.mark.ngspice
@pytest.mark.parametrize("name", ["wired", "wired, mirrored"])
def test_what_wired_word_lines_draw_is_what_ngspice_reads_at_their_drivers(run_netlist, small_cases, name):
    case = small_cases[name]()
    hierarchy = cell_hierarchy(case.circuit, case.conductances, case.drive)
    ends = run_netlist(readable_netlist(case.circuit, case.conductances, case.drive), "op")
    nodes = case.circuit.network.node_names
    v = np.array([[ends[node] for node in nodes]])
    at = power_flow(case.circuit, case.conductances, case.drive, v)
    inputs = case.drive.inputs[0]
    # a source's current is that into its plus end
    drawn = -sum(volts * ends[f"vi{k}#branch"] for k, volts in enumerate(inputs.tolist()))
    assert at.inputs[0] == pytest.approx(drawn, rel=1e-9)
    followers = [table for table in hierarchy.schematic.tables if getattr(table, "subcircuit", "") == "follower"]
    lines = [(instance.name, hierarchy.nodes[instance.nodes[1]]) for instance in followers[0]]
    driven = -sum(ends[line] * ends[f"e.{name}.eline#branch"] for name, line in lines)
    assert at.couplings[0] == pytest.approx(driven, rel=1e-9)
