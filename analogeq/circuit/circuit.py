"""A network made of a technology: the circuit both engines and the netlist agree on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.conductances import Conductances
from analogeq.circuit.devices import HeldPairs, PairDevices
from analogeq.circuit.drive import Drive, Volts
from analogeq.circuit.mapping import (
    References,
    beside_edges,
    ideal_devices,
    refuse_sparse_arrays,
    siemens_per_weight,
)
from analogeq.circuit.periphery import amplified
from analogeq.circuit.reference_lines import column_counts, mirrored, realised_against_lines
from analogeq.circuit.referenced import Found, ReferencedDevices
from analogeq.circuit.wired import realised
from analogeq.errors import InputError
from analogeq.hardware import Technology
from analogeq.hardware.amplifiers import (
    AmplifierFlaws,
    AmplifierLimits,
    LineAmplifiers,
    amplifier_flaws,
    amplifier_limits,
    line_amplifiers,
)
from analogeq.hardware.clamp import ClampLevels, clamp_levels
from analogeq.hardware.seeds import drawn
from analogeq.network import Network, Parameters
from analogeq.network.network import Floats

ChipDevices = PairDevices | ReferencedDevices
"""Of a chip with a pair for each weight, or with reference lines."""


@dataclass(frozen=True, eq=False)
class Circuit:
    r"""The ``hopfield`` family: neurons, crossbar pairs, leaks, clamps.

    Node equation [1]_ [2]_, currents into node j:

    .. math:: C \dot v_j = -G_0 v_j + G_0 V_u b_j + G_0 \sum_i w_{ij} v_i
        + g_t (v^f_j - v_j) + g_n (y_j - v_j) - i_{clamp}(v_j)

    with the tether :math:`g_t = \lambda G_0` on all neurons and the nudge :math:`g_n = 2 \beta G_0`
    on outputs. Word lines driven by neurons carry the follower's factor a/(1 + a). Amplifiers that drive only so
    far and so fast change what the lines carry and what the sum becomes; see `analogeq.circuit.stages`.

    Attributes
    ----------
    network : Network
    technology : Technology

    References
    ----------
    .. [1] O'Connor, Gavves, Welling, ICLR 2019, Eqs. 1, 2 and 10.
    .. [2] Scellier & Bengio, Front. Comput. Neurosci. 11 (2017).
    """

    network: Network
    technology: Technology

    def program(self, parameters: Parameters) -> Conductances:
        """Map weights and biases onto pairs; what a pair cannot hold is clipped and counted.

        Where the memory is not ideal this is one writing of a new chip, the one of the memory's seed: equal
        parameters give equal conductances. Where wires resist this solves every crossbar, once for all that is
        settled with these conductances.
        """
        limit = self.technology.weight_limit
        n_clipped = 0
        held = []
        for name, asked, size in (
            ("weights", parameters.weights, self.network.n_edges),
            ("biases", parameters.biases, self.network.n_nodes),
        ):
            if asked.shape != (size,):
                raise InputError(f"{name}: shape {asked.shape}; this network has {size}; pass shape ({size},)")
            peak = np.abs(asked).max(initial=0.0)
            if not np.isfinite(peak):
                at = int(np.flatnonzero(~np.isfinite(asked))[0])
                raise InputError(f"{name}[{at}]: {asked[at]} is not finite; a device cannot hold it")
            inside = asked
            if peak > limit:
                n_clipped += int(np.count_nonzero(np.abs(asked) > limit))
                inside = np.clip(asked, -limit, limit)
            held.append(inside)
        weights, biases = held
        if not self.technology.memory.ideal:
            return self._written(Parameters(weights, biases), n_clipped)
        if self.technology.mapping != "differential":
            return self._against_references(Parameters(weights, biases), n_clipped)
        return self._as_read(Conductances(self.technology, weights, self.backward(weights), biases, n_clipped))

    def _against_references(self, asked: Parameters, clipped: int) -> Conductances:
        """Program ideal devices whose references are ideal, too."""
        refuse_sparse_arrays(self.network, self.technology)
        references, weights, biases = ideal_devices(self.network, self.technology, asked)
        pairs = self._beside(references, weights, biases)
        back = asked.weights
        if self.mirrors_differ:
            per_weight = siemens_per_weight(self.network, self.technology, references.maps)[: self.network.n_edges]
            back = (np.subtract(*pairs.backward) / per_weight).astype(back.dtype)
        found = Conductances(self.technology, asked.weights, back, asked.biases, clipped, devices=pairs)
        return self._as_read(replace(found, references=references))

    def _beside(self, references: References, weights: Floats, biases: Floats) -> HeldPairs:
        """Devices and the references that they are read against, as pairs."""
        forward, backward = beside_edges(self.network, references)
        there, back = np.asarray(weights, dtype=np.float64), weights
        if self.mirrors_differ:
            back = mirrored(self.network, references.maps, there, self._mirror_factors)
        return HeldPairs(
            np.stack([there, forward]),
            np.stack([back, backward]),
            np.stack([biases, np.full_like(biases, references.bias)]),
        )

    def new_devices(self) -> ChipDevices:
        """Make a new chip's devices, nothing written yet."""
        made = PairDevices if self.technology.mapping == "differential" else ReferencedDevices
        return made(self.technology, self.network)

    def reading(
        self, devices: ChipDevices, dtype: np.dtype[np.floating], clipped: int = 0, *, aside: bool = False
    ) -> Conductances:
        """Read a chip: the conductances its circuit has until the next reading; see `DeviceArray.read`."""
        if isinstance(devices, ReferencedDevices):
            return self._read_against_references(devices.read(aside=aside), devices, dtype, clipped)
        weights, biases = devices.read(aside=aside)
        found = devices.realised(weights, biases, dtype)
        back, mirrored = self.backward(found.weights), weights
        if back is not found.weights:
            mirrored = weights * self._mirror_factors
        pairs = HeldPairs(weights, mirrored, biases)
        held = Conductances(self.technology, found.weights, back, found.biases, clipped, devices=pairs)
        return self._as_read(held)

    def _read_against_references(
        self, seen: Found, devices: ReferencedDevices, dtype: np.dtype[np.floating], clipped: int
    ) -> Conductances:
        pairs = self._beside(seen.references, seen.weights, seen.biases)
        forward, back = devices.realised(seen, dtype), devices.realised_backward(pairs.backward, dtype)
        read = Conductances(self.technology, forward.weights, back, forward.biases, clipped, devices=pairs)
        return self._as_read(replace(read, references=seen.references))

    def _written(self, parameters: Parameters, clipped: int) -> Conductances:
        devices = self.new_devices()
        devices.write(parameters)
        return self.reading(devices, parameters.weights.dtype, clipped)

    def _as_read(self, held: Conductances) -> Conductances:
        """Put what pairs realise at this chip's temperature, through its wires and amplifiers, for what they hold."""
        warm = self.technology.device_factor
        flawless = self.amplifiers is None and self.line_amplifiers is None and self.follower_offsets is None
        ideal = self.technology.wires.are_ideal and flawless
        if ideal and warm == 1.0:
            return held
        read = replace(held, held=(held.weights, held.backward, held.biases)).warmed(warm)
        if held.references is not None:
            return read if ideal else realised_against_lines(self, read)
        if not self.technology.wires.are_ideal:
            weights, backward = realised(self.network, held)
            read = replace(read, weights=weights, backward=backward)
        return read if self.amplifiers is None else amplified(self.network, read, self.amplifiers)

    @cached_property
    def amplifiers(self) -> AmplifierFlaws | None:
        """What is wrong with the amplifiers of neurons that read pairs; None for nothing, and for reference lines."""
        paired = self.technology.mapping == "differential"
        return amplifier_flaws(self.technology, self.network.n_nodes) if paired else None

    @cached_property
    def line_amplifiers(self) -> tuple[LineAmplifiers, ...] | None:
        """Sense amplifiers of every reading against a reference line; None for ideal ones, and for pairs."""
        if self.technology.mapping == "differential":
            return None
        return line_amplifiers(self.technology, column_counts(self.network))

    @cached_property
    def follower_offsets(self) -> NDArray[np.float64] | None:
        """By how much every neuron's follower errs at its input [V], shape (node,); None for none."""
        tech = self.technology
        if not tech.follower_offset and not tech.follower_offset_spread:
            return None
        flaws = amplifier_flaws(tech, self.network.n_nodes)
        return None if flaws is None else flaws.follower

    @property
    def mirrors_differ(self) -> bool:
        """Whether arrays that are read backward are others than those that are read forward."""
        return self.technology.arrays == "mirrored" and self.technology.mirror_mismatch > 0.0

    @cached_property
    def limits(self) -> AmplifierLimits | None:
        """How far and how fast the neurons' amplifiers drive; None where nothing limits them."""
        return amplifier_limits(self.technology, self.network.n_nodes)

    def backward(self, weights: Floats) -> Floats:
        """Weights that the array read backward realises where the first one realises ``weights``, wires apart."""
        if not self.mirrors_differ:
            return weights
        error: Floats = (weights * self._mirror_factors).astype(weights.dtype)
        return error

    @cached_property
    def _mirror_factors(self) -> Floats:
        rng = drawn(self.technology.mirror_seed, "mirrored arrays")
        return 1.0 + self.technology.mirror_mismatch * rng.standard_normal(self.network.n_edges)

    @cached_property
    def clamp_levels(self) -> ClampLevels | None:
        """What each neuron is held between, where that differs; None for 0 V and the rail."""
        return clamp_levels(self.technology.clamp, self.technology.rail, self.network.n_nodes)

    @property
    def levels(self) -> tuple[float | NDArray[np.float64], float | NDArray[np.float64]]:
        """Lower and upper level of the clamps [V]: one of all neurons, or of shape (node,)."""
        if self.clamp_levels is None:
            return 0.0, self.technology.rail
        return self.clamp_levels.lower, self.clamp_levels.upper

    def input_currents(self, conductances: Conductances, inputs: Volts) -> Volts:
        """Norton currents [A] of inputs, biases and offsets into each node, shape (batch, node).

        Inputs are ideal sources, so everything between them and a node folds into one current:
        the columns sense at virtual ground, hence no conductance is left over.
        """
        net, tech = self.network, self.technology
        drive = np.empty((len(inputs), net.n_nodes), dtype=conductances.weights.dtype)
        drive[:] = conductances.biases * tech.rail
        for block in net.input_blocks:
            drive[:, net.layer(block.post)] += inputs @ block.matrix(conductances.weights)
        drive *= tech.unit_conductance
        if conductances.offsets is not None:
            drive += conductances.offsets
        return drive

    def coupling_currents(self, conductances: Conductances, voltages: Volts) -> Volts:
        """Currents [A] that the neurons send into each other, shape (batch, node)."""
        net = self.network
        currents = np.zeros_like(voltages)
        for block in net.coupling_blocks:
            pre, post = net.layer(block.pre), net.layer(block.post)
            currents[:, post] += voltages[:, pre] @ block.matrix(conductances.weights)
            currents[:, pre] += voltages[:, post] @ block.matrix(conductances.backward).T
        currents *= self.technology.unit_conductance * self.technology.follower_factor
        return currents

    def conveyed_currents(self, conductances: Conductances, inputs: Volts, voltages: Volts) -> Volts:
        """Currents [A] that settled conveyors send into the nodes, shape (batch, node)."""
        if self.limits is None:
            return self.input_currents(conductances, inputs) + self.coupling_currents(conductances, voltages)
        lines = self.limits.followed(np.asarray(voltages, dtype=np.float64))
        asked = self.input_currents(conductances, inputs) + self.coupling_currents(conductances, lines)
        return self.limits.sent(asked.astype(np.float64))

    def norton_currents(self, conductances: Conductances, drive: Drive) -> Volts:
        """Every current [A] that does not depend on the node voltages, shape (batch, node).

        Inputs and biases, and the sources behind tether and nudge seen through their conductances.
        """
        return self._with_sources(self.input_currents(conductances, drive.inputs), drive)

    def source_currents(self, drive: Drive) -> Volts:
        """Currents [A] of the sources behind tether and nudge through their conductances, shape (batch, node)."""
        return self._with_sources(np.zeros((drive.batch, self.network.n_nodes)), drive)

    def _with_sources(self, currents: Volts, drive: Drive) -> Volts:
        if drive.tether is not None:
            currents += drive.tether.conductance * drive.tether.voltages
        if drive.nudge is not None:
            currents[:, self.network.outputs] += drive.nudge.conductance * drive.nudge.voltages
        return currents

    def load_conductances(self, drive: Drive) -> Volts:
        """Conductance [S] from each node to ground: leak, tether and nudge, shape (node,)."""
        load = np.full(self.network.n_nodes, self.technology.leak_conductance)
        if drive.tether is not None:
            load += drive.tether.conductance
        if drive.nudge is not None:
            load[self.network.outputs] += drive.nudge.conductance
        return load

    def unclamped_currents(self, conductances: Conductances, drive: Drive, voltages: Volts) -> Volts:
        """Total current [A] into each node but for its clamp, amplifiers settled, shape (batch, node)."""
        if self.limits is None:
            total = self.norton_currents(conductances, drive) + self.coupling_currents(conductances, voltages)
        else:
            total = self.conveyed_currents(conductances, drive.inputs, voltages) + self.source_currents(drive)
        total -= self.load_conductances(drive) * voltages
        return total
