"""One loaded circuit inside a worker: altered in place, analysed, read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.ngspice.shared import SharedLibrary
from analogeq.errors import SimulatorError

Doubles = NDArray[np.float64]

FIRST_STEP_SHARE = 1e-4
"""First step over the length of the run, when the run is not shorter than the print step."""

ROUNDING = 1e-9
"""Relative distance at which two times are one: ngspice's clock sums its steps."""


@dataclass(frozen=True)
class Task:
    """What to do with every sample of a share.

    Attributes
    ----------
    stop : float
        Duration of the transient [s]; 0 asks for an operating point.
    first_step, largest_step : float
        Bounds of the transient's steps [s]. ngspice begins with a ten-thousandth of the run at most
        and doubles from there. (Pausing a longer run would save a few points, but each paused run
        leaks a hundred bytes a node.)
    options : str
        Integration method and tolerances, in ngspice's words.
    tether : float
        Conductance [S].
    nudge : sequence of float
        Conductance of each output [S].
    keep : str
        "last" or "all" time points.
    """

    stop: float
    first_step: float
    largest_step: float
    options: str
    tether: float
    nudge: Sequence[float]
    keep: str = "last"

    @property
    def print_step(self) -> float:
        """Bounds the first step of a long run; ngspice begins anew there, so otherwise it is the end."""
        if self.stop * FIRST_STEP_SHARE <= 2.0 * self.first_step:
            return self.stop
        return 100.0 * self.first_step

    @property
    def command(self) -> str:
        """The analysis."""
        if self.stop == 0.0:
            return "op"
        return f"tran {self.print_step!r} {self.stop!r} 0 {self.largest_step!r} uic"


SOLVER_PROBE = "which solver\n.options klu\nv1 a 0 1\nr1 a b 1000.0\nr2 b 0 1000.0\n.end"

WITH_KLU = ".options klu\n"
"""A third faster on 784-500-10 where the library has it; libraries without it ignore the option."""


