"""What has to be solved: supplies, loads and links between layers, for a batch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analogeq.circuit import Drive
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances, ResistiveDrive
from analogeq.hardware.resistive import DoubleShockley, NodeDevice
from analogeq.network import Block

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Link:
    """Conductances between two layers.

    Attributes
    ----------
    pre, post : slice
        Where the layers stand on the node axis.
    matrix : ndarray or csr_array, shape (pre, post)
        [S]
    gain, back : ndarray, shape (pre,), or None
        A and c of the amplifiers behind the nodes; None where there are none.
    lower_gain, lower_back : ndarray, shape (post,), or None
        The same of the post layer, where it is joined to the pre layer behind its amplifiers.
    """

    pre: slice
    post: slice
    matrix: Array | csr_array
    gain: Array | None
    back: Array | None
    lower_gain: Array | None = None
    lower_back: Array | None = None

    def forward(self, voltages: Array) -> Array:
        """Current [A] into the grounded post layer, from voltages of the pre layer."""
        raised = voltages if self.gain is None else voltages * self.gain
        sent: Array = raised @ self.matrix
        return sent if self.lower_back is None else sent * self.lower_back

    def backward(self, voltages: Array) -> Array:
        """Current [A] into the grounded pre layer, from voltages of the post layer."""
        raised = voltages if self.lower_gain is None else voltages * self.lower_gain
        sent: Array = raised @ self.matrix.T
        return sent if self.back is None else sent * self.back


@dataclass(frozen=True, eq=False)
class Problem:
    """One circuit, programmed and driven.

    Attributes
    ----------
    supply : ndarray, shape (batch, node)
        Current into each node with all others at 0 V [A].
    load : ndarray, shape (node,)
        [S]
    links : tuple of Link
    device : NodeDevice
    polarity : ndarray, shape (node,)
    outputs : ndarray of int, shape (output,)
    held : ndarray, shape (batch, output), or None
        Where ideal sources hold the outputs [V].
    layers : tuple of slice
    compiled : bool
        Whether kernels may solve the nodes.
    """

    supply: Array
    load: Array
    links: tuple[Link, ...]
    device: NodeDevice
    polarity: Array
    outputs: NDArray[np.intp]
    held: Array | None
    layers: tuple[slice, ...]
    compiled: bool = False

    @property
    def meshed(self) -> bool:
        """Whether nodes of one layer are joined."""
        return any(link.pre == link.post for link in self.links)

    def rows(self, chosen: NDArray[np.intp]) -> Problem:
        """Keep some samples only."""
        held = None if self.held is None else self.held[chosen]
        return replace(self, supply=self.supply[chosen], held=held)

    def incoming(self, voltages: Array) -> Array:
        """Supply and what the other nodes send [A], shape (batch, node)."""
        total = self.supply.copy()
        for link in self.links:
            total[:, link.post] += link.forward(voltages[:, link.pre])
            total[:, link.pre] += link.backward(voltages[:, link.post])
        return total

    def imbalance(self, voltages: Array, layer: slice, incoming: Array) -> Array:
        """Net current [A] into the nodes of ``layer``, whose incoming currents are given."""
        sign, load, v = self.polarity[layer], self.load[layer], voltages[:, layer]
        net: Array = incoming - load * v
        if not sign.any():
            return net
        current, _ = self.device.current(v * sign)
        net = net - sign * current
        if np.isfinite(self.device.lowest):
            resting = (sign != 0.0) & (sign * v <= self.device.lowest)
            outside = sign * load * (self.device.lowest - sign * v)
            net = np.where(resting, sign * np.maximum(sign * net, 0.0) + outside, net)
        return net

    def allowed(self, layer: slice, voltages: Array) -> Array:
        """Bring voltages of a layer's nodes to what ideal diodes allow."""
        sign, lowest = self.polarity[layer], self.device.lowest
        if not np.isfinite(lowest):
            return voltages
        return np.where(sign == 0.0, voltages, sign * np.maximum(sign * voltages, lowest))

    def solved(self, layer: slice, incoming: Array) -> Array:
        """Voltages of a layer's nodes, each alone behind its load [V], shape (batch, layer)."""
        sign, load = self.polarity[layer], self.load[layer]
        if not sign.any():
            return incoming / np.where(load == 0.0, 1.0, load)
        upright = self.device.voltage(load, incoming * np.where(sign == 0.0, 1.0, sign))
        if sign.all():
            return upright * sign
        return np.where(sign == 0.0, incoming / np.where(load == 0.0, 1.0, load), upright * sign)

    def has_kernel(self, layer: slice) -> bool:
        """Whether `solved_by_kernel` holds for a layer."""
        return self.compiled and has_exponential_kernel(self.device) and bool(self.polarity[layer].all())

    def solved_by_kernel(self, layer: slice, incoming: Array, guess: Array) -> tuple[Array, Array]:
        """As `solved`, and the largest imbalance at the guess [A], shape (batch,)."""
        from analogeq.engines.native.resistive.compiled.nodes import solve_exponential_batch

        out, worst = np.array(guess, order="C"), np.zeros(len(incoming), dtype=incoming.dtype)
        solve_exponential_batch(self.load[layer], incoming, out, device_constants(self.device), worst)
        return out, worst


