"""One suite that every engine passes on circuits of the resistive family; what one is let off has its reason."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from analogeq.circuit import Nudge
from analogeq.circuit.compilation import compile_circuit
from analogeq.circuit.resistive import (
    ResistiveCircuit,
    ResistiveConductances,
    ResistiveDrive,
    convexity,
    kirchhoff_residual,
    largest_negative_nudge,
)
from analogeq.circuit.resistive.laws import supply_currents
from analogeq.circuit.resistive.wiring import wired_groups
from analogeq.controller.resistive import run_pair
from analogeq.engines import Engine, Session, Status
from analogeq.errors import InputError
from analogeq.hardware import NudgeConductance, Wires
from analogeq.hardware.resistive import (
    Amplifier,
    DiodePair,
    DoubleShockley,
    IdealDiode,
    JunctionDiode,
    JunctionPair,
    MeasuredCurve,
    NodeDevice,
    NoDevice,
    ResistiveTechnology,
    ShockleyDiode,
)
from analogeq.learning.rules import EquilibriumPropagation
from analogeq.network import (
    LocalLayer,
    Maps,
    MapTopology,
    Network,
    lattice_graph,
    layered_graph,
    network_from_graph,
    random_graph,
    sparse_graph,
    with_lateral_connections,
    with_skip_connections,
)

Doubles = NDArray[np.float64]

SKIPS: dict[tuple[str, str], str] = {}
"""Engine and circuit, with the reason; none at present."""

RESIDUAL = {"native": 1e-11, "ngspice": 1e-7}
"""Kirchhoff residual that each engine states, over the sample's largest supply current; the native
one's 1e-12, summed here in another order."""

ALIKE = 1e-7
"""Answers are one to this, over the largest voltage: the error that ngspice's shunts and stand-ins leave."""

BATCH = 3

DEVICES: dict[str, NodeDevice] = {
    "ideal": IdealDiode(),
    "shockley": ShockleyDiode(1e-6, 0.05),
    "double": DoubleShockley(),
    "pair": DiodePair(upper=0.5, lower=-0.2),
    "curve": MeasuredCurve(np.array([-1.0, -0.1, 0.0, 0.3]), np.array([-0.5, -0.01, 0.0, 0.6])),
    "nothing": NoDevice(),
    "1n4148": JunctionDiode.of_part("1n4148"),
    "1n4148 pair": JunctionPair.of_part("1n4148", upper=0.5, lower=-0.2),
}


@dataclass(frozen=True)
class Case:
    circuit: ResistiveCircuit
    conductances: ResistiveConductances
    drive: ResistiveDrive
    start: Doubles

    @property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(97)


def case(network: Network, act: Callable[..., ResistiveDrive] | None = None, **technology: object) -> Case:
    """Random conductances, bias currents, inputs and start."""
    circuit = compile_circuit(network, ResistiveTechnology(**technology))  # type: ignore[arg-type]
    rng = np.random.default_rng(11)
    bias = 0.1 * rng.normal(size=network.n_nodes)
    if circuit.technology.bias_currents == "none":
        bias[:] = 0.0
    held = circuit.program(rng.uniform(0.05, 1.0, circuit.wiring.n_edges), bias)
    drive = ResistiveDrive(rng.normal(size=(BATCH, network.n_inputs)))
    if act is not None:
        drive = act(drive, rng, network.n_outputs)
    return Case(circuit, held, drive, rng.normal(size=(BATCH, network.n_nodes)))


def nudged(*siemens: float) -> Callable[..., ResistiveDrive]:
    """With one conductance, or one for each output."""
    conductance = siemens[0] if len(siemens) == 1 else np.array(siemens)
    return lambda drive, rng, n: replace(drive, nudge=Nudge(rng.random((BATCH, n)), conductance))


def injected(drive: ResistiveDrive, rng: np.random.Generator, n: int) -> ResistiveDrive:
    return replace(drive, injected=rng.normal(size=(BATCH, n)))


