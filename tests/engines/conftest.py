"""What every engine is measured against: the exact dynamics between ideal clamps."""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive, Nudge
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances, ResistiveDrive
from analogeq.engines import Engine, engine
from analogeq.network import graph_from_network, network_from_graph

Doubles = NDArray[np.float64]


class Exact:
    """One sample of a circuit with ideal clamps, solved piece by piece.

    Between two moments at which a node meets or leaves a rail the dynamics are linear, so their
    solution is a sum of exponentials; the moments are found by bisection. Times in time constants.
    """

    def __init__(self, circuit: Circuit, conductances: Conductances, drive: Drive, sample: int) -> None:
        tech, n = circuit.technology, circuit.network.n_nodes
        load = np.diag(circuit.load_conductances(drive))
        self.slope = (circuit.coupling_currents(conductances, np.eye(n)).T - load) / tech.unit_conductance
        self.source = circuit.norton_currents(conductances, drive)[sample] / tech.unit_conductance
        self.rail = tech.rail

    def follow(self, start: Doubles, times: Doubles) -> Doubles:
        """Voltages at increasing ``times``, shape (time, node)."""
        now, at, rows = 0.0, np.clip(start, 0.0, self.rail), []
        wanted = list(times)
        push = self.slope @ at + self.source
        low, high = (at <= 0.0) & (push < 0.0), (at >= self.rail) & (push > 0.0)
        while wanted:
            solve = self._piece(at, ~(low | high))
            length, ends = self._until_event(solve, low, high, wanted[-1] - now)
            while wanted and wanted[0] <= now + length + 1e-15:
                rows.append(np.clip(solve(wanted.pop(0) - now)[0], 0.0, self.rail))
            at, now = solve(length)[0], now + length
            if ends:
                push, free = self.slope @ at + self.source, ~(low | high)
                low = (low & (push <= 0.0)) | (free & (at <= 0.0))
                high = (high & (push >= 0.0)) | (free & (at >= self.rail))
                at = np.where(low, 0.0, np.where(high, self.rail, at))
        return np.array(rows)

    def _piece(self, at: Doubles, free: NDArray[np.bool_]) -> Callable[[Doubles | float], Doubles]:
        """Build the solution from ``at`` with all nodes but the free ones held, shape (time, node)."""
        rates, modes = np.linalg.eig(self.slope[np.ix_(free, free)])
        inverse = np.linalg.inv(modes)
        first = inverse @ at[free]
        drive = inverse @ (self.slope[np.ix_(free, ~free)] @ at[~free] + self.source[free])

        def solve(times: Doubles | float) -> Doubles:
            t = np.atleast_1d(times)[:, None]
            slow = np.abs(rates * t) < 1e-9
            grown = np.where(slow, t, np.expm1(rates * t) / np.where(rates == 0, 1, rates))
            v = np.tile(at, (len(t), 1))
            v[:, free] = ((np.exp(rates * t) * first + grown * drive) @ modes.T).real
            return v

        return solve

    def _until_event(
        self,
        solve: Callable[[Doubles | float], Doubles],
        low: NDArray[np.bool_],
        high: NDArray[np.bool_],
        longest: float,
    ) -> tuple[float, bool]:
        """Time to the next node that meets or leaves a rail, and whether there is one."""
        free = ~(low | high)

        def over(times: Doubles | float) -> NDArray[np.bool_]:
            v = solve(times)
            push = v @ self.slope.T + self.source
            outside = (v[:, free] < -1e-13) | (v[:, free] > self.rail + 1e-13)
            return outside.any(1) | (push[:, low] > 1e-13).any(1) | (push[:, high] < -1e-13).any(1)

        for begin in np.arange(0.0, longest, 1.0):
            times = np.minimum(begin + np.linspace(0.02, 1.0, 50), longest)
            hit = np.flatnonzero(over(times))
            if len(hit):
                before, after = times[hit[0]] - 0.02, float(times[hit[0]])
                for _ in range(50):
                    middle = 0.5 * (before + after)
                    before, after = (before, middle) if over(middle)[0] else (middle, after)
                return after, True
        return longest, False


