r"""Noise along a waveform in ngspice: what its transient noise sources are told, and what comes of it.

A ``trnoise`` source hands on Gaussian samples of standard deviation :math:`\sigma = \sqrt{S_i/2h}` every step h, the
first one zero, and draws straight lines between them (its current source interpolates as its voltage source does). A
node of conductance G and time constant :math:`\tau = C/G` answers a straight line exactly: with :math:`r = h/\tau`,
:math:`a = e^{-r}` and :math:`q = (1 - a)/r`

.. math:: v_{n+1} = a v_n + \frac1G \left[(q - a)\, i_n + (1 - q)\, i_{n+1}\right],

and, the samples being independent, its variance where the samples stand settles at

.. math:: \frac{kT}{C} \cdot \frac2r \cdot \frac{(q - a)^2 + (1 - q)^2 + 2 a (q - a)(1 - q)}{1 - a^2}
    = \frac{kT}{C} \left(1 - \frac r2 + O(r^2)\right)

for :math:`S_i = 4kTG`: half a per cent below kT/C at 100 steps a time constant.

ngspice 39 fills the pool that white noise is drawn from by the number of its process when it starts, and neither
``setseed`` nor ``option seed`` reaches it: what comes cannot be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.elements import NoiseSources
from analogeq.circuit.netlist.simulation import noise_sources
from analogeq.circuit.noise import NoiseCurrents, sampled_deviation
from analogeq.engines.ngspice.pool import SampleResult
from analogeq.errors import InputError

Doubles = NDArray[np.float64]


def independent_densities(noise: NoiseCurrents) -> Doubles:
    """Densities [A²/Hz] of the nodes' noise, shape (batch, node), which must have nothing in common."""
    own = np.diag(noise.crossbars)
    if not np.array_equal(noise.crossbars, np.diag(own)):
        raise InputError(
            "noisy waveform in ngspice: nodes have noise in common, that of a reference line or of wires, and its "
            "sources of noise are independent; follow it with analogeq.engines.noise.noisy_waveform, which is native"
        )
    return noise.own + own


def sources_by_rows(densities: Doubles, step: float) -> Iterator[tuple[NDArray[np.intp], NoiseSources]]:
    """Noise sources for densities [A²/Hz] of shape (batch, node), once for all samples that have the same ones."""
    distinct, which = np.unique(densities, axis=0, return_inverse=True)
    for number, row in enumerate(distinct):
        yield np.flatnonzero(which.reshape(-1) == number), noise_sources(sampled_deviation(row, step), step)


def at_samples(result: SampleResult, start: Doubles, times: Doubles) -> Doubles:
    """Voltages at ``times`` [s], shape (time, node): ngspice stands at every sample of the noise, but for rounding."""
    own = np.concatenate(([0.0], result.times))
    waves = np.vstack((start, result.voltages))
    return np.column_stack([np.interp(times, own, wave) for wave in waves.T])