def held(drive: ResistiveDrive, rng: np.random.Generator, n: int) -> ResistiveDrive:
    return replace(drive, held=rng.random((BATCH, n)))


def cut_off(device: NodeDevice) -> Case:
    """Node h1_1 has no conductance at all: nothing but its device."""
    whole = case(Network.layered((3, 4, 2)), device=device, bias_currents="none")
    g = whole.conductances.g.copy()
    for edge in range(len(g)):
        if "h1_1" in whole.circuit.edge_name(edge).split("-"):
            g[edge] = 0.0
    return replace(whole, conductances=whole.circuit.program(g))


def self_learning(act: Callable[..., ResistiveDrive] | None = None) -> Case:
    """Resistors joined at random, sources and targets anywhere, nothing else."""
    graph = random_graph(3, 9, 3, 0.25, seed=4)
    return case(network_from_graph(graph), act, device=NoDevice(), inputs="single", bias_currents="none")


def convolution(**technology: object) -> Case:
    """Two layers of maps, each with one kernel at all positions."""
    topology = MapTopology(Maps(1, 5, 5), (LocalLayer(2, 3, 2, 1, shared=True), LocalLayer(2, 2, shared=True)), (2,))
    whole = case(topology.network(), **technology)
    doubled = whole.circuit.technology.inputs == "doubled"
    g = whole.conductances.g.copy()
    groups = wired_groups(whole.circuit.network, topology.shared(), doubled=doubled, biased=False)
    for number, group in groups.items():
        g[whole.circuit.wiring.blocks[number].edges] = whole.rng.uniform(0.05, 1.0, group.max() + 1)[group]
    return replace(whole, conductances=whole.circuit.program(g, whole.conductances.bias_currents))


LAYERED = Network.layered((3, 6, 4))
DEEP = Network.layered((3, 5, 4, 2))
SKIP = network_from_graph(with_skip_connections(layered_graph((3, 5, 4, 2))))
LATERAL = network_from_graph(with_lateral_connections(layered_graph((3, 5, 2))))
LATTICE = network_from_graph(lattice_graph(3, 5))
ANY = network_from_graph(random_graph(3, 8, 2, 0.3, seed=2))
SPARSE = network_from_graph(sparse_graph((4, 8, 6, 2), 0.4, seed=1))
SOFT = DoubleShockley(1e-3, 0.2, 0.3)  # not driven beyond 0.6 V: below -3 thermal voltages ngspice has another law

WIRES = Wires(0.02, 0.03, 0.2, 0.1)

