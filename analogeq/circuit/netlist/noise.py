r"""Sampled noise currents as elements of the simulation rendering.

What a node has to itself is a noise source ``iz{k}`` into it. What nodes have in common, that of a reference line or of
wires, is made of independent noise: node ``z{k}`` stands at a Gaussian number of volts :math:`\xi_k`, a source of 1 A
across 1 Ohm, and transconductances carry :math:`R\,\xi` into the nodes, with R a root of the cross densities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from analogeq.circuit.elements import Doubles, NoiseSources, Resistors, Table, Transconductances
from analogeq.circuit.noise import NoiseCurrents, root_of, sampled_deviation
from analogeq.circuit.schematic import Schematic

ROUNDING = 1e-12
"""Entries of a root below this part of the largest are what is left of zeros by the solver of eigenvalues."""


@dataclass(frozen=True, eq=False)
class SampledNoise:
    """Noise of one sample.

    Attributes
    ----------
    own : ndarray, shape (node,)
        Standard deviation of what each node has to itself [A].
    shared : ndarray, shape (node, node), or None
        What each independent number sends into each node [A]; None where nodes have nothing in common.
    step : float
        From one number to the next [s].
    """

    own: Doubles
    shared: Doubles | None
    step: float

    @classmethod
    def of(cls, noise: NoiseCurrents, sample: int, step: float) -> Self:
        """Take the noise of one sample of a batch."""
        alone = np.diag(noise.crossbars)
        if np.array_equal(noise.crossbars, np.diag(alone)):
            return cls(sampled_deviation(noise.own[sample] + alone, step), None, step)
        root = root_of(noise.crossbars)
        root[np.abs(root) < ROUNDING * np.abs(root).max()] = 0.0
        return cls(sampled_deviation(noise.own[sample], step), root / np.sqrt(2.0 * step), step)

    def added_to(self, schematic: Schematic) -> Schematic:
        """Put the noise into the nodes ``n{k}`` of a schematic that begins with them."""
        count = len(self.own)
        at = np.arange(1, count + 1, dtype=np.intp)
        tables: tuple[Table, ...] = (self._sources("iz", at, self.own),)
        if self.shared is None:
            return Schematic(schematic.nodes, (*schematic.tables, *tables))
        numbers = at + len(schematic.nodes) - 1
        nodes = (*schematic.nodes, *(f"z{k}" for k in range(count)))
        ones, to, source = np.ones(count), *np.nonzero(self.shared)
        ground = np.zeros_like(to)
        names = tuple(f"gz{k}_{j}" for k, j in zip(to.tolist(), source.tolist(), strict=True))
        tables += (
            self._sources("iy", numbers, ones),
            Resistors(tuple(f"rz{k}" for k in range(count)), np.column_stack((numbers, np.zeros_like(at))), ones),
            Transconductances(
                names, np.column_stack((ground, at[to], numbers[source], ground)), self.shared[to, source]
            ),
        )
        return Schematic(nodes, (*schematic.tables, *tables))

    def _sources(self, prefix: str, into: np.ndarray, deviations: Doubles) -> NoiseSources:
        names = tuple(f"{prefix}{k}" for k in range(len(into)))
        ends = np.column_stack((np.zeros_like(into), into))
        return NoiseSources(names, ends, deviations, np.full(len(into), float(self.step)))
