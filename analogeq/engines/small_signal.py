r"""The circuit linearised where it stands: what a small current does to the node voltages.

Around an operating point the node equations are :math:`J\,\delta v = \delta i` with

.. math:: J = \mathrm{diag}(g_{load} + g_{clamp}) - G_0 f M^T,

the loads of leak, tether and nudge, the clamp's slope, and the couplings M of which :math:`M_{ij}`
acts from node i into node j, scaled by the follower's factor f; where amplifiers have limits, also by the
slopes of what followers follow and conveyors send. A node that an ideal clamp holds at a rail does not move.
The transposed system gives the adjoint: one solve for the derivative of one number with respect to every current,
hence to every weight [1]_.

References
----------
.. [1] Director & Rohrer, "The generalized adjoint network and network sensitivities",
   IEEE Trans. Circuit Theory 16 (1969).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive
from analogeq.circuit.drive import Volts
from analogeq.circuit.stages import amplifier_slopes, coupling_matrix, relaxation_matrix
from analogeq.engines.linear import Couplings, Systems, solve
from analogeq.errors import InputError, NotSettledError
from analogeq.hardware import DiodeClamp
from analogeq.hardware.diode import clamp_current

Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]

CORNER = 1e-9
"""How near a rail [of the rail] and how small a net current [of G0 times the rail] makes a corner: what an
accepted operating point may be wrong by is a thousand times that, what the native engine is wrong by less."""


@dataclass(frozen=True, eq=False)
class SmallSignal:
    """Answer to a small current.

    Attributes
    ----------
    voltages : ndarray, shape (batch, node)
        Change of the node voltages [V], in proportion to the current.
    corners : ndarray of bool, shape (batch, node)
        Nodes that stand exactly where an ideal clamp begins to hold. There the derivative is
        one-sided: ``voltages`` is that of a move inwards, and a move outwards is none.
    """

    voltages: Doubles
    corners: Mask

    def __post_init__(self) -> None:
        for array in (self.voltages, self.corners):
            array.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Linearisation:
    """One batch of operating points, ready to be solved for any current.

    Attributes
    ----------
    circuit : Circuit
    conductances : Conductances
    own : ndarray, shape (batch, node)
        Conductance from each node to whatever is fixed: loads, and the slope of a diode clamp [S].
    held : ndarray of bool, shape (batch, node)
        Nodes that an ideal clamp keeps at a rail.
    corners : ndarray of bool, shape (batch, node)
        As in `SmallSignal`; a node at a corner is not held.
    following, sending : ndarray, shape (batch, node)
        Slopes of followers and conveyors, see `analogeq.circuit.stages.amplifier_slopes`.
    """

    circuit: Circuit
    conductances: Conductances
    own: Doubles
    held: Mask
    corners: Mask
    following: Doubles
    sending: Doubles

    @classmethod
    def at(cls, circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts) -> Linearisation:
        """Linearise at ``voltages`` [V], shape (batch, node)."""
        shape = (drive.batch, circuit.network.n_nodes)
        if voltages.shape != shape:
            raise InputError(
                f"small signal: voltages of shape {voltages.shape}; this drive and circuit need {shape} (batch, node)"
            )
        tech = circuit.technology
        load = circuit.load_conductances(drive)
        nowhere = np.zeros(shape, dtype=bool)
        amplifiers = amplifier_slopes(circuit, conductances, drive, voltages)
        if isinstance(tech.clamp, DiodeClamp):
            lower, upper = circuit.levels
            _, slope = clamp_current(voltages.astype(np.float64), tech.clamp, upper, tech.temperature, lower)
            return cls(circuit, conductances, load + slope, nowhere, nowhere, *amplifiers)
        held, corners = _clamped(circuit, conductances, drive, voltages)
        return cls(circuit, conductances, np.broadcast_to(load, shape), held, corners, *amplifiers)

    def solve(self, currents: Volts, *, transpose: bool = False) -> SmallSignal:
        """Solve J·dv = ``currents`` [A], shape (batch, node), or the transposed system.

        Raises
        ------
        NotSettledError
            If a sample's J is singular: its operating point is not isolated.
        """
        if currents.shape != self.own.shape:
            raise InputError(
                f"small signal: currents of shape {currents.shape} for operating points of shape {self.own.shape}; "
                "pass a current for each node of each sample"
            )
        if self.circuit.limits is not None:
            return SmallSignal(self._solve_densely(currents, transpose=transpose), self.corners)
        unit = self.circuit.technology.unit_conductance
        couplings = Couplings.of(self.circuit, self.conductances, transpose=transpose)
        systems = Systems(couplings, self.own / unit, ~self.held)
        return SmallSignal(solve(systems, np.asarray(currents / unit, dtype=np.float64)), self.corners)

    def jacobian(self, sample: int) -> Doubles:
        """J of one sample [S], dense, shape (node, node); rows and columns of held nodes belong to no unknown."""
        coupled = self.sending[sample][:, None] * self.couplings * self.following[sample]
        matrix: Doubles = np.diag(self.own[sample]) - coupled
        return matrix

    def relaxation(self, sample: int) -> Doubles:
        """K [1/s] of one sample's neurons and lagging amplifiers, see `analogeq.circuit.stages.relaxation_matrix`."""
        parts = self.own[sample], self.following[sample], self.sending[sample]
        return relaxation_matrix(self.circuit, self.couplings, *parts)

    @cached_property
    def couplings(self) -> Doubles:
        """Current into each node for a volt on each line [S], shape (node, node)."""
        return coupling_matrix(self.circuit, self.conductances)

    def _solve_densely(self, currents: Volts, *, transpose: bool) -> Doubles:
        found = np.zeros(currents.shape)
        for sample, row in enumerate(currents):
            free = np.flatnonzero(~self.held[sample])
            matrix = self.jacobian(sample)[np.ix_(free, free)]
            try:
                found[sample, free] = np.linalg.solve(matrix.T if transpose else matrix, row[free])
            except np.linalg.LinAlgError as error:
                raise NotSettledError(
                    f"small signal: sample {sample} has no answer to a small current, its Jacobian is singular; settle "
                    "it elsewhere, or change the weights a little"
                ) from error
        return found


