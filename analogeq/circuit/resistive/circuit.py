r"""A network made of conductances: the circuit that both engines and the netlist agree on.

Node equation [1]_ [2]_, currents into node j of a layer, with sources u, amplifier gains A and c
(both 1 where there is none), a device current i_d and a bias current I_j:

.. math:: 0 = \sum_s g_{sj} (u_s - v_j) + \sum_{i \to j} g_{ij} (A_i v_i - v_j)
    + c_j \sum_{j \to k} g_{jk} (v_k - A_j v_j) + I_j - i_d(v_j)

plus a nudge :math:`\beta (y_j - v_j)` or a constant current on outputs. Without amplifiers the
currents are minus the slope of the co-content

.. math:: P = \sum_e \tfrac12 g_e (\Delta v_e)^2 + \sum_j \int_0^{v_j} i_d\, dv - \sum_j I_j v_j

and P is strictly convex wherever each node has a conducting path to a source: one answer. With
amplifiers, equation j times a stage factor m_j is symmetric if :math:`m_j = m_k A_j / c_j` for
every k downstream of j (m is 1 at the outputs); then

.. math:: P = \sum_e m_{post(e)} \tfrac12 g_e (A_{pre} v_{pre} - v_{post})^2
    + \sum_j m_j \Big(\int i_d - I_j v_j\Big)

is what the circuit minimises. Where neurons of one layer differ in A/c a layer further up would
need two factors at once: there is no such function, and equilibrium propagation is not exact.

Folding. Sources are ideal, so all of them together are to a node one conductance
:math:`\sum_s g_{sj}` and one current :math:`\sum_s g_{sj} u_s`, its Norton equivalent; unlike in a
crossbar at virtual ground the conductance stays.

Wires. Where the lines of crossbars resist, g above are not the devices but what the nodes see of them, exactly, and
nodes of one layer are joined too: `analogeq.circuit.resistive.arrays`.

References
----------
.. [1] Kendall et al., arXiv:2006.01981 (2020).
.. [2] Scellier, ICML 2024, arXiv:2402.11674.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.drive import Volts
from analogeq.circuit.resistive.arrays import (
    Arrays,
    Coupling,
    LatestArrays,
    Seen,
    refuse_other_than_crossbars,
    seen_through,
)
from analogeq.circuit.resistive.devices import EdgeDevices
from analogeq.circuit.resistive.stages import Stages, check_amplifiers, stages
from analogeq.circuit.resistive.wiring import check_shared, wired, wired_groups
from analogeq.errors import GraphError, InputError
from analogeq.hardware.memory import Memory
from analogeq.hardware.resistive import ResistiveTechnology
from analogeq.network import Block, Network, Parameters
from analogeq.network.network import Floats, Ints

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ResistiveConductances:
    """A programmed chip.

    Attributes
    ----------
    g : ndarray, shape (edge,)
        Conductance of every edge of ``ResistiveCircuit.wiring`` [S].
    bias_currents : ndarray, shape (node,)
        Current sources into the nodes [A].
    clipped : int
        How many conductances asked for were outside the technology's range.
    """

    g: Floats
    bias_currents: Floats
    clipped: int = 0


@dataclass(frozen=True, eq=False)
class ResistiveCircuit:
    """The ``resistive`` family; its equations are this module's docstring.

    Attributes
    ----------
    network : Network
        What the user drew: signals in, hidden nodes, outputs.
    technology : ResistiveTechnology
    shared : mapping of int to ndarray of int
        Block number of ``network`` to a group number for each of its edges: edges of one group start with one
        conductance and learn as one, by the mean of their gradients. What is programmed by hand may differ.
    shared_nodes : ndarray of int, shape (node,), or None
        Group number of each node, likewise for bias currents and the edges of the bias source.
    """

    network: Network
    technology: ResistiveTechnology
    shared: Mapping[int, Ints] = field(default_factory=dict)
    shared_nodes: Ints | None = None

    def __post_init__(self) -> None:
        tech, net = self.technology, self.network
        check_shared(net, self.shared, self.shared_nodes)
        if tech.outputs == "pairs" and net.n_outputs % 2:
            raise GraphError(
                f"outputs: {net.n_outputs} output nodes do not make pairs; give an even number, or "
                "technology.outputs = 'single'"
            )
        if tech.amplifier is not None:
            check_amplifiers(net, tech.amplifier)
        if not tech.wires.are_ideal:
            refuse_other_than_crossbars(self.wiring)

    @property
    def n_hidden(self) -> int:
        """Nodes that are not outputs."""
        return self.network.n_nodes - self.network.n_outputs

    @cached_property
    def hidden(self) -> NDArray[np.intp]:
        """Positions of the hidden nodes on the node axis."""
        return np.setdiff1d(np.arange(self.network.n_nodes, dtype=np.intp), self.network.outputs)

    @cached_property
    def wiring(self) -> Network:
        """The network of sources and conductances that the edge axis belongs to."""
        tech = self.technology
        return wired(self.network, doubled=tech.inputs == "doubled", biased=tech.bias_voltage is not None)

    @cached_property
    def tied(self) -> dict[int, Ints]:
        """Block number of ``wiring`` to a group number for each of its edges, for blocks that share any."""
        if not self.shared and self.shared_nodes is None:
            return {}
        doubled, biased = self.technology.inputs == "doubled", self.technology.bias_voltage is not None
        return wired_groups(self.network, self.shared, self.shared_nodes, doubled=doubled, biased=biased)

    @cached_property
    def seen(self) -> Seen:
        """What nodes and sources see between each other: the wiring, and what its wires add."""
        return seen_through(self.wiring, self.technology.wires)

    @cached_property
    def _arrays(self) -> LatestArrays:
        return LatestArrays(self.wiring, self.technology.wires)

    def arrays(self, conductances: ResistiveConductances) -> Arrays | None:
        """Show the crossbars of a programmed chip; None where wires are ideal."""
        return None if self.technology.wires.are_ideal else self._arrays.of(conductances.g)

    def between(self, conductances: ResistiveConductances) -> Floats:
        """Conductance of every edge of ``seen`` [S]; the devices' own where wires are ideal."""
        arrays, g = self.arrays(conductances), conductances.g
        return g if arrays is None else arrays.seen.astype(g.dtype)

    def raising(self, coupling: Coupling) -> tuple[tuple[Doubles, Doubles], tuple[Doubles, Doubles]]:
        """A and c at the upper and at the lower ends of a coupling, 1 where they are the nodes themselves."""
        upper, lower = (
            (self.voltage_gains[at], self.current_gains[at]) if raised else (np.ones(at.stop - at.start),) * 2
            for at, raised in zip(self.ends(coupling.block), coupling.raised, strict=True)
        )
        return upper, lower

    def ends(self, block: Block) -> tuple[slice, slice]:
        """Where the two layers of a coupling stand on the node axis."""
        return self.network.layer(block.pre), self.network.layer(block.post)

    @property
    def wiring_is_bipartite(self) -> bool:
        """Whether no device joins two layers of the same parity, so that layers take turns."""
        return all((b.post - b.pre) % 2 for b in self.wiring.coupling_blocks)

    @cached_property
    def polarity(self) -> NDArray[np.float64]:
        """+1 where a node carries the device, -1 where it is turned round, 0 at outputs; shape (node,)."""
        signs = np.ones(self.network.n_nodes)
        if self.technology.device.alternates:
            for layer in self.network.layers:
                signs[layer.start + (layer.stop - layer.start) // 2 : layer.stop] = -1.0
        signs[self.network.outputs] = 0.0
        return signs

    @cached_property
    def voltage_gains(self) -> NDArray[np.float64]:
        """A of every node, 1 where there is no amplifier; shape (node,)."""
        amplifier = self.technology.amplifier
        return self._of_hidden(1.0 if amplifier is None else amplifier.voltage_gain)

    @cached_property
    def current_gains(self) -> NDArray[np.float64]:
        """Current gain c of every node, 1 where there is no amplifier; shape (node,)."""
        amplifier = self.technology.amplifier
        return self._of_hidden(1.0 if amplifier is None else amplifier.current_gain)

    def _of_hidden(self, gains: float | Sequence[float]) -> NDArray[np.float64]:
        values = np.ones(self.network.n_nodes)
        values[self.hidden] = gains
        return values

    @cached_property
    def stages(self) -> Stages:
        """The stage factors m of the nodes, and whether they make an energy."""
        joined = [self.network.layer(c.block.pre) for c in self.seen.couplings if c.raised == (False, False)]
        return stages(self.network, self.voltage_gains / self.current_gains, joined)

    def program(self, g: Floats, bias_currents: Floats | None = None) -> ResistiveConductances:
        """Write conductances; what the range cannot hold is clipped and counted.

        Where the memory is not ideal this is one writing of a new chip, the one of the memory's seed: equal
        arguments give equal conductances.

        Raises
        ------
        InputError
            If a shape does not fit or a value is not finite.
        """
        n_edges, n_nodes = self.wiring.n_edges, self.network.n_nodes
        currents = np.zeros(n_nodes, dtype=g.dtype) if bias_currents is None else bias_currents
        for name, values, size in (("g", g, n_edges), ("bias_currents", currents, n_nodes)):
            if values.shape != (size,):
                raise InputError(f"{name}: shape {values.shape}; this circuit has {size}; pass shape ({size},)")
            if not np.isfinite(values).all():
                at = int(np.flatnonzero(~np.isfinite(values))[0])
                raise InputError(f"{name}[{at}]: {values[at]} is not finite; a device cannot hold it")
        if self.technology.bias_currents == "none" and currents.any():
            raise InputError("bias_currents: this technology has none; pass zeros, or bias_currents = 'programmed'")
        low, high = self.technology.conductance_low, self.technology.conductance_high
        outside = int(np.count_nonzero((g < low) | (g > high)))
        held = np.clip(g, low, high) if outside else g
        if not self.technology.memory.ideal:
            devices = self.new_devices()
            devices.write(Parameters(held, currents))
            return self.reading(devices, g.dtype, outside)
        return ResistiveConductances(held, currents, outside)

    def new_devices(self) -> EdgeDevices:
        """Make a new chip's devices, nothing written yet."""
        return EdgeDevices(self.technology, self.wiring)

    def reading(
        self, devices: EdgeDevices, dtype: np.dtype[np.floating], clipped: int = 0, *, aside: bool = False
    ) -> ResistiveConductances:
        """Read a chip: the conductances its circuit has until the next reading; see `DeviceArray.read`."""
        found = devices.read(dtype, aside=aside)
        return ResistiveConductances(found.weights, found.biases, clipped)

    def checked(self, conductances: ResistiveConductances) -> ResistiveConductances:
        """Refuse conductances outside the range, or no numbers, naming the first edge.

        Devices that are not ideal may hold anything from 0 S on: an open one, or one read with noise.
        """
        tech, g = self.technology, conductances.g
        if not tech.memory.ideal:
            tech = replace(tech, memory=Memory(), conductance_low=0.0, conductance_high=np.inf)
        outside = np.flatnonzero(~((g >= tech.conductance_low) & (g <= tech.conductance_high)))
        if len(outside):
            at = int(outside[0])
            if not np.isfinite(g[at]):
                raise InputError(f"edge {self.edge_name(at)}: conductance {g[at]} S is no number; lower the rates")
            side, end = ("below", "low") if g[at] < tech.conductance_low else ("above", "high")
            limit = getattr(tech, f"conductance_{end}")
            raise InputError(
                f"edge {self.edge_name(at)}: conductance {float(g[at])!r} S is {side} the range's {end} {limit!r} S; "
                f"clip it with ResistiveCircuit.program or widen conductance_{end}"
            )
        return conductances

    def edge_name(self, edge: int) -> str:
        """Name an edge by its two ends."""
        for block in self.wiring.blocks:
            if block.edges.start <= edge < block.edges.stop:
                rows, cols = block.endpoints()
                at = edge - block.edges.start
                pre = self.wiring.input_names if block.pre == 0 else self._layer_names(block.pre)
                return f"{pre[int(rows[at])]}-{self._layer_names(block.post)[int(cols[at])]}"
        raise InputError(f"edge {edge}: this circuit has {self.wiring.n_edges}; count from 0")

    def _layer_names(self, index: int) -> tuple[str, ...]:
        return self.network.node_names[self.network.layer(index)]

    def source_voltages(self, inputs: Volts) -> Volts:
        """Voltage of every source [V], shape (batch, source)."""
        tech = self.technology
        plus = inputs * tech.input_gain
        parts = [plus]
        if tech.inputs == "doubled":
            parts.append(-plus)
        if tech.bias_voltage is not None:
            bias = np.full((len(inputs), 1), tech.bias_voltage, dtype=plus.dtype)
            parts += [bias, -bias] if tech.inputs == "doubled" else [bias]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def source_load(self, conductances: ResistiveConductances) -> Floats:
        """Conductance from every node to all sources [S], shape (node,)."""
        load, g = np.zeros(self.network.n_nodes, dtype=conductances.g.dtype), self.between(conductances)
        for block in self.wiring.input_blocks:
            load[self.network.layer(block.post)] += block.matrix(g).sum(axis=0)
        return load

    def coupling_load(self, conductances: ResistiveConductances) -> Floats:
        """Conductance each node sees towards other nodes held at 0 V [S], shape (node,)."""
        load, g = np.zeros(self.network.n_nodes, dtype=conductances.g.dtype), self.between(conductances)
        for coupling in self.seen.couplings:
            matrix, sides = coupling.block.matrix(g), self.raising(coupling)
            for at, (gain, back), axis in zip(self.ends(coupling.block), sides, (1, 0), strict=True):
                load[at] += (gain * back).astype(load.dtype) * matrix.sum(axis=axis)
        return load

    def norton_currents(self, conductances: ResistiveConductances, inputs: Volts) -> Volts:
        """Current of sources and biases into each node held at 0 V [A], shape (batch, node)."""
        currents = np.empty((len(inputs), self.network.n_nodes), dtype=np.result_type(inputs, conductances.g))
        currents[:] = conductances.bias_currents
        sources, g = self.source_voltages(inputs), self.between(conductances)
        for block in self.wiring.input_blocks:
            currents[:, self.network.layer(block.post)] += sources @ block.matrix(g)
        return currents

    def coupling_currents(self, conductances: ResistiveConductances, voltages: Volts) -> Volts:
        """Current of the other nodes into each node held at 0 V [A], shape (batch, node)."""
        currents, g = np.zeros_like(voltages), self.between(conductances)
        for coupling in self.seen.couplings:
            matrix, (pre, post) = coupling.block.matrix(g), self.ends(coupling.block)
            (ahead, back), (lower_ahead, lower_back) = (
                tuple(gains.astype(voltages.dtype) for gains in side) for side in self.raising(coupling)
            )
            currents[:, post] += lower_back * ((voltages[:, pre] * ahead) @ matrix)
            currents[:, pre] += back * ((voltages[:, post] * lower_ahead) @ matrix.T)
        return currents

    def signals(self, voltages: Volts) -> Volts:
        """What is read of the outputs: their voltages, or the differences of pairs [V]."""
        outputs = voltages[:, self.network.outputs]
        return outputs if self.technology.outputs == "single" else outputs[:, 0::2] - outputs[:, 1::2]
