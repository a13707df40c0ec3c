r"""Is a circuit's energy strictly convex? Then it has one equilibrium, and every road leads there.

With the clamps away, the net current falls from an equilibrium by the matrix

.. math:: H = \mathrm{diag}(g_{load}) - G_0 f \, \tfrac12 (M + M^T)

with the loads of leak, tether and nudge, the couplings M among neurons and the follower's factor f.
Clamps only add conductance. So if the smallest eigenvalue of H is positive, the circuit is strongly
monotone: one equilibrium, approached from anywhere at a rate of at least that eigenvalue over C,
whether or not both directions of a weight agree. An operating-point analysis is then the same as
settling; otherwise the circuit may have several minima and has to be followed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from analogeq.circuit.circuit import Circuit
from analogeq.circuit.conductances import Conductances
from analogeq.circuit.drive import Drive
from analogeq.circuit.stages import amplifier_slopes, coupling_matrix, relaxation_matrix
from analogeq.hardware import DiodeClamp
from analogeq.hardware.diode import clamp_current

MARGIN = 1e-6
"""Smallest eigenvalue that counts as positive, in units of G0: a hundred times what `eigsh` is asked for."""

_EIGSH_TOLERANCE = 1e-8
_DENSE_UP_TO = 128  # neurons; beyond, Lanczos is faster than the full spectrum


@dataclass(frozen=True)
class Landscape:
    """What is known about the energy's curvature under one drive.

    Attributes
    ----------
    strictly_convex : bool
        Whether there is one equilibrium, reached from every start.
    smallest_eigenvalue : float
        Of H [S]; where ``bounded_by`` is "row sums" a lower bound of it; minus infinity if Lanczos
        did not converge.
    bounded_by : str
        "row sums" (Gershgorin's circles), "eigenvalues" (all of them) or "Lanczos" (the smallest).
    smallest_load : float
        Least conductance from a node to ground [S]; at zero or below only a rail can hold that node.
    """

    strictly_convex: bool
    smallest_eigenvalue: float
    bounded_by: str
    smallest_load: float


def is_strictly_convex(circuit: Circuit, conductances: Conductances, drive: Drive) -> Landscape:
    """Bound the curvature of the circuit's energy from below, cheaply if that suffices.

    Depends on the drive through the conductances of tether and nudge alone, so one answer holds for
    all samples of a batch.

    Parameters
    ----------
    circuit : Circuit
    conductances : Conductances
    drive : Drive

    Returns
    -------
    Landscape
    """
    load = circuit.load_conductances(drive)
    floor = MARGIN * circuit.technology.unit_conductance
    mean = 0.5 * (conductances.weights.astype(np.float64) + conductances.backward)
    bound = float((load - _row_sums(circuit, conductances, mean)).min())
    how = "row sums"
    if bound <= floor:
        bound, how = _smallest_eigenvalue(circuit, replace(conductances, weights=mean, backward=mean), load)
    return Landscape(bound > floor, bound, how, float(load.min()))


def _row_sums(circuit: Circuit, conductances: Conductances, mean: NDArray[np.float64]) -> NDArray[np.floating]:
    magnitude = np.abs(mean)
    ones = np.ones((1, circuit.network.n_nodes))
    sums: NDArray[np.floating] = circuit.coupling_currents(
        replace(conductances, weights=magnitude, backward=magnitude), ones
    )[0]
    return sums


def _smallest_eigenvalue(circuit: Circuit, symmetric: Conductances, load: NDArray[np.floating]) -> tuple[float, str]:
    n = len(load)
    if n <= _DENSE_UP_TO:
        matrix = np.diag(load) - circuit.coupling_currents(symmetric, np.eye(n))
        return float(np.linalg.eigvalsh(matrix)[0]), "eigenvalues"
    unit = circuit.technology.unit_conductance

    def apply(v: NDArray[np.float64]) -> NDArray[np.floating]:
        row = v.reshape(1, n)
        return ((load * row - circuit.coupling_currents(symmetric, row)) / unit).reshape(n)

    # A fixed start makes the answer repeatable; a random direction is orthogonal to no eigenvector.
    start = np.random.default_rng(0).standard_normal(n)
    operator = LinearOperator((n, n), matvec=apply, dtype=np.float64)
    try:
        smallest = eigsh(operator, k=1, which="SA", v0=start, tol=_EIGSH_TOLERANCE, return_eigenvectors=False)[0]
    except ArpackNoConvergence:
        return -np.inf, "Lanczos"
    return float(smallest) * unit, "Lanczos"


def is_stable(
    circuit: Circuit, conductances: Conductances, drive: Drive, voltages: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Tell whether small disturbances of each sample die out, shape (batch,).

    Nodes that an ideal clamp holds at a rail cannot move; a diode clamp adds its own conductance. Amplifiers that lag
    take part, see `analogeq.circuit.stages`. Meant for equilibria: a saddle between two minima has no net current
    either, but is not stable.
    """
    tech, (lower, upper) = circuit.technology, circuit.levels
    load, couplings = circuit.load_conductances(drive), coupling_matrix(circuit, conductances)
    stable = np.empty(len(voltages), dtype=bool)
    for sample, (v, following, sending) in enumerate(
        zip(voltages, *amplifier_slopes(circuit, conductances, drive, voltages), strict=True)
    ):
        own, free = load.astype(np.float64), np.ones(len(load), dtype=bool)
        if isinstance(tech.clamp, DiodeClamp):
            own = own + clamp_current(v, tech.clamp, upper, tech.temperature, lower)[1]
        else:
            free = (v > lower) & (v < upper)
        local = relaxation_matrix(circuit, couplings, own, following, sending)
        moving = np.flatnonzero(np.append(free, np.ones(len(local) - len(free), dtype=bool)))
        stable[sample] = _decays(local[np.ix_(moving, moving)])
    return stable


def _decays(matrix: NDArray[np.floating]) -> bool:
    """Whether all eigenvalues have positive real parts; a positive definite symmetric part is enough."""
    try:
        np.linalg.cholesky(0.5 * (matrix + matrix.T))
    except np.linalg.LinAlgError:
        if np.array_equal(matrix, matrix.T):
            return False
        return bool((np.linalg.eigvals(matrix).real > 0.0).all())
    return True
