r"""Noise currents of a circuit's parts.

Every conductance g at absolute temperature T sends a noise current of one-sided density

.. math:: S_i = 4 k T g

(Johnson [1]_, Nyquist [2]_), a junction that carries I one of :math:`2 q |I|`, shot noise, as ngspice has it. A
crossbar is a network of conductances at one temperature between drivers and virtual grounds, which hold their voltage.
Its bit lines then send noise currents of cross densities

.. math:: S_I = 4 k T \, B

(Twiss [3]_), with B what its virtual grounds see: with ideal wires a diagonal, the sums of the columns' devices;
where wires resist, currents of a wire's noise leave through one column and come back through another. The conveyors
hand on a linear combination M of them, hence :math:`4 k T \, M B M^T` to the neurons:

- a pair's neuron copies the difference of its two columns with a gain A, so that with ideal wires
  :math:`4 k T A^2 (G^+ + G^-)` arrive, independently of other neurons;
- weights that share a reference line: the line is sensed once and its current copied out of all neurons of the layer
  (`analogeq.circuit.reference_lines`), and so is its noise. With ideal wires neuron j has
  :math:`4 k T A^2 (a_j^2 \sum_i G_{ij} + a'^2_j \sum_i G^{ref}_i)`, and two neurons have
  :math:`4 k T A^2 a'_j a'_k \sum_i G^{ref}_i` in common, for each array that ends in their layer.

Whichever direction is read; two readings of one array count as two independent ones. An active nudge, of negative
conductance, is given the noise of its magnitude, the least that a real one adds. Amplifiers add nothing here.

References
----------
.. [1] J. B. Johnson, Phys. Rev. 32 (1928), 97-109.
.. [2] H. Nyquist, Phys. Rev. 32 (1928), 110-113.
.. [3] R. Q. Twiss, J. Appl. Phys. 26 (1955), 599-602.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.circuit import Circuit
from analogeq.circuit.conductances import Conductances
from analogeq.circuit.drive import Drive, Volts
from analogeq.circuit.readings import readings
from analogeq.circuit.reference_lines import line_readings
from analogeq.hardware.clamp import DiodeClamp
from analogeq.hardware.diode import BOLTZMANN, CHARGE, KELVIN, resisted_diode_current, thermal_voltage

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NoiseCurrents:
    """One-sided densities [A²/Hz] of the noise currents into the nodes.

    Attributes
    ----------
    crossbars : ndarray, shape (node, node)
        Cross densities of what conveyors hand on; the same for all samples.
    own : ndarray, shape (batch, node)
        Of everything else at a node, independent of all other nodes.
    """

    crossbars: Doubles
    own: Doubles

    def matrix(self, sample: int) -> Doubles:
        """Cross densities of one sample, shape (node, node)."""
        matrix: Doubles = self.crossbars + np.diag(self.own[sample])
        return matrix


def thermal_energy(circuit: Circuit) -> float:
    """KT [J] at the technology's temperature."""
    return BOLTZMANN * (circuit.technology.temperature + KELVIN)


def noise_currents(circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts) -> NoiseCurrents:
    """Everything that is noisy.

    Parameters
    ----------
    circuit : Circuit
    conductances : Conductances
    drive : Drive
    voltages : ndarray, shape (batch, node)
        Where the circuit stands [V]: what diodes carry depends on it.
    """
    return NoiseCurrents(crossbar_noise(circuit, conductances), own_noise(circuit, drive, voltages))


def noise_densities(circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts) -> Doubles:
    """One-sided density [A²/Hz] of the noise current into each node, shape (batch, node); see `noise_currents`."""
    found = noise_currents(circuit, conductances, drive, voltages)
    return found.own + np.diag(found.crossbars)


def own_noise(circuit: Circuit, drive: Drive, voltages: Volts) -> Doubles:
    """Density [A²/Hz] of leaks, tether, nudge and clamps, shape (batch, node)."""
    tech = circuit.technology
    resistive = np.full(circuit.network.n_nodes, tech.leak_conductance)
    if drive.tether is not None:
        resistive += drive.tether.conductance
    if drive.nudge is not None:
        resistive[circuit.network.outputs] += np.abs(drive.nudge.conductance)
    found = np.empty(voltages.shape)
    found[:] = 4.0 * thermal_energy(circuit) * resistive
    if isinstance(tech.clamp, DiodeClamp):
        found += _shot_noise(circuit, tech.clamp, np.asarray(voltages, dtype=np.float64))
    return found


def sampled_deviation(densities: Doubles, step: float) -> Doubles:
    r"""Standard deviation [A] of samples that stand for white noise of one-sided ``densities`` [A²/Hz].

    Independent samples h apart have the two-sided density :math:`\sigma^2 h` at low frequencies, so

    .. math:: \sigma = \sqrt{S_i / 2h},

    which is the noise in the band up to 1/2h.
    """
    deviation: Doubles = np.sqrt(densities / (2.0 * step))
    return deviation


def root_of(densities: Doubles) -> Doubles:
    """Symmetric root of a matrix of cross densities, whose eigenvalues are below zero by rounding at most."""
    values, vectors = np.linalg.eigh(densities)
    root: Doubles = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return root


def crossbar_noise(circuit: Circuit, conductances: Conductances) -> Doubles:
    """Cross densities [A²/Hz] of what the conveyors hand on, shape (node, node)."""
    arriving = _through_pairs if conductances.references is None else _through_lines
    found: Doubles = 4.0 * thermal_energy(circuit) * arriving(circuit, conductances)
    return found


def _through_pairs(circuit: Circuit, conductances: Conductances) -> Doubles:
    """Densities over 4kT [S]: the two columns of a neuron are its own, whatever arrays end in them."""
    tech, net = circuit.technology, circuit.network
    found = np.diag(np.add(*conductances.doubles("biases")))
    for read in readings(net, conductances):
        found[read.receiver, read.receiver] += read.plus.seen() + read.minus.seen()
    gains = np.full(net.n_nodes, tech.sense_gain)
    if circuit.amplifiers is not None:
        gains *= circuit.amplifiers.gain
    found *= gains[:, None] * gains
    return found


def _through_lines(circuit: Circuit, conductances: Conductances) -> Doubles:
    """Densities over 4kT [S]: one reference for all neurons of a reading."""
    found = np.zeros((circuit.network.n_nodes,) * 2)
    for read in line_readings(circuit, conductances):
        found[read.receiver, read.receiver] += read.into_neurons(read.into_neurons(read.array.bit_loading).T)
    return found


def _shot_noise(circuit: Circuit, clamp: DiodeClamp, voltages: Doubles) -> Doubles:
    tech = circuit.technology
    nvt = clamp.ideality * thermal_voltage(tech.temperature)
    lower, upper = circuit.levels
    down, _ = resisted_diode_current(voltages - upper, clamp.saturation_current, nvt, clamp.series_resistance)
    up, _ = resisted_diode_current(lower - voltages, clamp.saturation_current, nvt, clamp.series_resistance)
    carried: Doubles = 2.0 * CHARGE * (np.abs(down) + np.abs(up))
    return carried
