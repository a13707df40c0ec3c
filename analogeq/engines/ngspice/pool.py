"""Workers shared by the sessions of one engine: samples are split over them and failures retried."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.ngspice.messages import Arrays, Header
from analogeq.engines.ngspice.process import STARTING_LIMIT, WorkerLostError, WorkerProcess
from analogeq.errors import SimulatorError

Doubles = NDArray[np.float64]

SECONDS_PER_EDGE = 2e-3
"""Added to the limit for loading: two dense layers of 500 take Sparse 1.3 a minute to order."""

PATIENCE = 0.02
"""Seconds that a worker may collect finished samples before it sends them: a message costs as much as a fifth of
an operating point."""

_tokens = itertools.count()


@dataclass(frozen=True, eq=False)
class Deck:
    """A netlist to load, and what its elements are called.

    Attributes
    ----------
    netlist : str
    n_nodes, n_outputs : int
    forward, backward : list of int
        Numbers of the transconductances that each way of the couplings has.
    time_constant : float
        [s]
    n_stages : int
        Nodes behind those of the neurons, for amplifiers, each with a current source, too.
    lagging : sequence of int
        Those of them that have a capacitor.
    token : int
        Tells decks apart.
    """

    netlist: str
    n_nodes: int
    n_outputs: int
    forward: list[int]
    backward: list[int]
    time_constant: float
    n_stages: int = 0
    lagging: Sequence[int] = ()
    token: int = field(default_factory=lambda: next(_tokens))


@dataclass(frozen=True, eq=False)
class Gains:
    """What the transconductances of a deck hold [S], in its order."""

    forward: Doubles
    backward: Doubles
    token: int = field(default_factory=lambda: next(_tokens))


@dataclass(frozen=True, eq=False)
class SampleResult:
    """What came back for one sample.

    Attributes
    ----------
    times : ndarray, shape (time,)
    voltages : ndarray, shape (time, node)
        Empty if the sample failed.
    n_points : int
    failure : str
        Why there are none; empty if there are.
    """

    times: Doubles
    voltages: Doubles
    n_points: int
    failure: str = ""


@dataclass(frozen=True)
class Limits:
    """When a worker is replaced.

    Attributes
    ----------
    sample_seconds : float
        One sample may take this long [s].
    memory : int
        A worker that holds more after its share is replaced [byte].
    """

    sample_seconds: float = 60.0
    memory: int = 2 << 30


class WorkerPool:
    """Starts workers when first needed and ends them when its last holder lets go.

    Parameters
    ----------
    library : Path
    workers : int
    limits : Limits
    """

    def __init__(self, library: Path, workers: int, limits: Limits) -> None:
        self.library = library
        self.limits = limits
        self.restarts = 0
        self._workers: list[WorkerProcess | None] = [None] * workers
        self._threads: ThreadPoolExecutor | None = None
        self._holders = 0
        self._lock = threading.RLock()
        self._owner = os.getpid()
        self._stopping = False

    def hold(self) -> None:
        """Count one more holder, and start the workers so that they are ready when asked."""
        with self._lock:
            self._holders += 1

    def release(self) -> None:
        """Count one holder less; the last one ends the workers."""
        with self._lock:
            self._holders -= 1
            if self._holders == 0 and os.getpid() == self._owner:
                self._end()

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that run."""
        return tuple(w.pid for w in self._workers if w is not None and w.alive)

    @property
    def simulator(self) -> str:
        """Version and solver of the library, as a worker reported them."""
        told = (w for w in self._workers if w is not None and w.version)
        return next((f"ngspice {w.version} ({w.solver})" for w in told), "ngspice")

    def start(self) -> None:
        """Start every worker that does not run; returns without waiting for them."""
        with self._lock:
            for slot, worker in enumerate(self._workers):
                if worker is None:
                    self._workers[slot] = WorkerProcess(self.library)

    def run(
        self, deck: Deck, gains: Gains, task: dict[str, object], currents: Doubles, start: Doubles
    ) -> list[SampleResult]:
        """Analyse all samples; one that fails twice comes back with its failure.

        Raises
        ------
        SimulatorError
            If ngspice refuses the netlist or the gains.
        """
        with self._lock:
            self.start()
            shares = [s for s in np.array_split(np.arange(len(currents)), len(self._workers)) if len(s)]
            results: list[SampleResult | None] = [None] * len(currents)

            def work(slot: int) -> None:
                self._share(slot, shares[slot].tolist(), (deck, gains, task), (currents, start), results)

            self._in_parallel(work, len(shares))
            return [r for r in results if r is not None]

    def _in_parallel(self, work: Callable[[int], None], count: int) -> None:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(len(self._workers), thread_name_prefix="ngspice")
        jobs = [self._threads.submit(work, slot) for slot in range(count)]
        try:
            wait(jobs)
        except BaseException:  # an interrupt: let no thread go on with a worker that the next call may want
            self._stopping = True
            for worker in filter(None, self._workers):
                worker.interrupt()
            wait(jobs)
            self._stopping = False
            raise
        for job in jobs:
            job.result()

    def _share(
        self,
        slot: int,
        samples: list[int],
        what: tuple[Deck, Gains, dict[str, object]],
        data: tuple[Doubles, Doubles],
        results: list[SampleResult | None],
    ) -> None:
        """Run one worker's samples in order, with a new worker after each failure.

        After the first, every sample is sent at once, so that it is known which one a worker died of.
        """
        tried, patience = -1, PATIENCE
        while samples:
            try:
                self._attempt(slot, samples, (*what, patience), data, results)
            except WorkerLostError as lost:
                patience = 0.0
                self._replace(slot)
                if not samples or self._stopping:
                    return
                if samples[0] == tried:
                    results[samples.pop(0)] = SampleResult(np.empty(0), np.empty((0, 0)), 0, str(lost))
                    tried = -1
                else:
                    tried = samples[0]

    def _attempt(
        self,
        slot: int,
        samples: list[int],
        what: tuple[Deck, Gains, dict[str, object], float],
        data: tuple[Doubles, Doubles],
        results: list[SampleResult | None],
    ) -> None:
        deck, gains, task, patience = what
        worker = self._ready(slot, deck, gains)
        limit = self.limits.sample_seconds
        chosen = np.array(samples)
        complete = False
        try:
            request = {"do": "run", "patience": patience, **task}
            worker.request(request, {"currents": data[0][chosen], "start": data[1][chosen]}, limit)
            while samples:
                for result in _results(*worker.answer(limit + patience)):
                    results[samples.pop(0)] = result
            worker.answer(limit)
            complete = True
        finally:
            if not complete:  # an interrupt of ours, too, leaves answers in the channel
                worker.kill()
        if worker.memory > self.limits.memory:
            self._replace(slot)

    def _ready(self, slot: int, deck: Deck, gains: Gains) -> WorkerProcess:
        """Bring a worker to hold ``deck`` and ``gains``; one that dies of it is tried once more."""
        for last in (False, True):
            worker = self._workers[slot]
            if worker is None or not worker.alive:
                worker = self._replace(slot)
            try:
                return _prepare(worker, deck, gains)
            except WorkerLostError as lost:
                self._workers[slot] = None
                if last or lost.reported:
                    raise SimulatorError(str(lost)) from lost
        raise AssertionError  # the loop above returns or raises

    def _replace(self, slot: int) -> WorkerProcess:
        old = self._workers[slot]
        if old is not None:
            old.kill()
            self.restarts += 1
        new = WorkerProcess(self.library)
        self._workers[slot] = new
        return new

    def _end(self) -> None:
        for slot, worker in enumerate(self._workers):
            if worker is not None:
                worker.kill()
                self._workers[slot] = None
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None


