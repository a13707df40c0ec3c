"""The simulation rendering: flat, inputs folded to their Norton equivalents, made to be altered.

No name of the user's is in it. Node k of the ``node`` axis is ``n{k}``; everything that changes
from sample to sample is one element that an engine alters in place: ``i{k}`` (Norton current),
``c{k}`` (``ic``, the preset voltage), ``gt{k}`` (tether) and ``gn{m}`` (nudge of output m).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from analogeq.circuit.circuit import Circuit
from analogeq.circuit.conductances import Conductances
from analogeq.circuit.elements import (
    Capacitors,
    CurrentSources,
    DiodeModel,
    Diodes,
    Doubles,
    IdealClamps,
    Ints,
    Resistors,
    Table,
    Transconductances,
    VoltageSources,
)
from analogeq.circuit.expressed import LimitedConveyors, LimitedFollowers
from analogeq.circuit.names import GROUND
from analogeq.circuit.netlist.noise import SampledNoise
from analogeq.circuit.netlist.saturation import saturation_option
from analogeq.circuit.schematic import Schematic
from analogeq.circuit.stages import Stages
from analogeq.hardware import DiodeClamp, IdealClamp, Technology
from analogeq.hardware.clamp import ClampLevels
from analogeq.network import Block

TOLERANCES = "reltol=1e-6 vntol=1e-9 abstol=1e-13"
"""Very sharp diodes converge falsely with ngspice's defaults; with these, agreement is to 1e-9 V."""


def simulation_netlist(circuit: Circuit, conductances: Conductances, noise: SampledNoise | None = None) -> str:
    """Write the flat netlist: title, options, elements, ``.end``; no analysis and no commands.

    Parameters
    ----------
    circuit : Circuit
    conductances : Conductances
        What the couplings hold. Inputs and biases are not in the text: they are currents, altered
        in place from `Circuit.norton_currents`.
    noise : SampledNoise, optional
        Noise currents into the nodes.
    """
    net = circuit.network
    title = f"analogeq, hopfield family, inputs folded: {net.n_inputs} inputs, {net.n_nodes} neurons"
    schematic = folded_schematic(circuit, conductances)
    if noise is not None:
        schematic = noise.added_to(schematic)
    return "\n".join((title, options_line(circuit.technology), *schematic.lines(), ".end\n"))


def options_line(technology: Technology) -> str:
    """Write the tolerances, and IS taken as given at the technology's temperature."""
    celsius, clamp = repr(float(technology.temperature)), technology.clamp
    floor = saturation_option([diode_model(clamp)]) if isinstance(clamp, DiodeClamp) else ""
    return f".options {TOLERANCES} temp={celsius} tnom={celsius}{floor}"


def folded_schematic(circuit: Circuit, conductances: Conductances) -> Schematic:
    """Build the circuit that the simulation netlist writes."""
    net, stages = circuit.network, Stages.of(circuit)
    n_states = net.n_nodes if stages is None else stages.n_states
    states = np.arange(1, n_states + 1, dtype=np.intp)
    at, numbers = states[: net.n_nodes], range(net.n_nodes)
    nudged = at[net.outputs]
    clamp_tables, clamp_nodes = _clamps(circuit, at, n_states + 1)
    into = np.column_stack((np.zeros_like(states), states))
    lines, columns = (at, at) if stages is None else (states[stages.lines], states[stages.sinks])
    return Schematic(
        (GROUND, *_named("n", range(n_states)), *clamp_nodes),
        (
            CurrentSources(_named("i", range(n_states)), into, np.zeros(n_states)),
            *_state_loads(circuit, stages, states),
            Transconductances(_named("gt", numbers), _conductance(at), np.zeros(net.n_nodes)),
            Transconductances(_named("gn", range(len(nudged))), _conductance(nudged), np.zeros(len(nudged))),
            *([] if stages is None else _stage_outputs(circuit, stages, states)),
            *couplings(circuit, conductances, lines, columns),
            *clamp_tables,
        ),
    )


def _state_loads(circuit: Circuit, stages: Stages | None, states: Ints) -> tuple[Table, Table]:
    """Capacitors of what lags, and a resistor at every state: leaks, and one of 1/G0 at lines and columns."""
    tech, n = circuit.technology, circuit.network.n_nodes
    siemens = np.full(len(states), float(tech.unit_conductance))
    siemens[:n] = tech.leak_conductance
    farads, lagging = np.full(len(states), float(tech.node_capacitance)), np.arange(len(states))
    if stages is not None:
        for part, lag in ((stages.lines, stages.limits.line_time), (stages.columns, stages.limits.column_time)):
            if part.start >= n:
                farads[part] = lag * tech.unit_conductance
        lagging = stages.lagging
    to_ground = np.column_stack((states, np.zeros_like(states)))
    names = tuple(f"c{k}" for k in lagging.tolist())
    return (
        Capacitors(names, to_ground[lagging], farads[lagging], np.zeros(len(lagging))),
        Resistors(_named("r", range(len(states))), to_ground, leak_ohms(siemens)),
    )


