"""Layered circuits of ideal or odd exponential devices without amplifiers, laid out for the compiled sweeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances
from analogeq.engines.native.resistive.descent import Descended
from analogeq.engines.native.resistive.problem import Array, Problem, device_constants, has_exponential_kernel
from analogeq.hardware.resistive import IdealDiode

TRIES = 30
"""Jacobi iterations of the certificate; three are usual."""


STRIDE = 3
"""Sweeps between two looks at the residual, each of which costs half a sweep; seven are usual."""

MOST = 30
"""Sweeps beyond which acceleration pays."""


MANY = 128
"""Samples of exponential devices from which matrix products, and leaving out what has settled, are quicker."""


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
        from analogeq.engines.native.resistive.compiled.sweeping import sweep

        v = np.ascontiguousarray(start).copy()
        residual = np.zeros(len(v), dtype=v.dtype)
        sweep(
            problem.supply, problem.load, problem.polarity, device_constants(problem.device),
            self.flat, self.starts, self.ends, self.turned, v, sweeps, residual,
        )  # fmt: skip
        return Descended(v, residual, sweeps)

    def quickest(self, problem: Problem) -> bool:
        """Whether these sweeps settle what is asked quicker than accelerated ones by matrix products."""
        few = len(problem.supply) < MANY or isinstance(problem.device, IdealDiode)
        return few and len(problem.layers) <= 2

    def settle(self, problem: Problem, start: Array, tolerance: Array) -> Descended:
        """Sweep until every sample's imbalance is within ``tolerance``, shape (batch,) [A], or `MOST` sweeps are made.

        The proven stop of `analogeq.engines.native.resistive.descent.descend`, asked for after every `STRIDE` sweeps.
        """
        found = self.sweep(problem, start, STRIDE)
        sweeps = STRIDE
        while (found.residual > tolerance).any() and sweeps < MOST:
            found = self.sweep(problem, found.voltages, STRIDE)
            sweeps += STRIDE
        return Descended(found.voltages, found.residual, sweeps)

    def coupling_load(self) -> Array:
        """Conductance each node sees towards the others [S], shape (node,)."""
        from analogeq.engines.native.resistive.compiled.links import coupling_load

        load = np.zeros(int(self.ends[-1]), dtype=self.flat.dtype)
        coupling_load(self.flat, self.starts, self.ends, self.turned, load)
        return load

    def margin(self, load: Array) -> float:
        """Margin of the certificate of convexity; above zero is a proof, else nothing is known."""
        from analogeq.engines.native.resistive.compiled.links import margin

        # In single precision a thousand roundings are no proof.
        enough = 1e3 * float(np.finfo(load.dtype).eps)
        found = margin(load, self.flat, self.starts, self.ends, self.turned, TRIES, enough)
        return found if found > enough else -1.0


def fits(circuit: ResistiveCircuit) -> bool:
    """Whether the compiled sweeps hold for this circuit."""
    tech = circuit.technology
    if tech.amplifier is not None or not tech.wires.are_ideal or not circuit.network.is_layered:
        return False
    if isinstance(tech.device, IdealDiode):
        return True
    alike = all(np.ptp(circuit.polarity[layer]) == 0.0 for layer in circuit.network.layers)
    return alike and has_exponential_kernel(tech.device)


@dataclass(frozen=True, eq=False)
class Plan:
    """Where things stand, which the topology alone decides.

    Attributes
    ----------
    starts, ends : ndarray of int
        As in `Layered`.
    turned : ndarray of bool
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    turned: NDArray[np.bool_]


def planned(circuit: ResistiveCircuit) -> Plan:
    """Decide where layers and links stand."""
    blocks = circuit.wiring.coupling_blocks
    ends = np.concatenate([[0], np.cumsum(circuit.network.layer_sizes[1:])]).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum([b.shape[0] * b.shape[1] for b in blocks])]).astype(np.int64)
    return Plan(starts, ends, np.array([b.shape[1] < b.shape[0] for b in blocks], dtype=bool))


def laid_out(circuit: ResistiveCircuit, plan: Plan, conductances: ResistiveConductances) -> Layered:
    """Lay the links out; those that are wide already are not copied."""
    blocks, starts, turned = circuit.wiring.coupling_blocks, plan.starts, plan.turned
    if not turned.any():
        first = blocks[0].edges.start if blocks else 0
        flat = conductances.g[first : first + int(starts[-1])]
        return Layered(flat, starts, plan.ends, turned)
    flat = np.empty(int(starts[-1]), dtype=conductances.g.dtype)
    for k, block in enumerate(blocks):
        matrix = block.view(conductances.g)
        wide = matrix.T if turned[k] else matrix
        flat[starts[k] : starts[k + 1]].reshape(wide.shape)[:] = wide
    return Layered(flat, starts, plan.ends, turned)
