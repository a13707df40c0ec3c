"""The readable rendering: hierarchical, with the user's names, for a person and their simulator."""

from __future__ import annotations

from collections.abc import Iterator

from analogeq.circuit.circuit import Circuit
from analogeq.circuit.conductances import Conductances
from analogeq.circuit.drive import Drive, Volts
from analogeq.circuit.elements import Instances
from analogeq.circuit.netlist.hierarchy import Hierarchy, cell_hierarchy
from analogeq.circuit.netlist.library import cell_text
from analogeq.circuit.netlist.simulation import clamp_siemens, diode_model, options_line
from analogeq.circuit.schematic import refuse_unwritable
from analogeq.errors import InputError
from analogeq.hardware import DiodeClamp

SETTLING_TIME_CONSTANTS = 40.0
"""How long the transient runs if nobody says: a lone neuron is then e^-40 from where it settles."""

_PRINTED_STEPS = 200


def readable_netlist(
    circuit: Circuit,
    conductances: Conductances,
    drive: Drive,
    *,
    sample: int = 0,
    start: Volts | None = None,
    duration: float | None = None,
) -> str:
    """Write a self-contained netlist of one sample; ``ngspice -b FILE`` runs it and prints the outputs.

    Parameters
    ----------
    circuit : Circuit
    conductances : Conductances
    drive : Drive
    sample : int
        Which sample of the drive.
    start : ndarray, shape (node,), optional
        What the node capacitors are preset to [V]; the tether's voltages if there is one, else zero.
    duration : float, optional
        How long the transient runs [s]; 40 time constants if not given, which strongly coupled
        neurons may exceed.

    Raises
    ------
    ElectricalRuleError
        If a name or a value must not be in a netlist.
    """
    hierarchy = cell_hierarchy(circuit, conductances, drive, sample=sample, start=start)
    refuse_unwritable(hierarchy.schematic)
    stop = duration if duration is not None else SETTLING_TIME_CONSTANTS * circuit.technology.time_constant
    if not 0.0 < stop < float("inf"):
        raise InputError(f"duration {stop!r} s: a transient needs a finite time above zero; give one, or none")
    outputs = [hierarchy.neurons[k] for k in circuit.network.outputs.tolist()]
    lines = (
        *_heading(circuit, len(outputs)),
        *_deck_parameters(circuit),
        *_subcircuits(hierarchy, circuit),
        *_elements(hierarchy),
        *_analysis(float(stop), outputs),
        ".end\n",
    )
    return "\n".join(lines)


def _heading(circuit: Circuit, n_outputs: int) -> Iterator[str]:
    net = circuit.network
    yield f"analogeq, hopfield family: {net.n_inputs} inputs, {net.n_nodes} neurons ({n_outputs} outputs)"
    yield "* Run it with: ngspice -b FILE; the settled outputs are printed as measurements."
    yield "* Energy-based network: it settles where its co-content is smallest. One sample, SI units."
    yield options_line(circuit.technology)


def _deck_parameters(circuit: Circuit) -> Iterator[str]:
    technology = circuit.technology
    yield ""
    yield f"* What the chip is made of ({technology.name}): change a value here and every cell follows."
    if technology.leak_conductance != technology.unit_conductance:
        yield f"* unit_conductance is what leaks conduct at {technology.temperature:g} degC"
    values = {
        "unit_conductance": technology.leak_conductance,
        "node_capacitance": technology.node_capacitance,
        "sense_gain": technology.sense_gain,
        "follower_factor": technology.follower_factor,
    }
    if circuit.limits is not None:
        values["stage_conductance"] = technology.unit_conductance
    if technology.mapping != "differential":  # conveyors are written out, each with the gain of its array
        del values["sense_gain"]
    clamp = technology.clamp
    if not isinstance(clamp, DiodeClamp):
        values["clamp_conductance"] = clamp_siemens(clamp, technology)
    for name, value in values.items():
        yield f".param {name}={float(value)!r}"
    if isinstance(clamp, DiodeClamp):
        yield f"* clamp diode: {clamp.name or 'no particular part'}"
        yield diode_model(clamp).line()


def _subcircuits(hierarchy: Hierarchy, circuit: Circuit) -> Iterator[str]:
    used = {
        table.subcircuit for section in hierarchy.sections for table in section.tables if isinstance(table, Instances)
    }
    clamp = "clamp_diode" if isinstance(circuit.technology.clamp, DiodeClamp) else "clamp_ideal"
    if circuit.clamp_levels is not None:
        clamp += "_between"
    for name in (clamp, *sorted(used)):
        yield ""
        yield cell_text(name).rstrip("\n")


def _elements(hierarchy: Hierarchy) -> Iterator[str]:
    for section in hierarchy.sections:
        yield f"\n* {section.title}"
        for table in section.tables:
            yield "\n".join(table.lines(hierarchy.nodes))


def _analysis(stop: float, outputs: list[str]) -> Iterator[str]:
    yield ""
    yield "* From the preset state to where it settles."
    yield f".tran {stop / _PRINTED_STEPS!r} {stop!r} uic"
    for name in outputs:
        yield f".meas tran {name} find v({name}) at={stop!r}"