def _clamped(circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts) -> tuple[Mask, Mask]:
    """Which nodes an ideal clamp holds, and which are at its corner."""
    tech, (lower, upper) = circuit.technology, circuit.levels
    inside = np.clip(voltages, lower, upper)
    net = circuit.unclamped_currents(conductances, drive, inside)
    near = CORNER * tech.rail
    corners = np.abs(net) <= near * tech.unit_conductance
    corners &= (inside <= lower + near) | (inside >= upper - near)
    held = ((inside <= lower) & (net < 0.0)) | ((inside >= upper) & (net > 0.0))
    held &= ~corners
    return held, corners


def small_signal(
    circuit: Circuit,
    conductances: Conductances,
    drive: Drive,
    voltages: Volts,
    currents: Volts,
    *,
    transpose: bool = False,
) -> SmallSignal:
    """Change of the node voltages that small currents cause at an operating point.

    Parameters
    ----------
    circuit : Circuit
    conductances : Conductances
    drive : Drive
        What the circuit stands under; the nudge of a nudged phase included.
    voltages : ndarray, shape (batch, node)
        The operating points [V].
    currents : ndarray, shape (batch, node)
        Into each node [A].
    transpose : bool
        Solve the adjoint system instead. The two agree where both directions of every weight do.

    Returns
    -------
    SmallSignal

    Raises
    ------
    NotSettledError
        If a sample's linearised circuit is singular.
    """
    return Linearisation.at(circuit, conductances, drive, voltages).solve(currents, transpose=transpose)


def nudge_response(
    circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts, targets: Volts
) -> SmallSignal:
    r"""Derivative of a settled state with respect to beta, at beta = 0.

    A weak nudge is the current :math:`2 \beta G_0 f_j (y - v)` into output j, with the error :math:`f_j` of the chip's
    nudge (`analogeq.hardware.nudge`).

    Parameters
    ----------
    voltages : ndarray, shape (batch, node)
        The free state [V].
    targets : ndarray, shape (batch, output)
        [V]

    Returns
    -------
    SmallSignal
        ``voltages`` is dv/dbeta [V].
    """
    pull = _pull(circuit, voltages, targets)
    outputs = circuit.network.outputs
    pull[:, outputs] *= circuit.technology.nudge.conductance.factors(len(outputs))
    return small_signal(circuit, conductances, drive, voltages, pull)


def cost_adjoint(
    circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts, targets: Volts
) -> SmallSignal:
    r"""Derivative of the cost with respect to every node's current, by one transposed solve.

    With :math:`C = \sum_{out} (s - y)^2` in signals (voltages over the rail) and
    :math:`J^T \lambda = \partial C / \partial v`, a current I into node j changes C by
    :math:`\lambda_j I`.

    Returns
    -------
    SmallSignal
        ``voltages`` is :math:`\lambda G_0 V_u^2` [V]; over the rail it is the adjoint signal that
        `analogeq.learning.exact_gradient` takes.
    """
    pull = _pull(circuit, voltages, targets)
    return small_signal(circuit, conductances, drive, voltages, -pull, transpose=True)


def _pull(circuit: Circuit, voltages: Volts, targets: Volts) -> Volts:
    outputs = circuit.network.outputs
    if targets.shape != (len(voltages), len(outputs)):
        raise InputError(
            f"small signal: targets of shape {targets.shape} for {len(voltages)} samples of {len(outputs)} outputs; "
            "pass a voltage for each output of each sample"
        )
    currents = np.zeros(voltages.shape)
    currents[:, outputs] = (targets - voltages[:, outputs]) * (2.0 * circuit.technology.unit_conductance)
    return currents


def backward_shares(circuit: Circuit) -> Doubles | None:
    """Backward weight per forward weight of each edge, shape (edge,); None where both are one array."""
    if circuit.technology.arrays == "shared":
        return None
    shares: Doubles = np.asarray(circuit.backward(np.ones(circuit.network.n_edges)), dtype=np.float64)
    return shares
