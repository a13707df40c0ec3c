r"""Noise currents of a circuit's parts.

Every conductance g at absolute temperature T sends a noise current of one-sided density

.. math:: S_i = 4 k T g

(Johnson [1]_, Nyquist [2]_), a junction that carries I one of :math:`2 q |I|`, shot noise, as ngspice has it. The
devices of a pair stand between a word line, which is driven, and a virtual ground: their noise passes the conveyor
of gain A and arrives at the neuron of their column as :math:`4 k T A^2 (G^+ + G^-)`, whichever direction is read; two
readings of one array count as two independent ones. An active nudge, of negative conductance, is given the noise of
its magnitude, the least that a real one adds. Amplifiers add nothing here.

References
----------
.. [1] J. B. Johnson, Phys. Rev. 32 (1928), 97-109.
.. [2] H. Nyquist, Phys. Rev. 32 (1928), 110-113.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.circuit import Circuit, Conductances
from analogeq.circuit.drive import Drive, Volts
from analogeq.errors import TechnologyError
from analogeq.hardware.clamp import DiodeClamp
from analogeq.hardware.diode import BOLTZMANN, CHARGE, KELVIN, resisted_diode_current, thermal_voltage

Doubles = NDArray[np.float64]


def thermal_energy(circuit: Circuit) -> float:
    """KT [J] at the technology's temperature."""
    return BOLTZMANN * (circuit.technology.temperature + KELVIN)


def noise_densities(circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts) -> Doubles:
    """One-sided density [A²/Hz] of the noise current into each node, shape (batch, node).

    Parameters
    ----------
    circuit : Circuit
    conductances : Conductances
    drive : Drive
    voltages : ndarray, shape (batch, node)
        Where the circuit stands [V]: what diodes carry depends on it.
    """
    tech = circuit.technology
    if conductances.references is not None:
        raise TechnologyError(
            f"[crossbar] mapping: {tech.mapping!r}, where one reference line's noise goes into all neurons of a layer, "
            "and thermal noise is computed for currents that are independent; set mapping to 'differential'"
        )
    resistive = column_conductances(circuit, conductances) * tech.sense_gain**2
    if circuit.amplifiers is not None:
        resistive *= circuit.amplifiers.gain**2
    resistive += tech.leak_conductance
    if drive.tether is not None:
        resistive += drive.tether.conductance
    if drive.nudge is not None:
        resistive[circuit.network.outputs] += abs(drive.nudge.conductance)
    found = np.empty(voltages.shape)
    found[:] = 4.0 * thermal_energy(circuit) * resistive
    if isinstance(tech.clamp, DiodeClamp):
        found += _shot_noise(circuit, tech.clamp, np.asarray(voltages, dtype=np.float64))
    return found


def column_conductances(circuit: Circuit, conductances: Conductances) -> Doubles:
    """Sum of all devices [S] whose currents end in each neuron, shape (node,)."""
    net = circuit.network
    forward = np.add(*(g.astype(np.float64) for g in conductances.pairs("weights")))
    back = np.add(*(g.astype(np.float64) for g in conductances.pairs("backward")))
    found = np.add(*(g.astype(np.float64) for g in conductances.pairs("biases")))
    for block in net.blocks:
        rows, cols = block.endpoints()
        np.add.at(found, cols + net.layer(block.post).start, forward[block.edges])
        if block.pre > 0:
            np.add.at(found, rows + net.layer(block.pre).start, back[block.edges])
    return found


def _shot_noise(circuit: Circuit, clamp: DiodeClamp, voltages: Doubles) -> Doubles:
    tech = circuit.technology
    nvt = clamp.ideality * thermal_voltage(tech.temperature)
    lower, upper = circuit.levels
    down, _ = resisted_diode_current(voltages - upper, clamp.saturation_current, nvt, clamp.series_resistance)
    up, _ = resisted_diode_current(lower - voltages, clamp.saturation_current, nvt, clamp.series_resistance)
    carried: Doubles = 2.0 * CHARGE * (np.abs(down) + np.abs(up))
    return carried
