r"""Kirchhoff's current law and the co-content, evaluated on any answer of any engine.

Nothing here solves: these are the equations an operating point has to satisfy, so that an answer
is judged by the circuit and not by the simulator that gave it.
"""

from __future__ import annotations

import numpy as np

from analogeq.circuit.circuit import Circuit
from analogeq.circuit.conductances import Conductances
from analogeq.circuit.drive import Drive, Volts
from analogeq.hardware.clamp import DiodeClamp
from analogeq.hardware.diode import clamp_current

KCL_TOLERANCE = 1e-6
"""Largest Kirchhoff residual of an accepted answer, in units of G0·V_u.

An error e in the node voltages leaves a residual of about G0·e, so this is an answer good to about
a millionth of the rail: what the engines' agreement is stated to."""


def kirchhoff_residual(circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts) -> Volts:
    """Largest net current into any node of each sample [A], shape (batch,).

    At an ideal clamp the clamp takes whatever current pushes the node outwards, so there only the
    inward part counts; a node outside its rails by more than the clamp's stiffness explains counts
    as if the rails' distance were driven by G0. So does a node inside that is pushed to a rail: a
    simulator that stops a rounding short of the rail is that rounding away from the answer, however
    strong the push that its clamp does not yet take.
    """
    imbalance = node_imbalance(circuit, conductances, drive, voltages)
    tech = circuit.technology
    if not isinstance(tech.clamp, DiodeClamp):
        lower, upper = circuit.levels
        to_rail = np.where(imbalance > 0.0, upper - voltages, voltages - lower) * tech.unit_conductance
        inside = (voltages > lower) & (voltages < upper)
        imbalance = np.where(inside, np.minimum(np.abs(imbalance), to_rail), imbalance)
    worst: Volts = np.abs(imbalance).max(axis=1, initial=0.0)
    return worst


def node_imbalance(circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts) -> Volts:
    """Net current [A] into each node with its clamp, shape (batch, node)."""
    tech = circuit.technology
    clamp, (lower, upper) = tech.clamp, circuit.levels
    if isinstance(clamp, DiodeClamp):
        current, _ = clamp_current(voltages, clamp, upper, tech.temperature, lower)
        return circuit.unclamped_currents(conductances, drive, voltages) - current
    held = np.clip(voltages, lower, upper)
    net = circuit.unclamped_currents(conductances, drive, held)
    net = np.where(held <= lower, np.maximum(net, 0.0), net)
    net = np.where(held >= upper, np.minimum(net, 0.0), net)
    outside = tech.unit_conductance * (held - voltages)
    return net + outside


def co_content(circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts) -> Volts:
    r"""Energy P [W] of each sample, shape (batch,), without the clamp's own share.

    .. math:: P = \tfrac12 G_0 \sum v_j^2 - \sum I_j v_j - G_0 \sum_{i<j} w_{ij} v_i v_j
        + \tfrac12 g_t \sum (v_j - v^f_j)^2 + \tfrac12 g_n \sum_{out} (v_j - y_j)^2

    with I_j the Norton current of inputs and bias. An ideal clamp stores nothing inside its rails.
    Only a circuit whose two directions of a weight agree and whose amplifiers have no limits has this energy; the
    forward array is used.
    """
    tech = circuit.technology
    own: Volts = 0.5 * tech.leak_conductance * np.sum(voltages**2, axis=1)
    own -= np.sum(circuit.input_currents(conductances, drive.inputs) * voltages, axis=1)
    own -= 0.5 * np.sum(circuit.coupling_currents(conductances, voltages) * voltages, axis=1)
    if drive.tether is not None:
        own += 0.5 * drive.tether.conductance * np.sum((voltages - drive.tether.voltages) ** 2, axis=1)
    if drive.nudge is not None:
        away = voltages[:, circuit.network.outputs] - drive.nudge.voltages
        own += 0.5 * np.sum(drive.nudge.conductance * away**2, axis=1)
    return own
