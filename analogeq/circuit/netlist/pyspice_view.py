"""The circuit as PySpice objects, for those who live in PySpice.

Not imported by the package itself, so that nobody else pays for importing PySpice. Building objects
costs some 15 µs and a kilobyte an element: meant for circuits that people look at.
"""

from __future__ import annotations

from PySpice.Spice.Netlist import Circuit as PySpiceCircuit

from analogeq.circuit.circuit import Circuit
from analogeq.circuit.conductances import Conductances
from analogeq.circuit.drive import Drive, Volts
from analogeq.circuit.elements import Capacitors, CurrentConveyors, Diodes, Element, IdealClamps, Table
from analogeq.circuit.expressed import ExpressedSources
from analogeq.circuit.netlist.cells import flattened
from analogeq.circuit.netlist.hierarchy import cell_hierarchy
from analogeq.circuit.schematic import refuse_unwritable

_METHODS = {"r": "R", "c": "C", "v": "V", "i": "I", "g": "VCCS", "e": "VCVS", "f": "CCCS", "d": "D", "b": "B"}


def pyspice_circuit(
    circuit: Circuit, conductances: Conductances, drive: Drive, *, sample: int = 0, start: Volts | None = None
) -> PySpiceCircuit:
    """Build the readable netlist's circuit of PySpice objects, its cells flattened.

    Simulate it with ``simulator(temperature=t, nominal_temperature=t)`` at the technology's
    temperature, and ``transient(..., use_initial_condition=True)`` to start from the preset state.

    Parameters
    ----------
    circuit : Circuit
    conductances : Conductances
    drive : Drive
    sample : int
        Which sample of the drive.
    start : ndarray, shape (node,), optional
        What the node capacitors are preset to [V]; the tether's voltages if there is one, else zero.

    Returns
    -------
    PySpice.Spice.Netlist.Circuit
        With the user's node names.
    """
    hierarchy = cell_hierarchy(circuit, conductances, drive, sample=sample, start=start)
    schematic = flattened(hierarchy.schematic, circuit.technology)
    refuse_unwritable(schematic)
    view = PySpiceCircuit("analogeq, hopfield family")
    for table in schematic.tables:
        _add(view, table, schematic.nodes)
    for model in {table.model: None for table in schematic.diode_tables}:
        view.model(model.name, "d", **model.values)
    return view


def _add(view: PySpiceCircuit, table: Table, node_names: tuple[str, ...]) -> None:
    method = getattr(view, _METHODS[table.letter])
    for at, element in enumerate(table):
        nodes = [node_names[k] for k in element.nodes]
        # PySpice puts the letter of the kind in front itself
        name = element.name[1:]
        if isinstance(table, Capacitors):
            method(name, *nodes, element.values["farads"], initial_condition=element.values["initial"])
        elif isinstance(table, IdealClamps):
            method(name, *nodes, "0", current_expression=_expression(element, nodes[0]))
        elif isinstance(table, ExpressedSources):
            output, control = nodes
            current = table.current(control, *map(repr, element.values.values()))
            method(name, "0", output, current_expression=current)
        elif isinstance(table, CurrentConveyors):
            method(name, *nodes, table.sensing[at], element.values["gain"])
        elif isinstance(table, Diodes):
            method(name, *nodes, model=table.model.name)
        else:
            method(name, *nodes, *element.values.values())


def _expression(clamp: Element, node: str) -> str:
    return IdealClamps.current(node, *map(repr, clamp.values.values()))
