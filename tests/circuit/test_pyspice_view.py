"""The circuit as PySpice objects."""

import numpy as np
import pytest

from analogeq.circuit.netlist.cells import flattened
from analogeq.circuit.netlist.hierarchy import cell_hierarchy
from analogeq.circuit.netlist.pyspice_view import pyspice_circuit


def element_lines(text):
    """Lines as sets can compare them: lower case, single spaces, PySpice's spelling of a value undone."""
    kept = [
        line.lower().replace(" dc ", " ").replace(" i = ", " i=").replace(" d(", " d (") for line in text.splitlines()
    ]
    return {" ".join(line.split()) for line in kept if line and not line.startswith((".title", ".end", "*"))}


def test_the_view_is_the_flat_circuit_element_by_element(any_case):
    hierarchy = cell_hierarchy(any_case.circuit, any_case.conductances, any_case.drive)
    flat = flattened(hierarchy.schematic, any_case.circuit.technology)
    view = pyspice_circuit(any_case.circuit, any_case.conductances, any_case.drive)
    assert element_lines(str(view)) == element_lines("\n".join(flat.lines()))


def test_elements_of_the_view_are_objects_with_their_values(any_case):
    view = pyspice_circuit(any_case.circuit, any_case.conductances, any_case.drive)
    assert float(view["Cn0"].capacitance) == any_case.circuit.technology.node_capacitance
    assert float(view["Vrail"].dc_value) == any_case.circuit.technology.rail
    g_plus, _ = any_case.conductances.pairs("weights")
    bare, paired = any_case.circuit.technology.wires.are_ideal, any_case.conductances.references is None
    names = {(True, True): "Gw0_f_plus", (False, True): "Gdp0_1f_0_0", (True, False): "Gw0_f"}
    first = names.get((bare, paired), "Gd0f_0_0")
    assert float(view[first].transconductance) == g_plus[0]


@pytest.mark.ngspice
def test_the_view_settles_where_the_readable_netlist_does(run_netlist, any_case):
    from analogeq.circuit.netlist import readable_netlist
    from analogeq.circuit.netlist.simulation import options_line

    stop = 60.0 * any_case.circuit.technology.time_constant
    view = str(pyspice_circuit(any_case.circuit, any_case.conductances, any_case.drive))
    view += f"\n{options_line(any_case.circuit.technology)}\n.tran {stop / 200!r} {stop!r} uic\n.end\n"
    readable = run_netlist(
        readable_netlist(any_case.circuit, any_case.conductances, any_case.drive, duration=stop), "run"
    )
    viewed = run_netlist(view, "run")
    names = cell_hierarchy(any_case.circuit, any_case.conductances, any_case.drive).neurons
    # one circuit, one solver, one step control: what is left is the order of the sums
    np.testing.assert_allclose([viewed[n] for n in names], [readable[n] for n in names], rtol=0, atol=1e-9)