def _results(header: Header, arrays: Arrays) -> Iterator[SampleResult]:
    """Take the samples of one message apart."""
    ends = np.cumsum(header["rows"])[:-1]
    parts = zip(np.split(arrays["times"], ends), np.split(arrays["voltages"], ends), header["points"], strict=True)
    return (SampleResult(times, voltages, int(points)) for times, voltages, points in parts)


def _prepare(worker: WorkerProcess, deck: Deck, gains: Gains) -> WorkerProcess:
    if worker.holds[0] != deck.token:
        limit = STARTING_LIMIT + SECONDS_PER_EDGE * len(deck.forward)
        load: dict[str, object] = {
            "do": "load",
            "netlist": deck.netlist,
            "n_nodes": deck.n_nodes,
            "n_states": deck.n_nodes + deck.n_stages,
            "lagging": [*range(deck.n_nodes), *deck.lagging],
            "n_outputs": deck.n_outputs,
            "forward": deck.forward,
            "backward": deck.backward,
            "time_constant": deck.time_constant,
        }
        worker.request(load, {}, limit)
        worker.answer(limit)
        worker.holds = (deck.token, -1)
    if worker.holds[1] != gains.token:
        worker.request({"do": "gains"}, {"forward": gains.forward, "backward": gains.backward}, STARTING_LIMIT)
        worker.answer(STARTING_LIMIT)
        worker.holds = (deck.token, gains.token)
    return worker
