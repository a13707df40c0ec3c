r"""Certificates: one operating point, and how negative a nudge may be.

With every diode blocking, the curvature of the co-content is the matrix L of the linear part;
diodes only add to it. L has no positive entry off its diagonal, so it is positive definite exactly
if some vector x > 0 has L x > 0 [1]_; x is the certificate, found with a few products. A negative
conductance :math:`-|\beta|` at the outputs leaves it definite as long as

.. math:: |\beta| < \lambda_{min}\left(L_{oo} - L_{oh} L_{hh}^{-1} L_{ho}\right),

the least eigenvalue of what the rest of the circuit looks like from the outputs.

References
----------
.. [1] Berman & Plemmons, Nonnegative Matrices in the Mathematical Sciences, ch. 6 (M-matrices).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, diags_array
from scipy.sparse.linalg import splu

from analogeq.circuit.drive import Drive
from analogeq.circuit.resistive.circuit import ResistiveCircuit, ResistiveConductances
from analogeq.circuit.resistive.laws import loads
from analogeq.errors import InputError

SWEEPS = 50

ENOUGH = 1e-10
"""Least margin that counts: an output without a path to ground has exactly zero at x = 1, give or take roundings."""


@dataclass(frozen=True, eq=False)
class Certificate:
    """Whether the co-content is strictly convex, with what proves it.

    Attributes
    ----------
    witness : ndarray, shape (node,)
        x > 0; where strictly convex, L x > 0 as well.
    margin : float
        Smallest entry of L x over the load of its node, dimensionless; above zero is the proof.
    """

    witness: NDArray[np.float64]
    margin: float

    @property
    def strictly_convex(self) -> bool:
        """Whether there is one operating point, whatever the inputs."""
        return self.margin > ENOUGH


def convexity(circuit: ResistiveCircuit, conductances: ResistiveConductances, drive: Drive) -> Certificate:
    """Look for a certificate that there is one operating point; depends on the drive by its nudge only.

    Jacobi iteration on L x = load converges to a positive x if and only if L is an M-matrix; each
    iterate is tried as the witness.
    """
    load = loads(circuit, conductances, drive).astype(np.float64)
    if (load <= 0.0).any():
        return Certificate(np.ones(len(load)), float((load / np.abs(load).max(initial=1e-300)).min()))
    x = np.ones(len(load))
    sent = _coupling(circuit, conductances)
    for _ in range(SWEEPS):
        reached = sent(x) / load
        margin = float((x - reached).min())
        if margin > ENOUGH:
            return Certificate(x, margin)
        x = 1.0 + reached
    return _exactly(circuit, conductances, load)


def _coupling(
    circuit: ResistiveCircuit, conductances: ResistiveConductances
) -> Callable[[NDArray[np.float64]], NDArray[np.floating]]:
    """Currents that nodes send each other; a graph of many small blocks is one sparse matrix here."""
    if all(block.dense for block in circuit.seen.network.coupling_blocks):
        return lambda x: circuit.coupling_currents(conductances, x[None, :])[0]
    couplings = csr_array(linear_matrix(circuit, conductances, np.zeros(circuit.network.n_nodes)))
    return lambda x: -(couplings @ x)


def _exactly(circuit: ResistiveCircuit, conductances: ResistiveConductances, load: NDArray[np.float64]) -> Certificate:
    """Solve for the witness: L x = load."""
    try:
        x = splu(linear_matrix(circuit, conductances, load)).solve(load)
    except RuntimeError:  # exactly singular: some nodes have no path to a source
        return Certificate(np.ones(len(load)), 0.0)
    if not (np.isfinite(x).all() and (x > 0.0).all()):
        return Certificate(np.abs(x), -1.0)
    margin = float((x - circuit.coupling_currents(conductances, x[None, :])[0] / load).min())
    return Certificate(x, margin)


def linear_matrix(
    circuit: ResistiveCircuit, conductances: ResistiveConductances, load: NDArray[np.floating]
) -> csc_array:
    """L: load on the diagonal, couplings off it [S], with every diode blocking."""
    between = circuit.between(conductances)
    rows: list[NDArray[np.intp]] = []
    cols: list[NDArray[np.intp]] = []
    values: list[NDArray[np.floating]] = []
    for coupling in circuit.seen.couplings:
        row, col = coupling.block.endpoints()
        (ahead, back), (lower_ahead, lower_back) = circuit.raising(coupling)
        pre, post = (at.start + k for at, k in zip(circuit.ends(coupling.block), (row, col), strict=True))
        g = between[coupling.block.edges].astype(np.float64)
        rows += [post, pre]
        cols += [pre, post]
        values += [-g * ahead[row] * lower_back[col], -g * back[row] * lower_ahead[col]]
    n = circuit.network.n_nodes
    diagonal = diags_array(np.asarray(load, dtype=np.float64), format="csc")
    if not rows:
        return csc_array(diagonal)
    off = csc_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(cols))), shape=(n, n))
    return csc_array(diagonal + off)


def largest_negative_nudge(circuit: ResistiveCircuit, conductances: ResistiveConductances) -> float:
    """Largest magnitude [S] of a negative nudge that leaves one stable operating point, for any input."""
    outputs, hidden = circuit.network.outputs, circuit.hidden
    free = Drive(np.empty((0, circuit.network.n_inputs)))
    matrix = linear_matrix(circuit, conductances, loads(circuit, conductances, free))
    seen = matrix[outputs][:, outputs].toarray()
    if len(hidden):
        inner = splu(csc_array(matrix[hidden][:, hidden]))
        seen = seen - matrix[outputs][:, hidden] @ inner.solve(matrix[hidden][:, outputs].toarray())
    # With amplifiers seen from single-terminal outputs the matrix is symmetric only up to stage factors, 1 here.
    return max(float(np.linalg.eigvalsh(0.5 * (seen + seen.T))[0]), 0.0)


def refuse_unstable(circuit: ResistiveCircuit, conductances: ResistiveConductances, drive: Drive) -> None:
    """Raise `InputError` where a negative nudge would leave no stable operating point."""
    if drive.nudge is None or drive.nudge.lowest >= 0.0:
        return
    if convexity(circuit, conductances, drive).strictly_convex:
        return
    _refuse_bare_outputs(circuit, conductances, drive.nudge.lowest)
    most = largest_negative_nudge(circuit, conductances)
    raise InputError(
        f"nudge: conductance {drive.nudge.lowest!r} S makes the circuit unstable; "
        f"it stays stable down to -{most:.6g} S: give |beta| below that, or nudge with a constant current"
    )


def _refuse_bare_outputs(circuit: ResistiveCircuit, conductances: ResistiveConductances, nudge: float) -> None:
    """Name the first output that no conductance holds, so that no negative nudge is small enough."""
    held = circuit.source_load(conductances) + circuit.coupling_load(conductances)
    outputs = circuit.network.outputs
    bare = outputs[held[outputs] <= 0.0]
    if len(bare):
        name = circuit.network.node_names[int(bare[0])]
        raise InputError(
            f"node {name}: all conductances to this output are 0 S, so any negative "
            f"nudge, here {nudge!r} S, makes it unstable; program one of them above 0 S, or raise conductance_low"
        )
