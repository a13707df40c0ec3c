r"""Noise along a waveform in ngspice: what its transient noise sources are told, and what comes of it.

A ``trnoise`` source [1]_ hands on Gaussian samples of standard deviation :math:`\sigma = \sqrt{S_i/2h}` every step h,
the first one zero, and draws straight lines between them (its current source interpolates as its voltage source does).
A node of conductance G and time constant :math:`\tau = C/G` answers a straight line exactly: with :math:`r = h/\tau`,
:math:`a = e^{-r}` and :math:`q = (1 - a)/r`

.. math:: v_{n+1} = a v_n + \frac1G \left[(q - a)\, i_n + (1 - q)\, i_{n+1}\right],

and, the samples being independent, its variance where the samples stand settles at

.. math:: \frac{kT}{C} \cdot \frac2r \cdot \frac{(q - a)^2 + (1 - q)^2 + 2 a (q - a)(1 - q)}{1 - a^2}
    = \frac{kT}{C} \left(1 - \frac r2 + O(r^2)\right)

for :math:`S_i = 4kTG`, half a per cent below kT/C at 100 steps a time constant. With matrices for scalars the same
holds of nodes that read each other.

ngspice 39 fills the pool that white noise is drawn from by the number of its process when it starts [2]_, and neither
``setseed`` nor ``option seed`` reaches it: what comes cannot be repeated.

References
----------
.. [1] ngspice User's Manual, "Transient noise source" and "Transient noise analysis".
.. [2] ngspice's sources, ``initw`` in src/frontend/trannoise/wallace.c.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.netlist.noise import SampledNoise
from analogeq.circuit.noise import NoiseCurrents
from analogeq.engines.ngspice.pool import SampleResult

Doubles = NDArray[np.float64]


def noise_by_rows(noise: NoiseCurrents, step: float) -> Iterator[tuple[NDArray[np.intp], SampledNoise]]:
    """Noise of every sample, once for all that have the same."""
    _, first, which = np.unique(noise.own, axis=0, return_index=True, return_inverse=True)
    for number, sample in enumerate(first.tolist()):
        yield np.flatnonzero(which.reshape(-1) == number), SampledNoise.of(noise, sample, step)


def at_samples(result: SampleResult, start: Doubles, times: Doubles) -> Doubles:
    """Voltages at ``times`` [s], shape (time, node): ngspice stands at every sample of the noise, but for rounding."""
    own = np.concatenate(([0.0], result.times))
    waves = np.vstack((start, result.voltages))
    return np.column_stack([np.interp(times, own, wave) for wave in waves.T])