CASES: dict[str, Callable[[], Case]] = {
    **{f"layered, {name}": lambda d=device: case(LAYERED, device=d) for name, device in DEVICES.items()},
    **{f"lateral, {name}": lambda d=device: case(LATERAL, device=d) for name, device in DEVICES.items()},
    "one node": lambda: case(Network.layered((1, 1))),
    "amplifiers": lambda: case(DEEP, amplifier=Amplifier(4.0, 0.25)),
    "amplifiers, soft": lambda: case(DEEP, device=SOFT, amplifier=Amplifier(2.0, 0.8)),
    "amplifiers that differ": lambda: case(
        Network.layered((3, 3, 2)), device=SOFT, amplifier=Amplifier((1.0, 2.0, 4.0), 0.25)
    ),
    "bias voltage": lambda: case(DEEP, bias_voltage=0.5),
    "pairs": lambda: case(Network.layered((3, 6, 4)), device=DoubleShockley(), outputs="pairs", input_gain=5.0),
    "single inputs": lambda: case(LAYERED, inputs="single", bias_voltage=0.3, device=DoubleShockley()),
    "skip": lambda: case(SKIP),
    "skip, soft": lambda: case(SKIP, device=SOFT, bias_voltage=0.2),
    "sparse": lambda: case(SPARSE, bias_voltage=0.2),
    "lattice": lambda: case(LATTICE),
    "lattice, soft": lambda: case(LATTICE, device=SOFT),
    "no layers": lambda: case(ANY),
    "no layers, soft": lambda: case(ANY, device=SOFT),
    "locally connected": lambda: case(MapTopology(Maps(2, 4, 4), (LocalLayer(2, 3, 2, 1),), (3, 2)).network()),
    "wires": lambda: case(DEEP, wires=WIRES),
    "wires, soft": lambda: case(DEEP, nudged(0.3), device=SOFT, wires=WIRES, bias_voltage=0.2),
    "wires, double": lambda: case(LAYERED, device=DoubleShockley(), wires=Wires(0.02, driven_from="both")),
    "wires of bit lines": lambda: case(DEEP, wires=Wires(0.0, 0.05, 0.0, 0.1)),
    "wires, nudged back": lambda: case(LAYERED, nudged(-0.1), wires=WIRES),
    "wires, held": lambda: case(LAYERED, held, wires=WIRES),
    "wires, amplifiers": lambda: case(DEEP, device=SOFT, amplifier=Amplifier(2.0, 0.8), wires=WIRES, bias_voltage=0.2),
    "wires, amplifiers that differ": lambda: case(
        Network.layered((3, 3, 2)), device=SOFT, amplifier=Amplifier((1.0, 2.0, 4.0), 0.25), wires=WIRES
    ),
    "convolution": convolution,
    "convolution, double": lambda: convolution(device=DoubleShockley(), inputs="single", amplifier=Amplifier(2.0, 0.5)),
    "self-learning": self_learning,
    "self-learning, held": lambda: self_learning(held),
    "nudged": lambda: case(LAYERED, nudged(0.3)),
    "nudged back": lambda: case(LAYERED, nudged(-0.1)),
    "nudged unevenly": lambda: case(LAYERED, nudged(0.3, -0.05, 0.0, 0.4)),
    "nudged, lattice": lambda: case(LATTICE, nudged(0.3), device=SOFT),
    "nudged back, lattice": lambda: case(LATTICE, nudged(-0.05), device=SOFT),
    "nudged by current": lambda: case(LAYERED, injected, device=SOFT),
    "held": lambda: case(LAYERED, held),
    "held, lattice": lambda: case(LATTICE, held, device=SOFT),
    **{f"a node of 0 S, {name}": lambda d=device: cut_off(d) for name, device in DEVICES.items()},
}


Opener = Callable[[str], tuple[Case, Session]]
Relabelled = tuple[ResistiveCircuit, ResistiveConductances, ResistiveDrive, NDArray[np.intp]]


@pytest.fixture
def open_case(engine: Engine) -> Iterator[Opener]:
    """Open and program one of the circuits, or skip what the engine is let off."""
    sessions: list[Session] = []

    def opened(name: str) -> tuple[Case, Session]:
        if (engine.name, name) in SKIPS:
            pytest.skip(SKIPS[engine.name, name])
        case = CASES[name]()
        sessions.append(engine.open(case.circuit))
        sessions[-1].program(case.conductances)
        return case, sessions[-1]

    yield opened
    for session in sessions:
        session.close()


def rows(drive: ResistiveDrive, chosen: NDArray[np.intp]) -> ResistiveDrive:
    """Some samples of a drive, in an order of their own."""
    nudge = drive.nudge and Nudge(drive.nudge.voltages[chosen], drive.nudge.conductance)
    at_outputs = {k: None if (a := getattr(drive, k)) is None else a[chosen] for k in ("injected", "held")}
    return ResistiveDrive(drive.inputs[chosen], None, nudge, **at_outputs)


def apart(one: Doubles, other: Doubles) -> float:
    """Largest distance of two answers over the largest voltage."""
    return float(np.abs(one - other).max() / np.abs(other).max())


