"""The library's cells as typed elements: what an instance stands for, flat.

The twins of the files in ``netlists/lib``. The rule check looks inside cells through them, and the
PySpice view is made of them; that they are what the files say is tested by simulating both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from analogeq.circuit.elements import (
    Capacitors,
    CurrentConveyors,
    Diodes,
    Doubles,
    IdealClamps,
    Instances,
    Ints,
    Resistors,
    Table,
    Transconductances,
    VoltageAmplifiers,
    VoltageSources,
)
from analogeq.circuit.expressed import LimitedConveyors, LimitedFollowers
from analogeq.circuit.netlist.simulation import clamp_siemens, diode_model, leak_ohms
from analogeq.circuit.schematic import Schematic
from analogeq.errors import InputError
from analogeq.hardware import DiodeClamp, Technology


def flattened(schematic: Schematic, technology: Technology) -> Schematic:
    """Replace every instance of a library cell by the elements inside it.

    An element inside instance ``xs3`` is called ``fs3_plus``: the letter of its kind, the
    instance's name without its x, its part in the cell. Cells have no inner nodes.
    """
    tables: list[Table] = []
    for table in schematic.tables:
        if not isinstance(table, Instances):
            tables.append(table)
        elif table.subcircuit == "neuron_between":
            tables.extend(_neuron_between(table, technology, _held_at(schematic)))
        elif table.subcircuit in _INSIDE:
            tables.extend(_INSIDE[table.subcircuit](table, technology))
        else:
            held = sorted([*_INSIDE, "neuron_between"])
            raise InputError(f"subcircuit {table.subcircuit!r}: not a cell of the library; it holds {held}")
    return Schematic(schematic.nodes, tuple(tables))


def _named(table: Instances, letter: str, part: str = "") -> tuple[str, ...]:
    return tuple([f"{letter}{name[1:]}{part}" for name in table.names])


def _ports(table: Instances) -> tuple[Ints, ...]:
    return tuple(table.nodes.T)


def _all(table: Instances, value: float) -> Doubles:
    return np.full(len(table), float(value))


def _grounded(at: Ints) -> Ints:
    return np.column_stack((at, np.zeros_like(at)))


def _conductance(a: Ints, b: Ints) -> Ints:
    return np.column_stack((a, b, a, b))


def _pair(table: Instances, _: Technology) -> tuple[Table, ...]:
    line, plus, minus = _ports(table)
    held = table.parameters
    return (
        Transconductances(_named(table, "g", "_plus"), _conductance(line, plus), held["g_plus"]),
        Transconductances(_named(table, "g", "_minus"), _conductance(line, minus), held["g_minus"]),
    )


def _sense(table: Instances, technology: Technology) -> tuple[Table, ...]:
    plus, minus, node = _ports(table)
    ground, nothing, held = np.zeros_like(node), _all(table, 0.0), table.parameters
    gain = technology.sense_gain * held.get("gain", _all(table, 1.0))
    sensing_plus, sensing_minus = _named(table, "v", "_plus"), _named(table, "v", "_minus")
    return (
        VoltageSources(sensing_plus, _grounded(plus), held.get("offset_plus", nothing)),
        VoltageSources(sensing_minus, _grounded(minus), held.get("offset_minus", nothing)),
        CurrentConveyors(_named(table, "f", "_plus"), np.column_stack((ground, node)), sensing_plus, gain),
        CurrentConveyors(_named(table, "f", "_minus"), np.column_stack((node, ground)), sensing_minus, gain),
    )


def _neuron(table: Instances, technology: Technology) -> tuple[Table, ...]:
    node, rail = _ports(table)
    return (*_core(table, node, technology), *_clamp(table, node, rail, technology))


def _core(table: Instances, node: Ints, technology: Technology) -> tuple[Table, ...]:
    capacitance = _all(table, technology.node_capacitance)
    return (
        Capacitors(_named(table, "c"), _grounded(node), capacitance, table.parameters["v_preset"]),
        Resistors(_named(table, "r"), _grounded(node), leak_ohms(_all(table, technology.leak_conductance))),
    )


def _neuron_between(table: Instances, technology: Technology, held: Mapping[int, float]) -> tuple[Table, ...]:
    node, upper, lower = _ports(table)
    core, clamp = _core(table, node, technology), technology.clamp
    if isinstance(clamp, DiodeClamp):
        model = diode_model(clamp)
        above = Diodes(_named(table, "d", "_upper"), np.column_stack((node, upper)), model)
        return (*core, above, Diodes(_named(table, "d", "_lower"), np.column_stack((lower, node)), model))
    high, low = (np.array([held[at] for at in level.tolist()]) for level in (upper, lower))
    siemens = _all(table, clamp_siemens(clamp, technology))
    return (*core, IdealClamps(_named(table, "b"), node[:, None], high, siemens, low))


def _held_at(schematic: Schematic) -> dict[int, float]:
    """Voltage of every node that a source holds against ground [V]."""
    sources = [table for table in schematic.tables if isinstance(table, VoltageSources)]
    ends = ((ends, volts) for t in sources for ends, volts in zip(t.nodes.tolist(), t.volts.tolist(), strict=True))
    return {node: volts for (node, ground), volts in ends if ground == 0}


def _clamp(table: Instances, node: Ints, rail: Ints, technology: Technology) -> tuple[Table, ...]:
    clamp = technology.clamp
    if not isinstance(clamp, DiodeClamp):
        siemens = _all(table, clamp_siemens(clamp, technology))
        return (IdealClamps(_named(table, "b"), node[:, None], _all(table, technology.rail), siemens),)
    model = diode_model(clamp)
    return (
        Diodes(_named(table, "d", "_upper"), np.column_stack((node, rail)), model),
        Diodes(_named(table, "d", "_lower"), np.column_stack((np.zeros_like(node), node)), model),
    )


def _follower(table: Instances, technology: Technology) -> tuple[Table, ...]:
    node, line = _ports(table)
    ends = np.column_stack((_grounded(line), _grounded(node)))
    return (VoltageAmplifiers(_named(table, "e"), ends, _all(table, technology.follower_factor)),)


def _follower_stage(table: Instances, technology: Technology) -> tuple[Table, ...]:
    node, stage = _ports(table)
    unit, held = _all(table, technology.unit_conductance), table.parameters
    swing = LimitedFollowers(_named(table, "b"), np.column_stack((stage, node)), unit, held["low"], held["high"])
    return (swing, Resistors(_named(table, "r"), _grounded(stage), 1.0 / unit))


def _conveyor_stage(table: Instances, technology: Technology) -> tuple[Table, ...]:
    column, node = _ports(table)
    unit = _all(table, technology.unit_conductance)
    load = Resistors(_named(table, "r"), _grounded(column), 1.0 / unit)
    if "largest" in table.parameters:
        ends = np.column_stack((node, column))
        return (load, LimitedConveyors(_named(table, "b"), ends, unit, table.parameters["largest"]))
    ground = np.zeros_like(node)
    return (load, Transconductances(_named(table, "g"), np.column_stack((ground, node, column, ground)), unit))


def _one_conductance(table: Instances, _: Technology) -> tuple[Table, ...]:
    node, source = _ports(table)
    return (Transconductances(_named(table, "g"), _conductance(node, source), table.parameters["g"]),)


_INSIDE: Mapping[str, Callable[[Instances, Technology], tuple[Table, ...]]] = {
    "pair": _pair,
    "sense": _sense,
    "sense_real": _sense,
    "neuron": _neuron,
    "follower": _follower,
    "follower_stage": _follower_stage,
    "conveyor_stage": _conveyor_stage,
    "conveyor_limited": _conveyor_stage,
    "tether": _one_conductance,
    "nudge": _one_conductance,
    "conductance": _one_conductance,
}
