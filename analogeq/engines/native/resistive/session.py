"""One circuit of the resistive family, opened by the native engine."""

from __future__ import annotations

from types import TracebackType
from typing import NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Drive
from analogeq.circuit.resistive import (
    Certificate,
    ResistiveCircuit,
    ResistiveConductances,
    convexity,
)
from analogeq.circuit.resistive.convexity import refuse_unstable
from analogeq.engines.contract import OperatingPoint, Status
from analogeq.engines.native.resistive.descent import Descended, descend, fixed_sweeps
from analogeq.engines.native.resistive.folding import Folded, fold, fold_plain, is_plain
from analogeq.engines.native.resistive.layered import Layered, fits, laid_out, planned
from analogeq.engines.native.resistive.newton import finished, newton
from analogeq.engines.native.resistive.problem import Array, Link, Problem, links_of, problem_of
from analogeq.engines.resistive_checks import check_drive, check_inputs, no_time, start_voltages
from analogeq.errors import InputError

RELATIVE_TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
"""Largest imbalance of an accepted node over the sample's largest supply current, by precision: some
thousand roundings."""

MOST_SWEEPS = 2000

MOST_MESHED = 60
"""Sweeps where nodes of one layer are joined, through wires; a dozen are usual, and where these take most of what
devices give, Newton is quicker."""


