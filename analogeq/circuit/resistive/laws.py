"""Kirchhoff's current law and the co-content of the resistive family, evaluated on any answer.

Nothing here solves: these are the equations an operating point has to satisfy.
"""

from __future__ import annotations

import numpy as np

from analogeq.circuit.drive import Drive, Volts
from analogeq.circuit.resistive.circuit import ResistiveCircuit, ResistiveConductances
from analogeq.circuit.resistive.drive import ResistiveDrive
from analogeq.network.network import Floats


def supply_currents(circuit: ResistiveCircuit, conductances: ResistiveConductances, drive: Drive) -> Volts:
    """Every current into nodes held at 0 V that other nodes have no part in [A], shape (batch, node)."""
    return with_actions(circuit, drive, circuit.norton_currents(conductances, drive.inputs))


def with_actions(circuit: ResistiveCircuit, drive: Drive, currents: Volts) -> Volts:
    """Add in place what a drive sends into grounded outputs to the ``currents`` of sources and biases [A]."""
    outputs = circuit.network.outputs
    if drive.nudge is not None:
        currents[:, outputs] += drive.nudge.conductance * drive.nudge.voltages
    if isinstance(drive, ResistiveDrive) and drive.injected is not None:
        currents[:, outputs] += drive.injected
    return currents


def loads(circuit: ResistiveCircuit, conductances: ResistiveConductances, drive: Drive) -> Floats:
    """Everything linear that each node is loaded with [S], shape (node,)."""
    return with_nudge(circuit, drive, circuit.source_load(conductances) + circuit.coupling_load(conductances))


def with_nudge(circuit: ResistiveCircuit, drive: Drive, load: Floats) -> Floats:
    """Add in place what a drive's nudge loads outputs with to the ``load`` of everything else [S]."""
    if drive.nudge is not None:
        load[circuit.network.outputs] += drive.nudge.conductance
    return load


def device_currents(circuit: ResistiveCircuit, voltages: Volts) -> tuple[Volts, Volts]:
    """Current [A] out of each node through its device, and its slope [S]; shape (batch, node)."""
    sign = circuit.polarity
    current, slope = circuit.technology.device.current(voltages * sign)
    return sign * current, sign**2 * slope


def node_imbalance(
    circuit: ResistiveCircuit, conductances: ResistiveConductances, drive: Drive, voltages: Volts
) -> Volts:
    """Net current [A] into each node, shape (batch, node); zero at an operating point.

    An ideal diode takes whatever current would pull its node below 0 V, so at 0 V only the inward
    part counts; beyond it the node counts as if its load were driven by what is missing. Outputs
    that sources hold are in balance by themselves.
    """
    load, supply = loads(circuit, conductances, drive), supply_currents(circuit, conductances, drive)
    return imbalance_of_folded(circuit, conductances, drive, load, supply, voltages)


def imbalance_of_folded(
    circuit: ResistiveCircuit,
    conductances: ResistiveConductances,
    drive: Drive,
    load: Floats,
    supply: Volts,
    voltages: Volts,
) -> Volts:
    """As `node_imbalance`, with `loads` and `supply_currents` at hand."""
    bound = circuit.technology.device.lowest
    sign = circuit.polarity
    outside: Volts | float = 0.0
    at = voltages
    if np.isfinite(bound):
        at = np.where(sign != 0.0, sign * np.maximum(sign * voltages, bound), voltages)
        outside = load * (at - voltages)
    net = supply + circuit.coupling_currents(conductances, at) - load * at
    if np.isfinite(bound):
        resting = (sign != 0.0) & (sign * at <= bound)
        net = np.where(resting, sign * np.maximum(sign * net, 0.0), net)
    net = net - device_currents(circuit, at)[0] + outside
    if isinstance(drive, ResistiveDrive) and drive.held is not None:
        net[:, circuit.network.outputs] = 0.0
    return net


def kirchhoff_residual(
    circuit: ResistiveCircuit, conductances: ResistiveConductances, drive: Drive, voltages: Volts
) -> Volts:
    """Largest net current into any node of each sample [A], shape (batch,)."""
    worst: Volts = np.abs(node_imbalance(circuit, conductances, drive, voltages)).max(axis=1, initial=0.0)
    return worst


def co_content(circuit: ResistiveCircuit, conductances: ResistiveConductances, drive: Drive, voltages: Volts) -> Volts:
    r"""P of each sample [W], shape (batch,), with stage factors where there are amplifiers.

    Up to the part that no node voltage changes (:math:`\tfrac12 g u^2` of the sources).
    """
    factors = circuit.stages.factors
    load = loads(circuit, conductances, drive)
    supply = supply_currents(circuit, conductances, drive)
    own = 0.5 * load * voltages**2 - supply * voltages
    own = own - 0.5 * voltages * circuit.coupling_currents(conductances, voltages)
    sign = circuit.polarity
    own = own + sign**2 * circuit.technology.device.stored(voltages * sign)
    energy: Volts = (factors * own).sum(axis=1)
    return energy
