"""Amplifiers with limits as a designer draws them: stages before word-line followers and behind sense amplifiers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analogeq.circuit.circuit import Circuit
from analogeq.circuit.elements import Capacitors, Doubles, Instances, Ints, Table
from analogeq.circuit.netlist.nodes import Nodes
from analogeq.circuit.stages import Stages


@dataclass(frozen=True, eq=False)
class DrawnStages:
    """Stages of one sample's netlist.

    Attributes
    ----------
    circuit : Circuit
    stages : Stages
    settled : ndarray, shape (state,)
        What the capacitors are preset to [V].
    """

    circuit: Circuit
    stages: Stages
    settled: Doubles

    @classmethod
    def of(cls, circuit: Circuit, settled: Doubles) -> DrawnStages | None:
        """The stages of a circuit; None where its amplifiers have no limits."""
        stages = Stages.of(circuit)
        return None if stages is None else cls(circuit, stages, settled)

    def followers(self, driving: Ints, neurons: Ints, nodes: Nodes) -> tuple[Ints, tuple[Table, ...]]:
        """Nodes that the followers of some neurons follow, and what stands between: neuron, stage."""
        ends = neurons[driving]
        if not self.stages.limits.of_lines:
            return ends, ()
        stage, limits = nodes.derive("fs", ends), self.stages.limits
        low, high = (end[driving] for end in limits.reach(self.circuit.technology.rail))
        names = tuple(f"xfs{k}" for k in driving.tolist())
        cells = Instances(names, np.column_stack((ends, stage)), "follower_stage", {"low": low, "high": high})
        presets = self.settled[self.stages.lines][driving]
        return stage, (cells, *self._lag("cfs", driving, stage, limits.line_time, presets))

    def columns(self, neurons: Ints, nodes: Nodes) -> Ints:
        """Nodes that the columns' currents go into."""
        return nodes.derive("co", neurons) if self.stages.limits.of_columns else neurons

    def conveyors(self, columns: Ints, neurons: Ints) -> tuple[Table, ...]:
        """What stands between columns and neurons: column, neuron."""
        limits, every = self.stages.limits, np.arange(len(neurons), dtype=np.intp)
        if not limits.of_columns:
            return ()
        names, ends = tuple(f"xco{k}" for k in every.tolist()), np.column_stack((columns, neurons))
        cells = (
            Instances(names, ends, "conveyor_limited", {"largest": np.full(len(neurons), limits.current)})
            if np.isfinite(limits.current)
            else Instances(names, ends, "conveyor_stage", {})
        )
        presets = self.settled[self.stages.columns]
        return (cells, *self._lag("cco", every, columns, limits.column_time, presets))

    def _lag(self, prefix: str, numbers: Ints, at: Ints, seconds: float, presets: Doubles) -> tuple[Table, ...]:
        """Capacitors that make a stage's own conductance lag."""
        if seconds == 0.0:
            return ()
        farads = np.full(len(at), seconds * self.circuit.technology.unit_conductance)
        names = tuple(f"{prefix}{k}" for k in numbers.tolist())
        return (Capacitors(names, np.column_stack((at, np.zeros_like(at))), farads, presets),)
