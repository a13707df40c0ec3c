"""The one contract that every engine fulfils."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import TracebackType
from typing import Protocol, Self, overload

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances
from analogeq.errors import NotSettledError

Volts = NDArray[np.float64]


class Status(IntEnum):
    """What became of one sample."""

    SETTLED = 0
    FOLLOWED = 1
    NOT_SETTLED = 2
    CYCLING = 3
    UNSTABLE = 4
    SIMULATOR_FAILED = 5
    INEXACT = 6

    @property
    def good(self) -> bool:
        """Whether the sample's voltages are an answer to what was asked."""
        return self in (Status.SETTLED, Status.FOLLOWED)

    @property
    def advice(self) -> str:
        """What it means and what to change."""
        return _ADVICE[self]


_ADVICE = {
    Status.SETTLED: "settled to the stated Kirchhoff residual",
    Status.FOLLOWED: "followed for the duration asked, settled or not",
    Status.NOT_SETTLED: "still moving when the limit of work was reached; "
    "allow more time, or lower the weights' scale (weakly coupled circuits settle fastest)",
    Status.CYCLING: "the solver went round in circles; ask for a transient, which follows the circuit itself",
    Status.UNSTABLE: "no equilibrium but a rail: the nudge is more negative than leak and tether hold; "
    "give the nudged phase a duration, or raise beta above -(1 + lambda) / 2",
    Status.SIMULATOR_FAILED: "the simulator died, hung or gave no finite answer, twice; "
    "run `analogeq doctor`, and settle the sample alone to see its message",
    Status.INEXACT: "the simulator called it converged, but by the circuit's own equations currents do not balance: "
    "below -3 thermal voltages its diodes follow another law, which shows where large saturation currents meet small "
    "offsets; settle the sample with the native engine, or give the devices a larger offset",
}


@dataclass(frozen=True, eq=False)
class OperatingPoint:
    """Where a batch of circuits stands, and how sure that is.

    Attributes
    ----------
    voltages : ndarray, shape (batch, node)
        Node voltages [V], read-only.
    kcl_residual : ndarray, shape (batch,)
        Largest net current into a node [A]; near zero at an equilibrium.
    status : ndarray of int, shape (batch,)
        A `Status` for each sample.
    analysis : str
        How it was found: "operating point" or "transient", and by which solver.
    stats : mapping
        Work done, by the solver's own counts (iterations, sweeps, time points, …).
    """

    voltages: Volts
    kcl_residual: NDArray[np.float64]
    status: NDArray[np.int8]
    analysis: str
    stats: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for array in (self.voltages, self.kcl_residual, self.status):
            array.setflags(write=False)

    def checked(self) -> OperatingPoint:
        """Return itself, or raise `NotSettledError` naming the failed samples and the remedy."""
        if self.status.max(initial=0) <= Status.FOLLOWED:
            return self
        bad = np.flatnonzero(self.status > Status.FOLLOWED)
        reasons = "; ".join(
            f"{np.count_nonzero(self.status == s)} sample(s), first number {np.flatnonzero(self.status == s)[0]}: "
            f"{Status(int(s)).advice}"
            for s in np.unique(self.status[bad])
        )
        worst = self.kcl_residual[bad].max()
        raise NotSettledError(f"{self.analysis}: {reasons} (largest Kirchhoff residual {worst:.3g} A)")


@dataclass(frozen=True, eq=False)
class Waveform:
    """Node voltages against time.

    Attributes
    ----------
    times : ndarray, shape (time,)
        [s], from 0, increasing; one grid for the whole batch.
    voltages : ndarray, shape (batch, time, node)
        [V].
    analysis : str
    stats : mapping
    """

    times: NDArray[np.float64]
    voltages: NDArray[np.float64]
    analysis: str
    stats: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for array in (self.times, self.voltages):
            array.setflags(write=False)

    @property
    def final(self) -> Volts:
        """Node voltages at the end [V], shape (batch, node)."""
        return self.voltages[:, -1]


class Session(Protocol):
    """One circuit, opened: expensive work happened once. A context manager."""

    @property
    def circuit(self) -> Circuit:
        """What was opened."""
        ...

    def program(self, conductances: Conductances) -> None:
        """Take new conductances; the topology stays."""

    def settle(
        self,
        drive: Drive,
        start: NDArray[np.floating] | None = None,
        *,
        duration: float | None = None,
        check: bool = True,
    ) -> OperatingPoint:
        """Go where the dynamics go from ``start``.

        Parameters
        ----------
        drive : Drive
        start : ndarray, shape (batch, node), optional
            Capacitor voltages at time zero [V]; zeros if not given.
        duration : float, optional
            Follow the dynamics for this long [s] and stop, settled or not. To the equilibrium if
            not given.
        check : bool
            Raise `NotSettledError` for a failed sample; otherwise hand over the statuses.
        """
        ...

    def transient(
        self, drive: Drive, stop: float, start: NDArray[np.floating] | None = None, *, points: int | None = None
    ) -> Waveform:
        """Follow the dynamics from ``start`` for ``stop`` [s].

        Parameters
        ----------
        points : int, optional
            Sample the waveform on this many equidistant times, both ends included; the engine's
            own time points otherwise.
        """
        ...

    def close(self) -> None:
        """Give everything back; a second call does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ResistiveSession(Protocol):
    """One circuit of the resistive family, opened: it has no time, so it settles and knows no transients."""

    @property
    def circuit(self) -> ResistiveCircuit:
        """What was opened."""
        ...

    def program(self, conductances: ResistiveConductances) -> None:
        """Take new conductances; the topology stays."""

    def settle(
        self,
        drive: Drive,
        start: NDArray[np.floating] | None = None,
        *,
        check: bool = True,
        sweeps: int | None = None,
    ) -> OperatingPoint:
        """Find the operating point.

        Parameters
        ----------
        drive : Drive
            A `analogeq.circuit.resistive.ResistiveDrive`, or inputs and a nudge.
        start : ndarray, shape (batch, node), optional
            Where to begin [V]; zeros if not given. The answer does not depend on it, the work may.
        check : bool
            Raise `NotSettledError` for a failed sample; otherwise hand over the statuses.
        sweeps : int, optional
            Make so many sweeps of coordinate descent instead of settling, where the engine makes any.
        """
        ...

    def close(self) -> None:
        """Give everything back; a second call does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Engine(Protocol):
    """Something that settles circuits."""

    @property
    def name(self) -> str:
        """How the command line calls it."""
        ...

    @overload
    def open(self, circuit: Circuit) -> Session: ...

    @overload
    def open(self, circuit: ResistiveCircuit) -> ResistiveSession: ...

    def open(self, circuit: Circuit | ResistiveCircuit) -> Session | ResistiveSession:
        """Prepare a circuit; ``program`` must follow before anything settles."""
        ...