class ResistiveSession:
    """Settles one circuit in this process; see `analogeq.engines.contract.Session`.

    Arithmetic is in the precision of what is programmed and presented.

    Parameters
    ----------
    circuit : ResistiveCircuit
    relative_tolerance : float, optional
        Largest Kirchhoff residual over the sample's largest supply current; by precision if not given.
    compiled : bool
        Use the kernels that numba compiles.
    """

    def __init__(
        self, circuit: ResistiveCircuit, relative_tolerance: float | None = None, *, compiled: bool = False
    ) -> None:
        self.circuit = circuit
        self.relative_tolerance = relative_tolerance
        self.compiled = compiled
        self._conductances: ResistiveConductances | None = None
        self._links: tuple[Link, ...] = ()
        self._layered: Layered | None = None
        self._folded: Folded | None = None
        self._plan = planned(circuit) if compiled and fits(circuit) else None
        self._plain = is_plain(circuit)
        self._polarity: dict[np.dtype[np.floating], Array] = {
            np.dtype(np.float32): circuit.polarity.astype(np.float32),
            np.dtype(np.float64): circuit.polarity,
        }

    def program(self, conductances: ResistiveConductances) -> None:
        """Take new conductances; the topology stays. They are read, not copied: program anew after a change."""
        self._conductances = conductances
        self._links = links_of(self.circuit, conductances)
        self._folded = None
        self._layered = None
        if self._plan is not None:
            self._layered = laid_out(self.circuit, self._plan, conductances)

    def settle(
        self,
        drive: Drive,
        start: NDArray[np.floating] | None = None,
        *,
        duration: float | None = None,
        check: bool = True,
        sweeps: int | None = None,
    ) -> OperatingPoint:
        """Find the operating point; there is one, wherever it starts from.

        Parameters
        ----------
        drive : Drive
            A `ResistiveDrive`, or inputs and a nudge.
        start : ndarray, shape (batch, node), optional
            Where to begin [V]; zeros if not given.
        duration : None
            These circuits have no capacitors; a time is refused.
        check : bool
            Raise `NotSettledError` for a failed sample.
        sweeps : int, optional
            Make so many sweeps of coordinate descent instead of settling, as papers do; the
            status then is `Status.FOLLOWED`.

        Raises
        ------
        InputError
            If the drive does not fit, or its nudge is so negative that nothing is stable.
        NotSettledError
            If the residual stays above the tolerance.
        """
        if duration is not None:
            no_time("duration")
        held = self._programmed()
        check_drive(self.circuit, drive)
        folded = self._fold(held, drive)
        polarity = self._polarity[folded.supply.dtype]
        problem = problem_of(
            self.circuit, folded.supply, folded.load, drive, self._links, polarity, compiled=self.compiled
        )
        self._refuse_unstable(held, drive, problem)
        at = start_voltages(self.circuit, drive, start, problem.supply.dtype)
        if sweeps is not None:
            return self._after_sweeps(problem, at, sweeps)
        point = self._settled(problem, at)
        return point.checked() if check else point

    def transient(
        self,
        drive: Drive,  # noqa: ARG002  the contract's
        stop: float,  # noqa: ARG002  the contract's
        start: NDArray[np.floating] | None = None,  # noqa: ARG002  the contract's
        *,
        points: int | None = None,  # noqa: ARG002  the contract's
    ) -> NoReturn:
        """Refuse: a circuit without capacitors has no time of its own."""
        no_time("transient")

    def certificate(self, drive: Drive) -> Certificate:
        """Prove that there is one operating point under this drive's nudge, or not."""
        return convexity(self.circuit, self._programmed(), drive)

    def close(self) -> None:
        """Give everything back; a second call does nothing."""
        self._conductances = self._layered = self._folded = None
        self._links = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _programmed(self) -> ResistiveConductances:
        if self._conductances is None:
            raise InputError("session: nothing is programmed; call program(circuit.program(g)) first")
        return self._conductances

    def _fold(self, held: ResistiveConductances, drive: Drive) -> Folded:
        """Sources as the nodes see them; phases of one presentation share it."""
        if self._folded is not None and self._folded.of(drive.inputs):
            return self._folded
        check_inputs(self.circuit, drive)
        if self._layered is not None and self._plain and drive.inputs.dtype == held.g.dtype:
            self._folded = fold_plain(self.circuit, held, drive.inputs, self._layered.coupling_load())
        else:
            self._folded = fold(self.circuit, held, drive.inputs)
        return self._folded

    def _refuse_unstable(self, held: ResistiveConductances, drive: Drive, problem: Problem) -> None:
        if drive.nudge is None or drive.nudge.lowest >= 0.0:
            return
        if self._layered is not None and self._layered.margin(problem.load) > 0.0:
            return
        refuse_unstable(self.circuit, held, drive)

    def _tolerance(self, problem: Problem) -> Array:
        relative = self.relative_tolerance or RELATIVE_TOLERANCE[problem.supply.dtype.name]
        driven = np.abs(problem.supply).max(axis=1, initial=0.0)
        if problem.held is not None:
            driven = driven + problem.load.max(initial=0.0) * np.abs(problem.held).max(axis=1, initial=0.0)
        tolerance: Array = relative * (driven + 1e-9 * problem.load.max(initial=0.0))
        return tolerance

    def _settled(self, problem: Problem, start: Array) -> OperatingPoint:
        goal = self._tolerance(problem)
        if self.circuit.wiring_is_bipartite:
            found, how = self._descended(problem, start, goal), "block coordinate descent"
            slow = np.flatnonzero(found.residual > goal)
            if len(slow):  # an error walks through a layer at a sweep, and through all of a sparse matrix at a step
                found, how = finished(problem, found, slow, goal), f"{how} and sparse Newton"
        else:
            found, how = newton(problem, start, goal), "sparse Newton"
        status = np.where(found.residual <= goal, Status.SETTLED, Status.NOT_SETTLED).astype(np.int8)
        return _point(found, status, f"operating point by {how}")

    def _descended(self, problem: Problem, start: Array, goal: Array) -> Descended:
        """Sweep by the kernels where two layers settle in a few sweeps, accelerated where errors walk further."""
        kernels = self._kernels_for(problem)
        if kernels is None or not kernels.quickest(problem):
            return descend(problem, start, goal, MOST_MESHED if problem.meshed else MOST_SWEEPS)
        found = kernels.settle(problem, start, goal)
        if (found.residual <= goal).all():
            return found
        return descend(problem, found.voltages, goal, MOST_SWEEPS)

    def _kernels_for(self, problem: Problem) -> Layered | None:
        """Compiled sweeps, where they hold for what is driven."""
        layered = self._layered
        fit = layered is not None and problem.held is None and problem.supply.dtype == layered.flat.dtype
        return layered if fit else None

    def _after_sweeps(self, problem: Problem, start: Array, sweeps: int) -> OperatingPoint:
        if sweeps < 1:
            raise InputError(f"sweeps: {sweeps}; make 1 or more, or leave it out to settle")
        kernels = self._kernels_for(problem)
        found = fixed_sweeps(problem, start, sweeps) if kernels is None else kernels.sweep(problem, start, sweeps)
        status = np.full(len(found.residual), Status.FOLLOWED, dtype=np.int8)
        return _point(found, status, f"{sweeps} sweeps of block coordinate descent")


def _point(found: Descended, status: NDArray[np.int8], how: str) -> OperatingPoint:
    return OperatingPoint(
        found.voltages.astype(np.float64, copy=False),
        found.residual.astype(np.float64, copy=False),
        status,
        how,
        {"sweeps": float(found.sweeps)},
    )