@pytest.mark.parametrize("name", CASES)
def test_a_settled_circuit_obeys_kirchhoff_and_says_how_well(open_case: Opener, engine: Engine, name: str) -> None:
    case, session = open_case(name)
    point = session.settle(case.drive, case.start)
    assert (point.status == Status.SETTLED).all()
    assert point.analysis.startswith("operating point by")
    for array in (point.voltages, point.kcl_residual, point.status):
        assert not array.flags.writeable
    assert point.voltages.dtype == point.kcl_residual.dtype == np.float64
    assert point.voltages.shape == case.start.shape
    residual = kirchhoff_residual(case.circuit, case.conductances, case.drive, point.voltages)
    supply = np.abs(supply_currents(case.circuit, case.conductances, case.drive)).max(axis=1)
    if case.drive.held is not None:
        supply = supply + case.circuit.coupling_load(case.conductances).max() * np.abs(case.drive.held).max(axis=1)
    assert (residual <= RESIDUAL[engine.name] * supply).all()
    assert (point.kcl_residual <= RESIDUAL[engine.name] * supply).all()


@pytest.mark.parametrize("name", CASES)
def test_where_it_starts_from_does_not_matter(open_case: Opener, name: str) -> None:
    case, session = open_case(name)
    once = session.settle(case.drive).voltages
    for start in (case.start, -5.0 * case.start, once):
        assert apart(session.settle(case.drive, start).voltages, once) < ALIKE


@pytest.mark.parametrize("name", CASES)
def test_samples_settle_alike_alone_and_in_any_order(open_case: Opener, name: str) -> None:
    case, session = open_case(name)
    together = session.settle(case.drive).voltages
    order = np.array([2, 0, 1])
    assert apart(session.settle(rows(case.drive, order)).voltages, together[order]) < ALIKE
    for k in range(BATCH):
        alone = session.settle(rows(case.drive, np.array([k]))).voltages
        assert np.abs(alone[0] - together[k]).max() < ALIKE * np.abs(together).max()


@pytest.mark.parametrize("name", CASES)
def test_a_program_that_was_replaced_leaves_nothing_behind(open_case: Opener, name: str) -> None:
    case, session = open_case(name)
    first = session.settle(case.drive).voltages
    g = case.rng.uniform(0.5, 2.0, case.circuit.wiring.n_edges)
    session.program(case.circuit.program(g))
    assert apart(session.settle(case.drive).voltages, first) > 1e-3
    session.program(case.conductances)
    assert apart(session.settle(case.drive).voltages, first) < ALIKE


ORDERED = [name for name in CASES if name.startswith("wires") or "that differ" in name]
"""Along a line of a crossbar, and in a list of gains, another order is another circuit."""


@pytest.mark.parametrize("name", [n for n in CASES if n not in ORDERED])
def test_relabelling_nodes_changes_nothing(
    open_case: Opener, engine: Engine, relabelled: Callable[..., Relabelled], name: str
) -> None:
    case, session = open_case(name)
    expected = session.settle(case.drive).voltages
    circuit, conductances, drive, was = relabelled(case.circuit, case.conductances, case.drive, case.rng)
    assert len(was) < 3 or (was != np.arange(len(was))).any()
    with engine.open(circuit) as moved:
        moved.program(conductances)
        assert apart(moved.settle(drive).voltages, expected[:, was]) < ALIKE


CUT = [name for name in CASES if name.startswith("a node of 0 S")]


@pytest.mark.parametrize("name", [n for n in CASES if n not in CUT])
def test_a_circuit_all_of_whose_nodes_are_joined_has_a_certificate_of_one_answer(name: str) -> None:
    case = CASES[name]()
    assert convexity(case.circuit, case.conductances, case.drive).strictly_convex


@pytest.mark.parametrize("name", CUT)
def test_a_node_that_nothing_is_connected_to_stands_where_its_device_carries_nothing(
    open_case: Opener, name: str
) -> None:
    case, session = open_case(name)
    v = session.settle(case.drive).voltages
    rest = 0.15 if name.endswith("pair") else 0.0  # V; half-way between its biases
    # Shunts of 1e-12 S lead there as well; a real pair leaks some 1e-11 S there, so that the 1e-15 A at which
    # ngspice stops leave up to 1e-4 V, and 2e-8 V were seen.
    assert v[:, 1] == pytest.approx(rest, abs=1e-6 if "1n4148" in name else 1e-9)
    assert np.abs(v[:, [0, 2, 3]]).max() > 1e-2


