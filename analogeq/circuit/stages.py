r"""Amplifiers that drive only so far and so fast: what stands between neurons, word lines and columns.

With followers of limited swing and one pole, and conveyors of one pole and limited current, the node equation of
`analogeq.circuit.Circuit` becomes, with line voltages u (gain and offsets taken out) and what columns ask for, z,

.. math:: \tau_l \dot u_j &= F_j(v_j) - u_j, \qquad F_j(v) = \min(\max(v, l_j), h_j)

    \tau_c \dot z_j &= G_0 \Big( V_u b_j + \sum_i w_{ij} u_i \Big) - z_j

    C \dot v_j &= I_{max} \tanh(z_j / I_{max}) - G_0 v_j + g_t (v^f_j - v_j) + g_n (y_j - v_j) - i_{clamp}(v_j)

Tether and nudge are conductances at the neuron itself and pass no amplifier. What has no time constant is where it is
going. An equilibrium does not depend on the time constants, but whether it is stable does: amplifiers that lag turn
couplings that pull back into such that overshoot. An operating point satisfies Kirchhoff's law with F and tanh; as both
rise, and no steeper than 1, it is the only one wherever it would be with ideal amplifiers: the Jacobian is
:math:`D_1 (L D_1^{-1} D_2^{-1} - M) D_2` with diagonal matrices in (0, 1], a P-matrix where L - M is positive definite
[1]_.

A *state* is (v, u, z), less what the technology has no need of: shape (batch, state), all in volts, z over G0. A phase
starts with amplifiers that have settled on the voltages it starts from.

References
----------
.. [1] D. Gale, H. Nikaido, "The Jacobian matrix and global univalence of mappings", Math. Annalen 159 (1965).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.circuit import Circuit
from analogeq.circuit.conductances import Conductances
from analogeq.circuit.drive import Drive, Volts
from analogeq.hardware.amplifiers import AmplifierLimits

Doubles = NDArray[np.float64]


class Stages:
    """Where the amplifiers' states are, behind the neurons' voltages on the ``state`` axis.

    Attributes
    ----------
    limits : AmplifierLimits
    neurons, lines, columns : slice
        Of the ``state`` axis; ``lines`` are the neurons themselves, and ``columns`` empty, where there are none.
    n_states : int
    """

    def __init__(self, circuit: Circuit, limits: AmplifierLimits) -> None:
        n = circuit.network.n_nodes
        self.limits = limits
        self.neurons = slice(0, n)
        self.lines = slice(n, 2 * n) if limits.of_lines else self.neurons
        self.columns = slice(self.lines.stop, self.lines.stop + n) if limits.of_columns else slice(n, n)
        self.n_states = max(self.lines.stop, self.columns.stop)

    @classmethod
    def of(cls, circuit: Circuit) -> Stages | None:
        """The stages of a circuit; None where its amplifiers have no limits."""
        return None if circuit.limits is None else cls(circuit, circuit.limits)

    @property
    def sinks(self) -> slice:
        """Where the currents of columns go: into the columns' states, or into the neurons themselves."""
        return self.columns if self.limits.of_columns else self.neurons

    @property
    def lagging(self) -> NDArray[np.intp]:
        """Numbers of the states that a capacitor holds: the neurons, and stages with a time constant."""
        own = np.arange(self.n_states)
        found = [own[self.neurons]]
        if self.limits.of_lines and self.limits.line_time > 0.0:
            found.append(own[self.lines])
        if self.limits.of_columns and self.limits.column_time > 0.0:
            found.append(own[self.columns])
        return np.concatenate(found)


def settled_states(circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts) -> Doubles:
    """States of amplifiers that have settled on ``voltages`` [V], shape (batch, state)."""
    stages = Stages.of(circuit)
    v = np.asarray(voltages, dtype=np.float64)
    if stages is None:
        return v
    states = np.empty((len(v), stages.n_states))
    states[:, stages.neurons] = v
    lines = stages.limits.followed(v)
    if stages.limits.of_lines:
        states[:, stages.lines] = lines
    if stages.limits.of_columns:
        asked = circuit.input_currents(conductances, drive.inputs) + circuit.coupling_currents(conductances, lines)
        states[:, stages.columns] = asked / circuit.technology.unit_conductance
    return states


def sourced_currents(circuit: Circuit, conductances: Conductances, drive: Drive) -> Doubles:
    """Currents [A] that do not depend on the states, by where they enter, shape (batch, state)."""
    stages = Stages.of(circuit)
    if stages is None:
        return circuit.norton_currents(conductances, drive).astype(np.float64)
    currents = np.zeros((drive.batch, stages.n_states))
    if stages.limits.of_columns:
        currents[:, stages.columns] = circuit.input_currents(conductances, drive.inputs)
        currents[:, stages.neurons] = circuit.source_currents(drive)
    else:
        currents[:, stages.neurons] = circuit.norton_currents(conductances, drive)
    return currents


