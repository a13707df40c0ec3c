"""Newton on graphs that coordinate descent does not take: batches, islands, factorisations that are shared."""

import numpy as np
import pytest

import analogeq.engines.native.resistive.newton as module
import analogeq.engines.native.resistive.session as session_module
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive, convexity
from analogeq.engines.contract import Status
from analogeq.engines.native.resistive import ResistiveSession
from analogeq.hardware.resistive import DoubleShockley, IdealDiode, NoDevice, ResistiveTechnology, ShockleyDiode
from analogeq.network import Network, lattice_graph, network_from_graph

DEVICES = {
    "ideal": IdealDiode(),
    "shockley": ShockleyDiode(),
    "double": DoubleShockley(),
    "soft": DoubleShockley(1e-3, 0.2, 0.3),
    "nothing": NoDevice(),
}


def lattice(device, side=5, **technology):
    network = network_from_graph(lattice_graph(side, side))
    circuit = ResistiveCircuit(network, ResistiveTechnology(device=device, input_gain=3.0, **technology))
    rng = np.random.default_rng(0)
    held = circuit.program(rng.uniform(0.05, 1.0, circuit.wiring.n_edges), 0.1 * rng.normal(size=network.n_nodes))
    return circuit, held, rng


def factorisations(monkeypatch):
    """Count them."""
    made, plain = [], module._factors
    monkeypatch.setattr(module, "_factors", lambda whole: made.append(whole.shape) or plain(whole))
    return made


@pytest.mark.parametrize("name", list(DEVICES))
@pytest.mark.parametrize("dense", [0, 64])
def test_a_batch_stands_where_each_sample_alone_does_by_either_factorisation(monkeypatch, name, dense):
    monkeypatch.setattr(module, "DENSE", dense)
    circuit, held, rng = lattice(DEVICES[name])
    session = ResistiveSession(circuit)
    session.program(held)
    x = rng.normal(size=(9, 5))
    together = session.settle(ResistiveDrive(x))
    assert together.analysis.endswith("Newton")
    alone = np.concatenate([session.settle(ResistiveDrive(row[None])).voltages for row in x])
    assert together.voltages == pytest.approx(alone, rel=1e-9, abs=1e-11)  # both to 1e-12 of the supply


def test_all_samples_of_a_linear_circuit_share_one_factorisation(monkeypatch):
    circuit, held, rng = lattice(NoDevice())
    session = ResistiveSession(circuit)
    session.program(held)
    made = factorisations(monkeypatch)
    session.settle(ResistiveDrive(rng.normal(size=(50, 5))))
    assert len(made) == 1


def test_samples_with_the_same_diodes_conducting_share_one_factorisation(monkeypatch):
    monkeypatch.setattr(module, "DENSE", 0)
    circuit, held, rng = lattice(IdealDiode())
    session = ResistiveSession(circuit)
    session.program(held)
    x = rng.normal(size=(1, 5)) * np.linspace(1.0, 1.001, 20)[:, None]
    made = factorisations(monkeypatch)
    steps = session.settle(ResistiveDrive(x)).stats["sweeps"]
    assert len(made) <= 2 * steps


@pytest.mark.parametrize("dense", [0, 64])
@pytest.mark.parametrize("name", ["ideal", "nothing"])
def test_nodes_joined_to_each_other_and_to_nothing_else_stand_at_ground(monkeypatch, name, dense):
    monkeypatch.setattr(module, "DENSE", dense)
    circuit, held, rng = lattice(DEVICES[name], bias_currents="programmed")
    island = {"n1_2", "n2_2", "n2_3"}
    g = held.g.copy()
    for edge in range(len(g)):
        if len(island & set(circuit.edge_name(edge).split("-"))) == 1:
            g[edge] = 0.0
    cut = circuit.program(g)
    drive = ResistiveDrive(rng.normal(size=(4, 5)))
    assert not convexity(circuit, cut, drive).strictly_convex
    session = ResistiveSession(circuit)
    session.program(cut)
    v = session.settle(drive).voltages
    at = [circuit.network.node_names.index(name) for name in sorted(island)]
    assert np.abs(v[:, at]).max() == 0.0
    assert np.abs(np.delete(v, at, axis=1)).max() > 0.1


def test_an_island_that_a_current_flows_into_has_no_operating_point_and_says_so():
    circuit, held, rng = lattice(NoDevice(), side=3)
    g = np.array([0.0 if "n1_1" in circuit.edge_name(e).split("-") else v for e, v in enumerate(held.g)])
    session = ResistiveSession(circuit)
    currents = np.zeros(circuit.network.n_nodes)
    currents[circuit.network.node_names.index("n1_1")] = 1.0
    session.program(circuit.program(g, currents))
    point = session.settle(ResistiveDrive(rng.normal(size=(2, 3))), check=False)
    assert (point.status != 0).all()
    assert point.kcl_residual == pytest.approx(1.0)
    assert np.isfinite(point.voltages).all()


@pytest.mark.parametrize("name", list(DEVICES))
def test_newton_ends_what_descent_leaves_unsettled(monkeypatch, name):
    circuit = ResistiveCircuit(Network.layered((2, *(3,) * 12, 1)), ResistiveTechnology(device=DEVICES[name]))
    rng = np.random.default_rng(3)
    held = circuit.program(10.0 ** rng.uniform(-3.0, 0.0, circuit.wiring.n_edges))
    drive = ResistiveDrive(rng.normal(size=(4, 2)))
    session = ResistiveSession(circuit)
    session.program(held)
    whole = session.settle(drive)
    assert whole.analysis == "operating point by block coordinate descent"
    monkeypatch.setattr(session_module, "MOST_SWEEPS", 3)
    ended = session.settle(drive)
    assert (ended.status == Status.SETTLED).all()
    assert ended.analysis == "operating point by block coordinate descent and sparse Newton"
    assert ended.voltages == pytest.approx(whole.voltages, abs=1e-8)  # 1e-12 A at nodes that see some 1e-3 S
