"""Layered circuits of ideal diodes without amplifiers, laid out for the compiled sweeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances
from analogeq.engines.native.resistive.descent import Descended
from analogeq.engines.native.resistive.problem import Array, Problem
from analogeq.hardware.resistive import IdealDiode

TRIES = 30
"""Jacobi iterations of the certificate; three are usual."""


@dataclass(frozen=True, eq=False)
class Layered:
    """Where layers and links stand, and what the links hold.

    Attributes
    ----------
    flat : ndarray
        Every link's conductances [S], wide.
    starts, ends : ndarray of int
        Offsets of links in ``flat``, of layers on the node axis; each with the end.
    turned : ndarray of bool
        Which links stand with their post layer as rows.
    """

    flat: Array
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    turned: NDArray[np.bool_]

    def sweep(self, problem: Problem, start: Array, sweeps: int) -> Descended:
        """Make so many sweeps."""
        from analogeq.engines.native.resistive.compiled.layers import sweep

        v = np.ascontiguousarray(start).copy()
        residual = np.zeros(len(v), dtype=v.dtype)
        sweep(
            problem.supply, problem.load, problem.polarity,
            self.flat, self.starts, self.ends, self.turned, v, sweeps, residual,
        )  # fmt: skip
        return Descended(v, residual, sweeps)

    def margin(self, load: Array) -> float:
        """Margin of the certificate of convexity; above zero is a proof, else nothing is known."""
        from analogeq.engines.native.resistive.compiled.layers import margin

        # In single precision a thousand roundings are no proof.
        enough = 1e3 * float(np.finfo(load.dtype).eps)
        found = margin(load, self.flat, self.starts, self.ends, self.turned, TRIES, enough)
        return found if found > enough else -1.0


def fits(circuit: ResistiveCircuit) -> bool:
    """Whether the compiled sweeps hold for this circuit."""
    tech = circuit.technology
    return isinstance(tech.device, IdealDiode) and tech.amplifier is None and circuit.network.is_layered


def laid_out(circuit: ResistiveCircuit, conductances: ResistiveConductances) -> Layered:
    """Lay the links out; those that are wide already, one after the other, are not copied."""
    sizes = circuit.network.layer_sizes[1:]
    ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    blocks = circuit.wiring.coupling_blocks
    turned = np.array([b.shape[1] < b.shape[0] for b in blocks], dtype=bool)
    lengths = [b.shape[0] * b.shape[1] for b in blocks]
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    if not turned.any():
        first = blocks[0].edges.start if blocks else 0
        return Layered(conductances.g[first : first + int(starts[-1])], starts, ends, turned)
    flat = np.empty(int(starts[-1]), dtype=conductances.g.dtype)
    for k, block in enumerate(blocks):
        matrix = block.view(conductances.g)
        own = flat[starts[k] : starts[k + 1]]
        own.reshape(matrix.T.shape if turned[k] else matrix.shape)[:] = matrix.T if turned[k] else matrix
    return Layered(flat, starts, ends, turned)
