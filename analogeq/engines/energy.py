r"""What a phase dissipates: the integral of the power along its waveform.

.. math:: E = \int_0^T P(v(t))\, dt

by the trapezoidal rule on the waveform's own times, so that the error is second order in their
distance (between corners; a node that meets a rail inside a step costs a share of that step's change).
What `analogeq.circuit.power` leaves out, the supply of the amplifiers, is left out here, too.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import cumulative_trapezoid

from analogeq.circuit import Circuit, Conductances, Drive, power_flow, stored_energy
from analogeq.circuit.power import Ledger
from analogeq.engines.contract import Waveform

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PhaseEnergy(Ledger):
    """What each sample of a waveform has taken up to each of its times [J], shape (batch, time).

    Attributes
    ----------
    stored : ndarray
        What the node capacitors gained.
    """

    stored: Doubles

    @property
    def imbalance(self) -> Doubles:
        """Supplied, less dissipated, less stored: zero but for the waveform's and the integral's error."""
        return self.supplied - self.dissipated - self.stored


def phase_energy(circuit: Circuit, conductances: Conductances, drive: Drive, waveform: Waveform) -> PhaseEnergy:
    """Integrate the power along a waveform.

    Parameters
    ----------
    circuit : Circuit
    conductances : Conductances
        What the circuit was programmed with.
    drive : Drive
        What was applied during the waveform.
    waveform : Waveform
        Dense enough to be integrated: some ten points in a time constant.
    """
    at = power_flow(circuit, conductances, drive, waveform.voltages)
    held = stored_energy(circuit, waveform.voltages)
    taken = {each.name: _integral(getattr(at, each.name), waveform.times) for each in fields(Ledger)}
    return PhaseEnergy(**taken, stored=held - held[:, :1])


def _integral(values: Doubles, times: Doubles) -> Doubles:
    """Integrate along the time axis, from zero at the first time."""
    found: Doubles = cumulative_trapezoid(values, times, axis=1, initial=0)
    return found