SMALLEST_PREFACTOR = 1e-30
"""Of an exponential device in the kernels [A]: a million amperes over it is still a number in single precision."""


def has_exponential_kernel(device: NodeDevice) -> bool:
    """Whether the kernels solve nodes with this device."""
    return isinstance(device, DoubleShockley) and device.prefactor >= SMALLEST_PREFACTOR


def device_constants(device: NodeDevice) -> NDArray[np.float64]:
    """What kernels are told of a device: nothing of ideal diodes."""
    if not isinstance(device, DoubleShockley):
        return np.empty(0)
    return np.array([device.prefactor, device.thermal_voltage, device.middle])


def problem_of(
    circuit: ResistiveCircuit,
    supply: Array,
    load: Array,
    drive: Drive,
    links: tuple[Link, ...],
    polarity: Array,
    *,
    compiled: bool = False,
) -> Problem:
    """Apply what is done to the outputs to folded supplies and loads, which stay as they are."""
    outputs, dtype = circuit.network.outputs, supply.dtype
    injected = drive.injected if isinstance(drive, ResistiveDrive) else None
    held = drive.held if isinstance(drive, ResistiveDrive) else None
    if drive.nudge is not None or injected is not None:
        supply = supply.copy()
    if drive.nudge is not None:
        load = load.copy()
        load[outputs] += drive.nudge.conductance
        supply[:, outputs] += drive.nudge.conductance * drive.nudge.voltages
    if injected is not None:
        supply[:, outputs] += injected
    return Problem(
        supply,
        load,
        links,
        circuit.technology.device,
        polarity,
        outputs,
        None if held is None else held.astype(dtype),
        circuit.network.layers,
        compiled,
    )


def _matrix(block: Block, g: Array) -> Array | csr_array:
    """Conductances of a block; those that wires lay from every node of a layer to every other are many."""
    matrix, every = block.matrix(g), block.shape[0] * (block.shape[0] - 1) // 2
    if isinstance(matrix, csr_array) and block.lateral and matrix.nnz == every:
        return np.asarray(matrix.toarray())
    return matrix


def links_of(circuit: ResistiveCircuit, conductances: ResistiveConductances) -> tuple[Link, ...]:
    """Show the programmed conductances between nodes as links."""
    g, amplified = circuit.between(conductances), circuit.technology.amplifier is not None
    links = []
    for coupling in circuit.seen.couplings:
        gains: list[Array | None] = [None] * 4
        for side, (raised, (ahead, back)) in enumerate(zip(coupling.raised, circuit.raising(coupling), strict=True)):
            if raised and amplified:
                gains[2 * side : 2 * side + 2] = ahead.astype(g.dtype), back.astype(g.dtype)
        links.append(Link(*circuit.ends(coupling.block), _matrix(coupling.block, g), *gains))
    return tuple(links)