@pytest.mark.parametrize(
    "name", ["layered, ideal", "layered, double", "lattice", "amplifiers", "self-learning", "wires"]
)
def test_a_negative_nudge_is_taken_up_to_the_largest_and_refused_beyond_it_by_name(
    open_case: Opener, name: str
) -> None:
    case, session = open_case(name)
    most = largest_negative_nudge(case.circuit, case.conductances)
    targets = np.zeros((BATCH, case.circuit.network.n_outputs))
    # Nearer to the limit a circuit amplifies its supply a thousandfold and more.
    point = session.settle(replace(case.drive, nudge=Nudge(targets, -0.99 * most)))
    assert (point.status == Status.SETTLED).all()
    with pytest.raises(InputError, match=rf"nudge: conductance .* stays stable down to -{most:.6g} S: give \|beta"):
        session.settle(replace(case.drive, nudge=Nudge(targets, -1.01 * most)))


def test_a_positive_nudge_pulls_outputs_to_their_targets_and_a_negative_one_pushes_them_off(engine: Engine) -> None:
    case = CASES["layered, double"]()
    outputs = case.circuit.network.outputs
    targets = np.full((BATCH, len(outputs)), 0.7)
    distances = {}
    with engine.open(case.circuit) as session:
        session.program(case.conductances)
        for conductance in (-0.2, 0.0, 0.2, 1e6):
            nudge = Nudge(targets, conductance)
            end = session.settle(replace(case.drive, nudge=nudge)).voltages
            distances[conductance] = np.linalg.norm(end[:, outputs] - targets)
    assert distances[-0.2] > distances[0.0] > distances[0.2] > distances[1e6]
    assert distances[1e6] < 1e-4  # V: some amperes through 1e6 S


@pytest.mark.parametrize("by", ["conductance", "current"])
def test_outputs_are_nudged_with_what_the_chip_makes_of_conductances_and_currents(
    engine: Engine, by: Literal["conductance", "current"]
) -> None:
    flawed = NudgeConductance(0.9, 0.3, 5)
    case_ = case(LAYERED, device=SOFT, nudge=flawed)
    rng = np.random.default_rng(2)
    inputs, targets = rng.normal(size=(BATCH, 3)), rng.random((BATCH, 4))
    with engine.open(case_.circuit) as session:
        session.program(case_.conductances)
        pair = run_pair(session, EquilibriumPropagation(0.2, "positive", by), inputs, targets)
    f, free = flawed.factors(4), pair.free[:, case_.circuit.network.outputs]
    assert np.ptp(f) > 0.2
    drive = (
        ResistiveDrive(inputs, None, Nudge(targets, 0.2 * f))
        if by == "conductance"
        else ResistiveDrive(inputs, injected=0.2 * f * (targets - free))
    )
    residual = kirchhoff_residual(case_.circuit, case_.conductances, drive, pair.second)
    supply = np.abs(supply_currents(case_.circuit, case_.conductances, drive)).max(axis=1)
    assert (residual <= ALIKE * supply).all()  # of the hand-made drive, by the circuit's own equations
    assert pair.span == 0.2


def test_held_outputs_stand_at_their_sources(engine: Engine) -> None:
    case = CASES["held"]()
    with engine.open(case.circuit) as session:
        session.program(case.conductances)
        v = session.settle(case.drive).voltages
    assert apart(v[:, case.circuit.network.outputs], case.drive.held) < ALIKE  # ngspice: 1e9 times the largest load


@pytest.mark.ngspice
@pytest.mark.parametrize("name", CASES)
def test_the_engines_settle_alike(opened_engines: Callable[..., Engine], name: str) -> None:
    case = CASES[name]()
    ends = []
    for engine in map(opened_engines, ("native", "ngspice")):
        with engine.open(case.circuit) as session:
            session.program(case.conductances)
            ends.append(session.settle(case.drive, case.start).voltages)
    assert apart(ends[1], ends[0]) < ALIKE