class Simulator:
    """Holds what was last written to every element, so that only what changes is altered.

    Whatever a sample leaves behind must not reach the next one: every analysis starts from its own
    presets, every number goes in by the same road (ngspice's parser is exact to one unit in the last
    place, and differently so in a netlist and in a command), and `load` settles the order of the
    matrix's pivots on a fixed problem.
    """

    def __init__(self, library: SharedLibrary) -> None:
        self.library = library
        self._loaded = False
        self.solver = self._ask_for_klu()

    def _ask_for_klu(self) -> str:
        """Hear which solver answers when KLU is asked for, on a circuit whose answer is known."""
        library = self.library
        lines = library.load(SOLVER_PROBE) + library.command("op")
        (answer,) = library.last_values(library.vector_names(["b"]))
        library.command("destroy all")
        library.command("remcirc")
        if not abs(answer - 0.5) < 1e-9:
            raise SimulatorError(f"a divider of two equal resistors at 1 V came out at {answer!r} V")
        return "KLU" if any("using klu" in line.lower() for line in lines) else "Sparse 1.3"

    def load(
        self,
        netlist: str,
        *,
        n_nodes: int,
        n_outputs: int,
        n_states: int,
        lagging: Sequence[int],
        forward: Sequence[int],
        backward: Sequence[int],
        span: float,
    ) -> None:
        """Take a circuit in place of the one before; ``span`` [s] is a time constant."""
        if self._loaded:
            self.library.command("remcirc")
        self._loaded = False
        body, end, _ = netlist.rpartition(".end")
        klu = WITH_KLU if self.solver == "KLU" else ""
        self.library.load(f"{body}{klu}{end}")
        self._loaded = True
        nodes, states = range(n_nodes), range(n_states)
        self._names = self.library.vector_names(f"n{k}" for k in states)
        self._time = self.library.vector_names(["time"])
        self._sources = _Altered([f"alter i{k}=" for k in states])
        self._lagging = np.array(lagging, dtype=np.intp)
        self._presets = _Altered([f"alter @c{k}[ic]=" for k in lagging])
        self._tethers = _Altered([f"alter @gt{k}[gain]=" for k in nodes])
        self._nudges = _Altered([f"alter @gn{m}[gain]=" for m in range(n_outputs)])
        self._forward = _Altered([f"alter @gw{e}_f[gain]=" for e in forward])
        self._backward = _Altered([f"alter @gw{e}_b[gain]=" for e in backward])
        self._options = ""
        # Some of what ngspice repairs in a netlist it mentions in the first analysis only.
        self.library.strict = True
        try:
            self._prime(n_states, span)
        finally:
            self.library.strict = False

    def _prime(self, n_states: int, span: float) -> None:
        small = 1e-3 * span
        task = Task(small, small, small, "method=trap", 0.0, [0.0] * len(self._nudges.prefixes))
        level = np.full((1, n_states), 0.5)
        for _ in self.run(task, np.zeros((1, n_states)), level):
            pass

    def set_gains(self, forward: Doubles, backward: Doubles) -> None:
        """Program the couplings [S]."""
        self.library.alter(self._forward.changes(forward))
        self.library.alter(self._backward.changes(backward))

    def sensitivities(
        self, netlist: str, vectors: Sequence[str], outputs: Sequence[str], parameters: Sequence[str]
    ) -> tuple[Doubles, Doubles]:
        """Analyse a circuit that is not kept.

        Returns
        -------
        values : ndarray, shape (vector,)
            What the vectors hold at the operating point.
        slopes : ndarray, shape (output, parameter)
            Derivative of each output's voltage by each parameter, called ``element_parameter``.
        """
        if self._loaded:
            self.library.command("remcirc")
            self._loaded = False
        self.library.load(netlist)
        try:
            values = self._read_after("op", vectors)
            slopes = [self._read_after(f"sens v({output})", parameters) for output in outputs]
        finally:
            self.library.command("remcirc")
        return np.array(values), np.array(slopes)

    def _read_after(self, command: str, vectors: Sequence[str]) -> list[float]:
        try:
            self.library.command(command)
            return self.library.last_values(self.library.vector_names(vectors))
        finally:
            self.library.command("destroy all")

    def run(self, task: Task, currents: Doubles, start: Doubles) -> Iterator[tuple[Doubles, Doubles, int]]:
        """Analyse sample after sample.

        Yields
        ------
        times : ndarray, shape (time,)
            [s]; one zero for an operating point.
        voltages : ndarray, shape (time, state)
            [V]; only the last row if the task keeps no more.
        n_points : int
            Time points that ngspice accepted.
        """
        library = self.library
        if task.options != self._options:
            library.command(f"option {task.options}")
            self._options = task.options
        library.alter(self._tethers.changes(np.full(len(self._tethers.prefixes), task.tether)))
        library.alter(self._nudges.changes(np.array(task.nudge)))
        for sources, presets in zip(currents, start, strict=True):
            library.alter(self._sources.changes(sources))
            if task.stop > 0.0:
                library.alter(self._presets.changes(presets[self._lagging]))
            try:
                library.command(task.command)
                yield self._read(task)
            finally:
                library.command("destroy all")

    def _read(self, task: Task) -> tuple[Doubles, Doubles, int]:
        library = self.library
        if task.stop == 0.0:
            return np.zeros(1), np.array([library.last_values(self._names)]), 1
        times = library.vector("time")
        if not times[-1] >= task.stop * (1.0 - ROUNDING):
            raise SimulatorError(f"ngspice stopped the transient at {times[-1]!r} s of {task.stop!r} s")
        if task.keep == "last":
            return times[-1:], np.array([library.last_values(self._names)]), len(times)
        return times, np.column_stack([library.vector(f"n{k}") for k in range(len(self._names))]), len(times)


class _Altered:
    """The numbers last written to one kind of element."""

    def __init__(self, prefixes: list[str]) -> None:
        self.prefixes = prefixes
        self._held = np.full(len(prefixes), np.nan)

    def changes(self, values: Doubles) -> list[str]:
        """Commands for the elements that differ from ``values``, which count as written from here on."""
        stale = np.flatnonzero(self._held != values)
        self._held = values.copy()
        prefixes: list[Any] = self.prefixes
        return [prefixes[k] + repr(v) for k, v in zip(stale.tolist(), values[stale].tolist(), strict=True)]
