"""The mesh of an array, simulated as it is written, gives what the solver says."""

import numpy as np
import pytest

from analogeq.circuit.crossbar import Crossbar
from analogeq.circuit.elements import Instances, Resistors, VoltageSources
from analogeq.circuit.netlist.cells import flattened
from analogeq.circuit.netlist.mesh import mesh
from analogeq.circuit.netlist.nodes import Nodes
from analogeq.circuit.rules import check
from analogeq.circuit.schematic import Schematic
from analogeq.hardware import Technology
from analogeq.hardware.wires import Line, Wires

AGREEMENT = 1e-9
"""Of the largest current, and [V]: ngspice's shunts of 1e-12 S stand beside devices of 1e-6 S and more."""


def held(array: Crossbar, words, bits) -> Schematic:
    """The mesh with a source at every end."""
    nodes = Nodes((*(f"in{k}" for k in range(len(words))), *(f"out{k}" for k in range(len(bits)))))
    ends = np.arange(1, len(words) + len(bits) + 1, dtype=np.intp)
    tables = mesh(array, "a", ends[: len(words)], ends[len(words) :], nodes)
    sources = VoltageSources(
        tuple(f"v{k}" for k in range(len(ends))),
        np.column_stack((ends, np.zeros_like(ends))),
        np.concatenate([words, bits]),
    )
    return flattened(Schematic(nodes.names, (sources, *tables)), Technology())


CASES = {
    "left to bottom": Wires(5.0, 3.0, 40.0, 20.0),
    "right to top": Wires(5.0, 3.0, 40.0, 20.0, driven_from="right", sensed_at="top"),
    "both sides": Wires(5.0, 3.0, 40.0, 20.0, driven_from="both"),
    "no drivers": Wires(5.0, 3.0),
    "word lines without wire": Wires(0.0, 3.0, 40.0, 0.0),
    "ideal word lines": Wires(0.0, 3.0),
    "ideal bit lines": Wires(5.0, 0.0, 40.0, 0.0),
    "ideal": Wires(),
}


@pytest.mark.ngspice
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("shape", [(4, 6), (7, 3)])
@pytest.mark.parametrize("read", [Crossbar.forward, Crossbar.backward])
def test_ngspice_reads_the_currents_and_voltages_that_the_solver_finds(run_netlist, name, shape, read):
    rng = np.random.default_rng(7)
    g = rng.uniform(1e-6, 1e-2, shape)
    g[1, 2] = 0.0
    array = read(g, CASES[name])
    words = rng.uniform(-1.0, 1.0, array.g.shape[0])
    schematic = held(array, words, np.zeros(array.g.shape[1]))
    text = "\n".join(("crossbar", ".options reltol=1e-6", *schematic.lines(), ".end\n"))
    ends = run_netlist(text, "op")
    sensed = [ends[f"v{len(words) + j}#branch"] for j in range(array.g.shape[1])]
    expected = array.currents(words[None])[0]
    assert np.abs(sensed - expected).max() < AGREEMENT * np.abs(expected).max()
    voltages = array.voltages(words[None])
    if array.word.segment > 0.0:
        found = [[ends[f"wa_{i}_{j}"] for j in range(array.g.shape[1])] for i in range(array.g.shape[0])]
        assert np.abs(found - voltages.word[0]).max() < AGREEMENT
    if array.bit.segment > 0.0:
        found = [[ends[f"ba_{j}_{i}"] for j in range(array.g.shape[1])] for i in range(array.g.shape[0])]
        assert np.abs(found - voltages.bit[0]).max() < AGREEMENT


def test_the_mesh_has_a_device_a_cell_and_a_segment_of_each_line_a_cell():
    array = Crossbar.forward(np.full((3, 4), 1e-3), Wires(1.0, 2.0, 10.0, 20.0))
    schematic = held(array, np.ones(3), np.zeros(4))
    resistors = [table for table in schematic.tables if isinstance(table, Resistors)]
    counts = {float(ohms): 0 for table in resistors for ohms in table.ohms}
    for table in resistors:
        for ohms in table.ohms.tolist():
            counts[ohms] += 1
    assert counts == {11.0: 3, 1.0: 9, 22.0: 4, 2.0: 8}
    assert len(schematic) == 12 + 12 + 12 + 7


def test_what_does_not_resist_is_one_node():
    array = Crossbar.forward(np.full((3, 4), 1e-3), Wires())
    schematic = held(array, np.ones(3), np.zeros(4))
    assert len(schematic.nodes) == 1 + 3 + 4
    assert not any(isinstance(table, Resistors) for table in schematic.tables)


def test_every_mesh_passes_the_electrical_rule_check():
    rng = np.random.default_rng(0)
    for wires in CASES.values():
        schematic = held(Crossbar.forward(rng.uniform(1e-6, 1e-3, (2, 3)), wires), np.ones(2), np.zeros(3))
        assert check(schematic) == ()


def test_a_cell_without_a_device_has_its_wires_and_nothing_between_them():
    array = Crossbar(np.array([[0.0, 1e-3]]), Line(1.0, 0.0, "first"), Line(1.0, 0.0, "last"))
    nodes = Nodes(("in0", "out0", "out1"))
    devices, *_ = mesh(array, "a", np.array([1]), np.array([2, 3]), nodes)
    assert isinstance(devices, Instances)
    assert devices.names == ("xda_0_1",)