@pytest.fixture(scope="session")
def exact_waveform() -> Callable[..., Doubles]:
    """Exact voltages of every sample at ``times`` [s], shape (batch, time, node)."""

    def follow(
        circuit: Circuit, conductances: Conductances, drive: Drive, times: Doubles, start: Doubles | None = None
    ) -> Doubles:
        tau = circuit.technology.time_constant
        at = np.zeros((drive.batch, circuit.network.n_nodes)) if start is None else start
        samples = (Exact(circuit, conductances, drive, s).follow(at[s], times / tau) for s in range(drive.batch))
        return np.stack(list(samples))

    return follow


@pytest.fixture(scope="session")
def opened_engines() -> Iterator[Callable[..., Engine]]:
    """Each engine by name and accuracy, made when first asked for and kept for the whole run."""
    made: dict[tuple[str, str], Engine] = {}

    def get(name: str, accuracy: Literal["fast", "tight"] = "fast") -> Engine:
        if (name, accuracy) not in made:
            made[name, accuracy] = engine(name, accuracy=accuracy)
        return made[name, accuracy]

    yield get
    for each in made.values():
        if hasattr(each, "close"):
            each.close()


@pytest.fixture(params=["native", pytest.param("ngspice", marks=pytest.mark.ngspice)], name="engine")
def each_engine(request: pytest.FixtureRequest, opened_engines: Callable[..., Engine]) -> Engine:
    return opened_engines(request.param)


@pytest.fixture(scope="session")
def phase_error() -> Mapping[tuple[str, str], float]:
    """Largest errors that each engine states for phases of strongly coupled circuits, in rails, by accuracy."""
    return {
        ("native", "fast"): 1e-3,
        ("native", "tight"): 1e-7,
        ("ngspice", "fast"): 5e-2,
        ("ngspice", "tight"): 2e-5,
    }


Relabelled = tuple[ResistiveCircuit, ResistiveConductances, ResistiveDrive, NDArray[np.intp]]


def _relabelled(
    circuit: ResistiveCircuit, held: ResistiveConductances, drive: ResistiveDrive, rng: np.random.Generator
) -> Relabelled:
    net = circuit.network
    kind = np.stack([np.repeat(np.arange(len(net.layers)), net.layer_sizes[1:]), circuit.polarity], axis=1)
    was = np.arange(net.n_nodes)
    for each in np.unique(kind, axis=0):
        members = np.flatnonzero((kind == each).all(axis=1))
        was[members] = rng.permutation(members)
    inputs = rng.permutation(net.n_inputs)
    drawn = graph_from_network(net)
    keys = [net.names[k] for k in inputs] + [net.node_names[k] for k in was]
    graph = nx.Graph()
    graph.add_nodes_from((f"r{key}", drawn.nodes[key]) for key in keys)
    graph.add_edges_from((f"r{b}", f"r{a}") for a, b in reversed(list(drawn.edges)))
    other = ResistiveCircuit(network_from_graph(graph), circuit.technology)
    g = {
        frozenset(end if end.startswith("bias") else f"r{end}" for end in circuit.edge_name(e).split("-")): value
        for e, value in enumerate(held.g)
    }
    moved = np.array([g[frozenset(other.edge_name(e).split("-"))] for e in range(other.wiring.n_edges)])
    at = np.array([net.outputs.tolist().index(k) for k in was[other.network.outputs]])
    nudge = drive.nudge and Nudge(drive.nudge.voltages[:, at], drive.nudge.each(net.n_outputs)[at])
    acted = {k: None if (a := getattr(drive, k)) is None else a[:, at] for k in ("injected", "held")}
    driven = ResistiveDrive(drive.inputs[:, inputs], None, nudge, **acted)
    return other, other.program(moved, held.bias_currents[was]), driven, was


@pytest.fixture(scope="session")
def relabelled() -> Callable[..., Relabelled]:
    """The same resistive circuit with nodes renamed and in another order, and where each of its nodes was.

    A diode's direction is decided by the half of a layer that a node stands in, so nodes change
    places within halves.
    """
    return _relabelled