def into_neurons(circuit: Circuit, conductances: Conductances, drive: Drive, states: Volts) -> Doubles:
    """Total current [A] into each node but for its clamp, at some ``states``; shape (batch, node)."""
    stages = Stages.of(circuit)
    if stages is None:
        return circuit.unclamped_currents(conductances, drive, states).astype(np.float64)
    v, unit = states[:, stages.neurons], circuit.technology.unit_conductance
    if stages.limits.of_columns:
        sent = stages.limits.sent(unit * states[:, stages.columns])
    else:
        asked = circuit.input_currents(conductances, drive.inputs)
        sent = asked + circuit.coupling_currents(conductances, states[:, stages.lines])
    total: Doubles = sent + circuit.source_currents(drive) - circuit.load_conductances(drive) * v
    return total


def amplifier_slopes(
    circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts
) -> tuple[Doubles, Doubles]:
    """F' of followers and slope of what conveyors send, settled on ``voltages``; each of shape (batch, node)."""
    v = np.asarray(voltages, dtype=np.float64)
    if circuit.limits is None:
        return np.ones_like(v), np.ones_like(v)
    lines = circuit.limits.followed(v)
    asked = circuit.input_currents(conductances, drive.inputs) + circuit.coupling_currents(conductances, lines)
    return circuit.limits.following(v), circuit.limits.sending(asked.astype(np.float64))


def coupling_matrix(circuit: Circuit, conductances: Conductances) -> Doubles:
    """Current [A] into each node for a volt on each line, shape (node, node), ideal conveyors."""
    return np.asarray(circuit.coupling_currents(conductances, np.eye(circuit.network.n_nodes)).T, dtype=np.float64)


def relaxation_matrix(
    circuit: Circuit, couplings: Doubles, own: Doubles, following: Doubles, sending: Doubles
) -> Doubles:
    r"""K [1/s] of :math:`\dot x = -K x`, small deviations of one sample's lagging states, shape (lagging, lagging).

    Parameters
    ----------
    circuit : Circuit
    couplings : ndarray, shape (node, node)
        See `coupling_matrix` [S].
    own : ndarray, shape (node,)
        Conductance from each node to what is fixed, its clamp's slope included [S].
    following, sending : ndarray, shape (node,)
        See `amplifier_slopes`.
    """
    tech, n = circuit.technology, circuit.network.n_nodes
    capacitance, unit = tech.node_capacitance, tech.unit_conductance
    line_time = 0.0 if circuit.limits is None else circuit.limits.line_time
    column_time = 0.0 if circuit.limits is None else circuit.limits.column_time
    size = n * (1 + (line_time > 0.0) + (column_time > 0.0))
    found, neurons = np.zeros((size, size)), slice(0, n)
    found[neurons, neurons] = np.diag(own / capacitance)
    driving = neurons
    if line_time > 0.0:
        driving = slice(n, 2 * n)
        found[driving, neurons] = -np.diag(following) / line_time
        found[driving, driving] = np.eye(n) / line_time
    else:
        couplings = couplings * following
    if column_time > 0.0:
        columns = slice(size - n, size)
        found[columns, driving] -= couplings / (unit * column_time)
        found[columns, columns] = np.eye(n) / column_time
        found[neurons, columns] = -np.diag(sending * unit / capacitance)
    else:
        found[neurons, driving] -= sending[:, None] * couplings / capacitance
    return found


def state_speeds(circuit: Circuit, conductances: Conductances, drive: Drive, states: Doubles) -> Doubles:
    """How fast every lagging state changes, but for the neurons' clamps [V/s], shape (batch, state); 0 for others."""
    speeds = np.zeros_like(states)
    stages, n = Stages.of(circuit), circuit.network.n_nodes
    speeds[:, :n] = into_neurons(circuit, conductances, drive, states) / circuit.technology.node_capacitance
    if stages is not None:
        for part, lag, aim in _aims(circuit, stages, conductances, drive, states):
            if lag > 0.0:
                speeds[:, part] = (aim - states[:, part]) / lag
    return speeds


def put_quick_states(circuit: Circuit, conductances: Conductances, drive: Drive, states: Doubles) -> None:
    """Put the states of amplifiers that do not lag where the others have them, in place."""
    stages = Stages.of(circuit)
    if stages is not None:
        for part, lag, aim in _aims(circuit, stages, conductances, drive, states):
            if lag == 0.0:
                states[:, part] = aim


def _aims(
    circuit: Circuit, stages: Stages, conductances: Conductances, drive: Drive, states: Doubles
) -> Iterator[tuple[slice, float, Doubles]]:
    """Lines, then columns, where there are any: which states, their lag [s] and where they go [V]."""
    limits = stages.limits
    if limits.of_lines:
        yield stages.lines, limits.line_time, limits.followed(states[:, stages.neurons])
    if limits.of_columns:
        sums = circuit.coupling_currents(conductances, states[:, stages.lines])
        asked = (circuit.input_currents(conductances, drive.inputs) + sums) / circuit.technology.unit_conductance
        yield stages.columns, limits.column_time, np.asarray(asked, dtype=np.float64)


def quickest(circuit: Circuit) -> float:
    """Shortest time constant of neurons and amplifiers [s]."""
    tau, limits = circuit.technology.time_constant, circuit.limits
    lags = [] if limits is None else [lag for lag in (limits.line_time, limits.column_time) if lag > 0.0]
    return min([tau, *lags])