def _stage_outputs(circuit: Circuit, stages: Stages, states: Ints) -> tuple[Table, ...]:
    """What drives word lines, and what conveyors send into neurons."""
    unit, limits = np.full(circuit.network.n_nodes, float(circuit.technology.unit_conductance)), stages.limits
    at, numbers = states[stages.neurons], range(len(unit))
    tables: list[Table] = []
    if limits.of_lines:
        ends = np.column_stack((states[stages.lines], at))
        tables.append(LimitedFollowers(_named("bl", numbers), ends, unit, *limits.reach(circuit.technology.rail)))
    if limits.of_columns:
        ends = np.column_stack((at, states[stages.columns]))
        amperes = np.full(len(unit), limits.current)
        tables.append(
            LimitedConveyors(_named("bz", numbers), ends, unit, amperes)
            if np.isfinite(limits.current)
            else Transconductances(_named("gz", numbers), _sent(*ends.T), unit)
        )
    return tuple(tables)


def _sent(into: Ints, control: Ints) -> Ints:
    ground = np.zeros_like(into)
    return np.column_stack((ground, into, control, ground))


def leak_ohms(siemens: Doubles) -> Doubles:
    """Resistance [Ohm] of conductances; infinite for none, which the rule check then names."""
    with np.errstate(divide="ignore"):
        ohms: Doubles = 1.0 / siemens
    return ohms


def _named(prefix: str, numbers: range) -> tuple[str, ...]:
    return tuple(f"{prefix}{k}" for k in numbers)


def _conductance(at: Ints) -> Ints:
    ground = np.zeros_like(at)
    return np.column_stack((at, ground, at, ground))


def couplings(circuit: Circuit, conductances: Conductances, lines: Ints, columns: Ints) -> tuple[Table, Table]:
    """Every weight between neurons as two transconductances [S], ``gw{e}_f`` and ``gw{e}_b``: line to column."""
    tech = circuit.technology
    scale = float(tech.unit_conductance) * tech.follower_factor
    pre, post, edge = coupling_ends(circuit)
    numbers = edge.tolist()
    forward = _siemens(conductances.weights[edge], scale)
    backward = _siemens(conductances.backward[edge], scale)
    return (
        Transconductances(tuple(f"gw{e}_f" for e in numbers), _sent(columns[post], lines[pre]), forward),
        Transconductances(tuple(f"gw{e}_b" for e in numbers), _sent(columns[pre], lines[post]), backward),
    )


def _siemens(weights: np.ndarray, scale: float) -> Doubles:
    return weights.astype(np.float64) * scale


def coupling_ends(circuit: Circuit) -> tuple[Ints, Ints, Ints]:
    """Both ends on the ``node`` axis and the edge number of every weight between neurons."""
    net = circuit.network
    return joined((block, net.layer(block.pre).start, net.layer(block.post).start) for block in net.coupling_blocks)


def joined(blocks: Iterable[tuple[Block, int, int]]) -> tuple[Ints, Ints, Ints]:
    """Both ends and the edge number of every edge of blocks, each given with its layers' offsets."""
    columns = [(np.zeros(0, dtype=np.intp),) * 3]
    for block, pre, post in blocks:
        rows, cols = block.endpoints()
        columns.append((rows + pre, cols + post, np.arange(block.edges.start, block.edges.stop, dtype=np.intp)))
    pre_ends, post_ends, edges = (np.concatenate(column) for column in zip(*columns, strict=True))
    return pre_ends, post_ends, edges


def _clamps(circuit: Circuit, at: Ints, first: int) -> tuple[tuple[Table, ...], tuple[str, ...]]:
    """Clamps and the nodes that they add, numbered from ``first``."""
    technology, levels, numbers = circuit.technology, circuit.clamp_levels, range(len(at))
    clamp = technology.clamp
    if not isinstance(clamp, DiodeClamp):
        rail = np.full(len(at), float(technology.rail)) if levels is None else levels.upper
        siemens = np.full(len(at), clamp_siemens(clamp, technology))
        lower = None if levels is None else levels.lower
        return (IdealClamps(_named("bc", numbers), at[:, None], rail, siemens, lower),), ()
    if levels is not None:
        return _diodes_between(diode_model(clamp), levels, at, first)
    model = diode_model(clamp)
    rail_node, ground = np.full_like(at, first), np.zeros_like(at)
    return (
        VoltageSources(("vrail",), np.array([[first, 0]], dtype=np.intp), np.array([float(technology.rail)])),
        Diodes(_named("du", numbers), np.column_stack((at, rail_node)), model),
        Diodes(_named("dl", numbers), np.column_stack((ground, at)), model),
    ), ("rail",)


def _diodes_between(
    model: DiodeModel, levels: ClampLevels, at: Ints, first: int
) -> tuple[tuple[Table, ...], tuple[str, ...]]:
    """Diodes to levels of their own, each a source."""
    numbers, ground = range(len(at)), np.zeros_like(at)
    upper = first + np.arange(len(at), dtype=np.intp)
    lower = upper + len(at)
    return (
        VoltageSources(_named("vcu", numbers), np.column_stack((upper, ground)), levels.upper),
        VoltageSources(_named("vcl", numbers), np.column_stack((lower, ground)), levels.lower),
        Diodes(_named("du", numbers), np.column_stack((at, upper)), model),
        Diodes(_named("dl", numbers), np.column_stack((lower, at)), model),
    ), (*_named("cu", numbers), *_named("cl", numbers))


def clamp_siemens(clamp: IdealClamp, technology: Technology) -> float:
    """Conductance [S] of an ideal clamp beyond the rails, as a simulator has it."""
    return float(clamp.stiffness * technology.unit_conductance)


def diode_model(clamp: DiodeClamp) -> DiodeModel:
    """Describe a diode clamp's two diodes to a simulator."""
    return DiodeModel("dclamp", clamp.saturation_current, clamp.ideality, clamp.series_resistance)
