"""One circuit of the resistive family, opened by the ngspice engine."""

from __future__ import annotations

import weakref
from types import TracebackType
from typing import NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Drive
from analogeq.circuit.resistive import (
    ResistiveCircuit,
    ResistiveConductances,
    ResistiveDrive,
)
from analogeq.circuit.resistive.convexity import refuse_unstable
from analogeq.circuit.resistive.laws import imbalance_of_folded, with_actions, with_nudge
from analogeq.circuit.resistive.netlist.simulation import (
    PARASITIC,
    element_numbers,
    simulation_netlist,
    simulation_values,
)
from analogeq.engines.contract import OperatingPoint, Status
from analogeq.engines.ngspice.accuracy import operating_point_task
from analogeq.engines.ngspice.pool import Deck, Gains, SampleResult, WorkerPool
from analogeq.engines.resistive_checks import check_drive, check_inputs, no_time, start_voltages
from analogeq.errors import InputError

Doubles = NDArray[np.float64]

RELATIVE_TOLERANCE = 1e-7
"""Largest Kirchhoff residual of an accepted answer over its largest supply current: ngspice's diodes have
a shunt of 1e-12 S each and another law below -3 thermal voltages."""

HOLDING = 1e9
"""Conductance that stands for a source at a held output, in units of the largest load."""

_NEUTRAL = 0.01


class NgspiceResistiveSession:
    """Settles one circuit in worker processes; see `analogeq.engines.contract.Session`.

    Parameters
    ----------
    circuit : ResistiveCircuit
    pool : WorkerPool
    """

    def __init__(self, circuit: ResistiveCircuit, pool: WorkerPool) -> None:
        self.circuit = circuit
        self._pool = pool
        self._deck = _deck(circuit)
        self._conductances: ResistiveConductances | None = None
        self._gains: Gains | None = None
        self._presented: tuple[NDArray[np.floating], Doubles] | None = None
        pool.hold()
        self._release = weakref.finalize(self, pool.release)
        pool.start()

    def program(self, conductances: ResistiveConductances) -> None:
        """Take new conductances; the topology stays."""
        g, bias = conductances.g.astype(np.float64), conductances.bias_currents.astype(np.float64)
        self._conductances = ResistiveConductances(g, bias, conductances.clipped)
        self._gains = Gains(*simulation_values(self.circuit, self._conductances))
        self._presented = None

    def settle(
        self,
        drive: Drive,
        start: NDArray[np.floating] | None = None,
        *,
        duration: float | None = None,
        check: bool = True,
        sweeps: int | None = None,
    ) -> OperatingPoint:
        """Find the operating point; see `analogeq.engines.native.resistive.ResistiveSession.settle`.

        ``start`` is checked and not needed; ``sweeps`` are the native engine's own.
        """
        if duration is not None:
            no_time("duration")
        if sweeps is not None:
            raise InputError("sweeps: ngspice makes none; leave it out to settle, or use the native engine")
        held = self._programmed()
        check_drive(self.circuit, drive)
        check_inputs(self.circuit, drive)
        refuse_unstable(self.circuit, held, drive)
        at = start_voltages(self.circuit, drive, start, np.dtype(np.float64))
        supply = with_actions(self.circuit, drive, self._sent(held, drive.inputs).copy()).astype(np.float64)
        point = self._point(held, drive, supply, self._run(drive, supply, at.astype(np.float64)))
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

    def close(self) -> None:
        """Give the workers back; a second call does nothing."""
        self._release()
        self._conductances = self._gains = self._presented = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _programmed(self) -> ResistiveConductances:
        if not self._release.alive:
            raise InputError("session: it is closed; open the circuit again")
        if self._conductances is None:
            raise InputError("session: nothing is programmed; call program(circuit.program(g)) first")
        return self._conductances

    def _sent(self, held: ResistiveConductances, inputs: NDArray[np.floating]) -> Doubles:
        """Currents of the sources [A]; the phases of one presentation share them."""
        if self._presented is None or not np.array_equal(self._presented[0], inputs):
            self._presented = inputs.copy(), self.circuit.norton_currents(held, inputs).astype(np.float64)
        return self._presented[1]

    @property
    def _load(self) -> Doubles:
        """What loads each node without a nudge [S]."""
        assert self._gains is not None  # noqa: S101  _programmed has seen to it
        return self._gains.forward[-self.circuit.network.n_nodes :]

    def _run(self, drive: Drive, supply: Doubles, start: Doubles) -> list[SampleResult]:
        assert self._gains is not None  # noqa: S101  _programmed has seen to it
        count = self.circuit.network.n_outputs
        nudge = np.zeros(count) if drive.nudge is None else drive.nudge.each(count)
        if isinstance(drive, ResistiveDrive) and drive.held is not None:
            nudge = np.full(count, HOLDING * float(self._load.max()))
            supply = supply.copy()
            supply[:, self.circuit.network.outputs] += nudge * drive.held
        task = {**operating_point_task(), "tether": 0.0, "nudge": nudge.tolist()}
        return self._pool.run(self._deck, self._gains, task, supply, start)

    def _point(
        self, held: ResistiveConductances, drive: Drive, supply: Doubles, results: list[SampleResult]
    ) -> OperatingPoint:
        n_nodes = self.circuit.network.n_nodes
        failed = np.array([bool(r.failure) for r in results], dtype=bool)
        voltages = np.array([np.zeros(n_nodes) if r.failure else r.voltages[-1] for r in results]).reshape(-1, n_nodes)
        load = with_nudge(self.circuit, drive, self._load.copy())
        net = imbalance_of_folded(self.circuit, held, drive, load, supply, voltages)
        residual = np.abs(net).max(axis=1, initial=0.0).astype(np.float64)
        goal = RELATIVE_TOLERANCE * (np.abs(supply).max(axis=1, initial=0.0) + 1e-9)
        status = np.where(residual <= goal, Status.SETTLED, Status.INEXACT).astype(np.int8)
        status[failed] = Status.SIMULATOR_FAILED
        said = next((f": {r.failure}" for r in results if r.failure), "")
        stats = {"analyses": float(np.count_nonzero(~failed))}
        return OperatingPoint(voltages, residual, status, f"operating point by {self._pool.simulator}{said}", stats)


def _deck(circuit: ResistiveCircuit) -> Deck:
    """Render the netlist with neutral conductances: what is programmed goes in by command alone."""
    net = circuit.network
    neutral = ResistiveConductances(np.full(circuit.wiring.n_edges, _NEUTRAL), np.zeros(net.n_nodes))
    text = simulation_netlist(circuit, neutral)
    return Deck(text, net.n_nodes, net.n_outputs, *element_numbers(circuit), PARASITIC / _NEUTRAL)
