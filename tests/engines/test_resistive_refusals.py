"""What no engine takes for a circuit of the resistive family, and what each says of it."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Nudge
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances, ResistiveDrive
from analogeq.engines import Engine, Session
from analogeq.errors import InputError
from analogeq.hardware.resistive import ResistiveTechnology
from analogeq.network import Network, layered_graph, network_from_graph, with_lateral_connections

BATCH = 3
CIRCUIT = ResistiveCircuit(Network.layered((3, 6, 4)), ResistiveTechnology())
DRIVE = ResistiveDrive(np.ones((BATCH, 3)))


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with engine.open(CIRCUIT) as opened:
        opened.program(CIRCUIT.program(np.ones(CIRCUIT.wiring.n_edges)))
        yield opened


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": np.zeros((BATCH, 7))}, r"inputs: shape \(3, 7\); this drive and circuit need \(3, 3\)"),
        ({"inputs": np.array([[0, 0, 0], [0, np.nan, 0], [0, 0, 0.0]])}, r"inputs\[1, 1\]: nan is not finite"),
        ({"nudge": Nudge(np.zeros((1, 4)), 0.1)}, r"nudge: shape \(1, 4\)"),
        ({"nudge": Nudge(np.zeros((BATCH, 4)), np.inf)}, "nudge: conductance inf S is not finite"),
        ({"injected": np.zeros((BATCH, 2))}, r"injected: shape \(3, 2\)"),
        ({"held": np.full((BATCH, 4), np.inf)}, r"held\[0, 0\]: inf is not finite"),
        ({"held": np.zeros((BATCH, 4)), "injected": np.zeros((BATCH, 4))}, "held: an output held by a source"),
    ],
)
def test_a_drive_that_does_not_fit_is_refused_by_name(
    session: Session, change: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        session.settle(replace(DRIVE, **change))  # type: ignore[arg-type]


def test_a_start_or_a_time_that_does_not_fit_is_refused(session: Session) -> None:
    with pytest.raises(InputError, match=r"start: shape \(3, 2\)"):
        session.settle(DRIVE, np.zeros((3, 2)))
    with pytest.raises(InputError, match="no capacitors"):
        session.settle(DRIVE, duration=1e-6)
    with pytest.raises(InputError, match="no capacitors"):
        session.transient(DRIVE, 1e-6)


def test_conductances_out_of_range_name_the_edge_and_the_remedy() -> None:
    network = network_from_graph(with_lateral_connections(layered_graph((3, 5, 2))))
    circuit = ResistiveCircuit(network, ResistiveTechnology(conductance_low=0.1, conductance_high=1.0))
    lateral = next(b for b in circuit.wiring.blocks if b.lateral).edges.start
    for value, said in ((2.0, "2.0 S is above the range's high 1.0 S"), (0.05, "0.05 S is below the range's low")):
        g = np.full(circuit.wiring.n_edges, 0.5)
        g[lateral] = value
        with pytest.raises(InputError, match=rf"edge h1_0-h1_1: conductance {said}.*clip it"):
            circuit.checked(ResistiveConductances(g, np.zeros(circuit.network.n_nodes)))
        assert circuit.program(g).clipped == 1
    with pytest.raises(InputError, match=r"g: shape \(2,\)"):
        circuit.program(np.ones(2))


def test_a_session_that_is_not_programmed_or_is_closed_says_so(engine: Engine) -> None:
    session = engine.open(CIRCUIT)
    with pytest.raises(InputError, match="program"):
        session.settle(DRIVE)
    session.program(CIRCUIT.program(np.ones(CIRCUIT.wiring.n_edges)))
    session.settle(DRIVE)
    session.close()
    session.close()
    with pytest.raises(InputError):
        session.settle(DRIVE)
