"""The cells of the resistive family's readable rendering: what is drawn as one, and that it is the flat circuit."""

import re
from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Nudge
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive, kirchhoff_residual
from analogeq.circuit.resistive.laws import supply_currents
from analogeq.circuit.resistive.netlist import readable_netlist, simulation_netlist
from analogeq.circuit.resistive.netlist.readable import readable_sections, written_sections
from analogeq.engines.native import NativeEngine
from analogeq.errors import ElectricalRuleError
from analogeq.hardware.resistive import (
    DiodePair,
    IdealDiode,
    JunctionDiode,
    JunctionPair,
    MeasuredCurve,
    NoDevice,
    ResistiveTechnology,
    ShockleyDiode,
)
from analogeq.network import Network

# ngspice bends a diode's backward current its own way below -3·N·kT/q: of these textbook diodes that is -1.5 V, which
# no node reaches
DEVICES = {
    "ideal": (IdealDiode(), "ideal_diode"),
    "shockley": (ShockleyDiode(1e-3, 0.5), "diode"),
    "real": (JunctionDiode.of_part("1n4148", temperature=60.0), "diode"),
    "pair": (DiodePair(upper=0.5, lower=-0.25), "diode_pair"),
    "real pair": (JunctionPair.of_part("bat54", upper=0.5, lower=-0.25), "diode_pair"),
}
CURVE = MeasuredCurve(np.array([-0.5, 0.0, 0.25]), np.array([-1.0, 0.0, 0.0625]), half=True)
AGREEMENT = 1e-10  # V of some: 1.5e-12 is the most seen, what stand-ins for ideal diodes and gmin leave
AWKWARD = ("x", "gain", "plus", "anode", "dnode", "diode_pair", "conductance")


def lab(device, sizes=(2, 4, 1), **options):
    circuit = ResistiveCircuit(Network.layered(sizes), ResistiveTechnology(device=device, input_gain=3.0, **options))
    rng = np.random.default_rng(3)
    held = circuit.program(rng.uniform(0.1, 1.0, circuit.wiring.n_edges))
    inputs = rng.normal(size=(1, sizes[0]))
    return circuit, held, ResistiveDrive(inputs, None, Nudge(rng.normal(size=(1, sizes[-1])), 0.25))


def instances(text, cell):
    return re.findall(rf"^(x\w+) (.*) {cell}\b", text, re.M)


def read_off(ends, circuit):
    return np.array([ends[name] for name in circuit.network.node_names])


@pytest.mark.parametrize("name", DEVICES)
def test_every_hidden_node_has_one_cell_of_its_device_and_no_bare_diode(name):
    device, cell = DEVICES[name]
    text = readable_netlist(*lab(device))
    assert len(instances(text, cell)) == 4
    outside = re.sub(r"^\.subckt .*?^\.ends", "", text, flags=re.M | re.S)
    assert not re.findall(r"^[bd]\w* ", outside, re.M)
    assert len(re.findall(r"^\.model dnode ", text, re.M)) == (name != "ideal")


@pytest.mark.parametrize("name", ["ideal", "shockley", "real"])
def test_a_diode_turned_round_is_the_same_cell_with_its_ports_swapped(name):
    device, cell = DEVICES[name]
    circuit, held, drive = lab(device)
    ends = [ports for _, ports in instances(readable_netlist(circuit, held, drive), cell)]
    nodes = circuit.network.node_names
    signs = circuit.polarity[circuit.hidden]
    assert set(signs) == {1.0, -1.0}
    assert ends == [f"0 {nodes[k]}" if signs[k] > 0 else f"{nodes[k]} 0" for k in circuit.hidden]


def test_a_measured_curve_stays_an_element_with_its_points():
    text = readable_netlist(*lab(CURVE))
    assert len(re.findall(r"^bd\d+ .* pwl\(", text, re.M)) == 4
    assert not re.findall(r"^xd", text, re.M)


def test_a_bias_source_is_doubled_without_the_gain_of_the_inputs():
    text = readable_netlist(*lab(NoDevice(), bias_voltage=0.5))
    assert "bias bias_minus doubled_input x=0.5 gain=1.0" in text
    assert len(re.findall(r"^xs.* gain=3\.0$", text, re.M)) == 2


def test_single_inputs_stay_plain_sources():
    text = readable_netlist(*lab(IdealDiode(), inputs="single"))
    assert "doubled_input" not in text
    assert len(re.findall(r"^vs\d+ ", text, re.M)) == 2


def test_cells_make_no_netlist_longer_than_its_elements_did():
    circuit, held, drive = lab(DEVICES["pair"][0], (64, 100, 10))
    flat = written_sections(circuit, *readable_sections(circuit, held, drive, 0))
    drawn = readable_netlist(circuit, held, drive)
    cell_lines = 12  # of the cell diode_pair, with its comment; doubled inputs are cells in both
    assert drawn.count("\n") <= flat.count("\n") + cell_lines - len(circuit.hidden)


def test_a_number_that_is_none_is_refused_inside_a_cell_too():
    circuit, held, drive = lab(IdealDiode())
    with pytest.raises(ElectricalRuleError, match="x = nan"):
        readable_netlist(circuit, held, ResistiveDrive(np.array([[np.nan, 1.0]])))
    endless = DiodePair(upper=0.5, lower=-0.25)
    object.__setattr__(endless, "saturation_current", np.inf)
    with pytest.raises(ElectricalRuleError, match="diode model dnode"):
        readable_netlist(replace(circuit, technology=replace(circuit.technology, device=endless)), held, drive)


@pytest.mark.ngspice
@pytest.mark.parametrize("name", DEVICES)
def test_the_cells_the_folded_netlist_and_the_native_engine_settle_at_the_same_voltages(name, run_netlist):
    circuit, held, drive = lab(DEVICES[name][0])
    drawn = read_off(run_netlist(readable_netlist(circuit, held, drive), "run"), circuit)
    commands = [f"alter i{k}={float(i)!r}" for k, i in enumerate(supply_currents(circuit, held, drive)[0])]
    commands.append(f"alter @gn0[gain]={drive.nudge.conductance!r}")
    folded = run_netlist(simulation_netlist(circuit, held), *commands, "op")
    with NativeEngine().open(circuit) as session:
        session.program(held)
        native = session.settle(drive).voltages[0]
    assert np.abs(drawn - [folded[f"n{k}"] for k in range(5)]).max() < AGREEMENT
    assert np.abs(drawn - native).max() < AGREEMENT
    assert np.ptp(drawn) > 0.05


@pytest.mark.ngspice
@pytest.mark.parametrize("name", DEVICES)
def test_nodes_may_be_called_like_a_cells_ports_parameters_and_model(name, run_netlist):
    circuit, held, drive = lab(DEVICES[name][0])
    circuit = replace(circuit, network=replace(circuit.network, names=AWKWARD))
    ends = run_netlist(readable_netlist(circuit, held, drive), "run")
    residual = kirchhoff_residual(circuit, held, drive, read_off(ends, circuit)[None])
    assert residual[0] < 1e-7  # A of some; an ideal diode's stand-in leaves 1e-9
