"""`compile_circuit` of a resistive technology: checked by name before any simulator starts."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Circuit, compile_circuit
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive
from analogeq.circuit.resistive.netlist.checked import connected_schematic
from analogeq.circuit.rules import check
from analogeq.engines.native import NativeEngine
from analogeq.errors import ElectricalRuleError, GraphError, InputError
from analogeq.hardware import Technology
from analogeq.hardware.resistive import (
    Amplifier,
    DiodePair,
    DoubleShockley,
    IdealDiode,
    MeasuredCurve,
    NoDevice,
    ResistiveTechnology,
    ShockleyDiode,
)
from analogeq.network import Block, Network

DEVICES = {
    "ideal": IdealDiode(),
    "shockley": ShockleyDiode(),
    "double": DoubleShockley(),
    "pair": DiodePair(),
    "curve": MeasuredCurve(np.array([-1.0, 1.0]), np.array([-1.0, 1.0])),
}


def pairs(*ends):
    rows, cols = np.array(ends, dtype=np.intp).T
    return rows, cols


def with_an_island():
    """Two outputs that only a conductance between them reaches, and one that the input reaches."""
    rows, cols = pairs((0, 1))
    blocks = (
        Block(0, 1, (1, 3), slice(0, 1), *pairs((0, 2))),
        Block(1, 1, (3, 3), slice(1, 2), rows, cols),
    )
    return Network(("x", "left", "right", "sound"), (1, 3), np.array([0, 1, 2]), blocks)


@pytest.mark.parametrize("amplifier", [None, Amplifier(4.0, 0.25)])
@pytest.mark.parametrize("name", list(DEVICES))
def test_the_technologys_family_decides_the_circuits(name, amplifier):
    network = Network.layered((2, 3, 2))
    technology = ResistiveTechnology(device=DEVICES[name], amplifier=amplifier, bias_voltage=0.5)
    circuit = compile_circuit(network, technology)
    assert isinstance(circuit, ResistiveCircuit)
    assert circuit.technology is technology
    assert check(connected_schematic(circuit)) == ()
    assert isinstance(compile_circuit(network, Technology()), Circuit)


def test_an_island_of_outputs_is_named():
    with pytest.raises(ElectricalRuleError) as caught:
        compile_circuit(with_an_island(), ResistiveTechnology())
    (violation,) = caught.value.violations
    assert violation.startswith("nodes 'left', 'right' (2 in all): no DC path to ground (floating island); connect")
    compile_circuit(with_an_island(), ResistiveTechnology(bias_voltage=0.5))  # which reaches every node


def test_an_output_that_nothing_reaches_is_named():
    network = Network(
        ("x", "y", "Alone"), (1, 2), np.array([0, 1]), (Block(0, 1, (1, 2), slice(0, 1), *pairs((0, 0))),)
    )
    with pytest.raises(ElectricalRuleError, match=r"node 'alone': no DC path to ground \(floating node\)"):
        compile_circuit(network, ResistiveTechnology())


def test_an_amplifiers_output_grounds_what_it_drives_and_not_its_own_node():
    blocks = (Block(0, 1, (1, 2), slice(0, 1), *pairs((0, 0))), Block(1, 2, (2, 1), slice(1, 3)))
    drawn = Network(("x", "a", "b", "y"), (1, 2, 1), np.array([2]), blocks)
    with pytest.raises(ElectricalRuleError, match="node 'b': no DC path"):
        compile_circuit(drawn, ResistiveTechnology(device=NoDevice(), amplifier=Amplifier()))
    compile_circuit(drawn, ResistiveTechnology(device=NoDevice()))
    compile_circuit(drawn, ResistiveTechnology(amplifier=Amplifier()))  # a device is a path


def test_a_node_that_is_programmed_to_be_alone_is_legal_and_stands_at_0_v():
    circuit = compile_circuit(Network.layered((1, 2, 2)), ResistiveTechnology())
    g = np.ones(circuit.wiring.n_edges)
    g[[circuit.edge_name(e).endswith("y1") for e in range(len(g))]] = 0.0
    with NativeEngine().open(circuit) as session:
        session.program(circuit.program(g))
        voltages = session.settle(ResistiveDrive(np.ones((1, 1)))).voltages[0]
    assert voltages[-1] == 0.0


def test_names_and_amplifier_loops_are_told_as_ever():
    network = replace(Network.layered((1, 1, 1)), names=("x0", "h\n.control", "y0"))
    with pytest.raises(ElectricalRuleError, match="illegal name"):
        compile_circuit(network, ResistiveTechnology())
    network = replace(Network.layered((1, 1, 1)), names=("same", "Same", "y0"))
    with pytest.raises(ElectricalRuleError, match="name collision"):
        compile_circuit(network, ResistiveTechnology())
    with pytest.raises(GraphError, match="amplifier loop: edge left-right"):
        compile_circuit(with_an_island(), ResistiveTechnology(amplifier=Amplifier()))
    with pytest.raises(InputError, match="2 gains for 1 hidden nodes"):
        compile_circuit(Network.layered((1, 1, 1)), ResistiveTechnology(amplifier=Amplifier((1.0, 2.0))))


@pytest.mark.parametrize("name", ["middle", "upper", "lower", "driven_h1_0"])
def test_a_node_called_like_one_of_the_circuits_own_is_no_collision(name):
    network = replace(Network.layered((1, 2, 1)), names=(name, "h1_0", "h1_1", "y0"))
    for device in (DoubleShockley(), DiodePair()):
        compile_circuit(network, ResistiveTechnology(device=device, amplifier=Amplifier()))
    network = replace(Network.layered((1, 2, 1)), names=("x0", "h1_0", name, "y0"))
    for device in (DoubleShockley(), DiodePair()):
        compile_circuit(network, ResistiveTechnology(device=device, amplifier=Amplifier()))
