"""The ngspice engine: the reference, through PySpice's shared library in worker processes."""

from __future__ import annotations

import os
import weakref
from types import TracebackType
from typing import Self, overload

from analogeq.circuit import Circuit
from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.engines.ngspice.accuracy import PHASES, AccuracyName
from analogeq.engines.ngspice.library import find_library
from analogeq.engines.ngspice.pool import Limits, WorkerPool
from analogeq.engines.ngspice.resistive import NgspiceResistiveSession
from analogeq.engines.ngspice.session import NgspiceSession
from analogeq.errors import InputError


class NgspiceEngine:
    """Settles circuits with ngspice.

    Workers start when the first circuit is opened and are reused by every session. They end when
    the engine is closed, or no longer referenced, and its last session is closed.

    Parameters
    ----------
    workers : int, optional
        Processes that samples are split over; one a core if not given. Answers do not depend on it.
    time_limit : float
        Seconds that one sample may take before its worker is replaced.
    memory_limit : int
        Bytes beyond which a worker is replaced after its share.
    accuracy : {"fast", "tight"}
        How closely transients follow the circuit; see `analogeq.engines.ngspice.accuracy`.
    """

    name = "ngspice"

    def __init__(
        self,
        workers: int | None = None,
        *,
        time_limit: float = 60.0,
        memory_limit: int = 2 << 30,
        accuracy: AccuracyName = "fast",
    ) -> None:
        count = workers if workers is not None else available_cores()
        if count < 1:
            raise InputError(f"ngspice engine: {count} workers; give 1 or more")
        if not time_limit > 0.0:
            raise InputError(f"ngspice engine: time limit {time_limit} s; give a positive time")
        if accuracy not in PHASES:
            raise InputError(f"ngspice engine: accuracy {accuracy!r} is unknown; choose {' or '.join(PHASES)}")
        self._accuracy: AccuracyName = accuracy
        self._pool = WorkerPool(find_library(), count, Limits(time_limit, memory_limit))
        self._pool.hold()
        self._release = weakref.finalize(self, self._pool.release)

    @overload
    def open(self, circuit: Circuit) -> NgspiceSession: ...

    @overload
    def open(self, circuit: ResistiveCircuit) -> NgspiceResistiveSession: ...

    def open(self, circuit: Circuit | ResistiveCircuit) -> NgspiceSession | NgspiceResistiveSession:
        """Prepare a circuit of either family; ``program`` must follow before anything settles."""
        if not self._release.alive:
            raise InputError("ngspice engine: it is closed; make a new one")
        if isinstance(circuit, ResistiveCircuit):
            return NgspiceResistiveSession(circuit, self._pool)
        return NgspiceSession(circuit, self._pool, self._accuracy)

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """Process ids of the workers that run."""
        return self._pool.pids

    @property
    def restarts(self) -> int:
        """How many workers were replaced so far."""
        return self._pool.restarts

    def close(self) -> None:
        """Let go of the workers; they end with the last open session. A second call does nothing."""
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
