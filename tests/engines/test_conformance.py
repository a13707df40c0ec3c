"""One suite that every engine passes; what an engine is let off is listed with its reason."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive, Nudge, Tether, co_content
from analogeq.circuit.laws import KCL_TOLERANCE
from analogeq.controller import Controller, Schedule
from analogeq.engines import Engine, Session, Status
from analogeq.hardware import DiodeClamp, NudgeSource, Technology, Wires
from analogeq.network import (
    Network,
    glorot_uniform,
    lattice_graph,
    layered_graph,
    network_from_graph,
    random_graph,
    sparse_graph,
    with_lateral_connections,
    with_skip_connections,
)

SKIPS: dict[tuple[str, str], str] = {}
"""Engine and circuit, with the reason; none at present."""

WAVEFORM_ERROR = {
    ("native", "fast"): 1e-3,
    ("native", "tight"): 1e-7,
    ("ngspice", "fast"): 2e-3,
    ("ngspice", "tight"): 2e-5,
}
"""Largest errors that each engine states for waveforms of circuits as strongly coupled as these, in rails."""

SETTLED = 1e-6
"""Engines agree on an equilibrium to this, in rails: the Kirchhoff residual that they are held to."""

BATCH = 3


@dataclass(frozen=True)
class Case:
    circuit: Circuit
    conductances: Conductances
    drive: Drive
    start: NDArray[np.float64]

    @property
    def tau(self) -> float:
        return self.circuit.technology.time_constant

    @property
    def rail(self) -> float:
        return self.circuit.technology.rail

    @property
    def g0(self) -> float:
        return self.circuit.technology.unit_conductance


def case(
    network: Network,
    technology: Technology | None = None,
    *,
    scale: float = 0.5,
    phases: bool = False,
    shares: tuple[float, ...] = (1.0,),
) -> Case:
    """Random weights, inputs and start; Glorot limits times ``scale``, nudges of ``shares`` times G0."""
    tech = technology or Technology()
    rng = np.random.default_rng(11)
    circuit = Circuit(network, tech)
    parameters = glorot_uniform(network, rng, scale=scale)
    parameters.biases[:] = rng.uniform(-0.3, 0.9, network.n_nodes)
    n = network.n_nodes
    tether = Tether(rng.uniform(0, tech.rail, (BATCH, n)), 0.1 * tech.unit_conductance) if phases else None
    siemens = tech.unit_conductance * (shares[0] if len(shares) == 1 else np.array(shares))
    nudge = Nudge(rng.uniform(0, tech.rail, (BATCH, network.n_outputs)), siemens) if phases else None
    drive = Drive(rng.uniform(0, tech.rail, (BATCH, network.n_inputs)), tether, nudge)
    return Case(circuit, circuit.program(parameters), drive, rng.uniform(0, tech.rail, (BATCH, n)))


OTHER_UNITS = Technology(unit_conductance=2e-4, node_capacitance=30e-12, rail=0.8, conductance_high=1e-3)
MIRRORED = Technology(arrays="mirrored", mirror_mismatch=0.2, follower_gain=50.0)
WIRED = Technology(wires=Wires(50.0, 80.0, 400.0, 200.0), follower_gain=50.0)
DIODES = Technology(clamp=DiodeClamp(1e-12, 0.1))

CASES: dict[str, Callable[[], Case]] = {
    "single neuron": lambda: case(Network.layered((1, 1))),
    "layered": lambda: case(Network.layered((3, 6, 4))),
    "several minima": lambda: case(Network.layered((3, 6, 4)), scale=2.5),
    "free to nudged": lambda: case(Network.layered((3, 6, 4)), phases=True),
    "nudged unevenly": lambda: case(Network.layered((3, 6, 4)), phases=True, shares=(1.3, -0.4, 0.0, 0.8)),
    "deep": lambda: case(Network.layered((2, 5, 5, 5, 2)), scale=1.0),
    "lateral": lambda: case(network_from_graph(with_lateral_connections(layered_graph((3, 5, 2))))),
    "skip": lambda: case(network_from_graph(with_skip_connections(layered_graph((3, 5, 4, 2)))), scale=1.0),
    "sparse": lambda: case(network_from_graph(sparse_graph((4, 8, 6, 2), 0.4, seed=1))),
    "lattice": lambda: case(network_from_graph(lattice_graph(3, 4)), scale=1.0),
    "no layers": lambda: case(network_from_graph(random_graph(3, 8, 2, 0.3, seed=2)), scale=1.0),
    "mirrored arrays": lambda: case(Network.layered((3, 6, 4)), MIRRORED, scale=1.0),
    "wired": lambda: case(Network.layered((3, 6, 4)), WIRED, phases=True),
    "other units": lambda: case(Network.layered((3, 6, 4)), OTHER_UNITS, phases=True),
    "diode clamp": lambda: case(Network.layered((3, 6, 4)), DIODES),
}
IDEAL = [name for name in CASES if name != "diode clamp"]


@pytest.fixture
def open_case(engine: Engine, opened_engines: Callable[..., Engine]) -> Iterator[Callable[..., tuple[Case, Session]]]:
    """Open and program one of the circuits, or skip what the engine is let off."""
    sessions: list[Session] = []
    name_of_engine = engine.name

    def opened(name: str, accuracy: str = "fast") -> tuple[Case, Session]:
        engine = opened_engines(name_of_engine, accuracy)
        if (engine.name, name) in SKIPS:
            pytest.skip(SKIPS[engine.name, name])
        case = CASES[name]()
        sessions.append(engine.open(case.circuit))
        sessions[-1].program(case.conductances)
        return case, sessions[-1]

    yield opened
    for session in sessions:
        session.close()


Opener = Callable[..., tuple[Case, Session]]


@pytest.mark.parametrize("name", CASES)
def test_a_settled_circuit_obeys_kirchhoff_and_stays_between_its_rails(open_case: Opener, name: str) -> None:
    case, session = open_case(name)
    point = session.settle(case.drive, case.start)
    assert (point.status == Status.SETTLED).all()
    assert (point.kcl_residual <= KCL_TOLERANCE * case.g0 * case.rail).all()
    assert point.voltages.shape == case.start.shape
    assert point.voltages.dtype == np.float64
    if name != "diode clamp":  # an exponential diode lets a node beyond the rail
        assert (point.voltages >= -1e-7).all()
        assert (point.voltages <= case.rail + 1e-7).all()
    assert point.analysis.startswith(("operating point", "transient"))


@pytest.mark.parametrize("name", IDEAL)
def test_a_settled_circuit_stands_where_the_exact_dynamics_end(
    open_case: Opener, name: str, exact_waveform: Callable[..., NDArray[np.float64]]
) -> None:
    case, session = open_case(name)
    end = exact_waveform(case.circuit, case.conductances, case.drive, np.array([400 * case.tau]), case.start)[:, 0]
    assert np.abs(session.settle(case.drive, case.start).voltages - end).max() < SETTLED * case.rail


@pytest.mark.parametrize("accuracy", ["fast", "tight"])
@pytest.mark.parametrize("name", IDEAL)
def test_a_phase_of_two_time_constants_ends_where_the_exact_dynamics_stand(
    open_case: Opener,
    name: str,
    accuracy: str,
    engine: Engine,
    exact_waveform: Callable[..., NDArray[np.float64]],
    phase_error: Mapping[tuple[str, str], float],
) -> None:
    case, session = open_case(name, accuracy)
    stop = 2 * case.tau
    point = session.settle(case.drive, case.start, duration=stop)
    assert (point.status == Status.FOLLOWED).all()
    end = exact_waveform(case.circuit, case.conductances, case.drive, np.array([stop]), case.start)[:, 0]
    assert np.abs(point.voltages - end).max() < phase_error[engine.name, accuracy] * case.rail


@pytest.mark.parametrize("accuracy", ["fast", "tight"])
@pytest.mark.parametrize("name", IDEAL)
def test_a_waveform_follows_the_exact_dynamics(
    open_case: Opener, name: str, accuracy: str, engine: Engine, exact_waveform: Callable[..., NDArray[np.float64]]
) -> None:
    case, session = open_case(name, accuracy)
    wave = session.transient(case.drive, 3 * case.tau, case.start, points=31)
    assert np.allclose(wave.times, np.linspace(0, 3 * case.tau, 31), rtol=1e-12)
    truth = exact_waveform(case.circuit, case.conductances, case.drive, wave.times, case.start)
    assert np.abs(wave.voltages - truth).max() < WAVEFORM_ERROR[engine.name, accuracy] * case.rail


@pytest.mark.parametrize("name", CASES)
def test_a_batch_of_one_settles_like_a_batch_of_many(open_case: Opener, name: str) -> None:
    case, session = open_case(name)
    many = session.settle(case.drive, case.start).voltages
    for k in range(BATCH):
        row = slice(k, k + 1)
        tether = case.drive.tether and replace(case.drive.tether, voltages=case.drive.tether.voltages[row])
        nudge = case.drive.nudge and replace(case.drive.nudge, voltages=case.drive.nudge.voltages[row])
        one = session.settle(Drive(case.drive.inputs[row], tether, nudge), case.start[row]).voltages
        # Rows of a matrix product round differently in products of different height.
        assert np.abs(one[0] - many[k]).max() < 1e-9


@pytest.mark.parametrize("name", CASES)
def test_settling_again_from_the_settled_state_changes_nothing(open_case: Opener, name: str) -> None:
    case, session = open_case(name)
    once = session.settle(case.drive, case.start).voltages
    again = session.settle(case.drive, once).voltages
    assert np.abs(again - once).max() < SETTLED * case.rail


@pytest.mark.parametrize("name", CASES)
def test_a_waveform_begins_at_its_start_and_ends_on_time(open_case: Opener, name: str) -> None:
    case, session = open_case(name)
    for points in (None, 7):
        wave = session.transient(case.drive, 2 * case.tau, case.start, points=points)
        assert np.array_equal(wave.voltages[:, 0], case.start)
        assert wave.times[0] == 0.0
        assert wave.times[-1] == pytest.approx(2 * case.tau, rel=1e-9)
        assert (np.diff(wave.times) > 0).all()
        assert wave.voltages.shape == (BATCH, len(wave.times), case.circuit.network.n_nodes)
        assert points is None or len(wave.times) == points


@pytest.mark.parametrize("name", CASES)
def test_a_phase_ends_where_the_waveform_of_its_length_ends(
    open_case: Opener, engine: Engine, name: str, phase_error: Mapping[tuple[str, str], float]
) -> None:
    case, session = open_case(name, "tight")
    point = session.settle(case.drive, case.start, duration=1.5 * case.tau)
    final = session.transient(case.drive, 1.5 * case.tau, case.start).final
    assert np.abs(point.voltages - final).max() < phase_error[engine.name, "tight"] * case.rail


@pytest.mark.parametrize("name", [n for n in IDEAL if n != "mirrored arrays"])
def test_the_energy_never_rises_along_a_waveform(open_case: Opener, name: str) -> None:
    case, session = open_case(name)
    wave = session.transient(case.drive, 10 * case.tau, case.start, points=41)
    energy = np.stack([co_content(case.circuit, case.conductances, case.drive, wave.voltages[:, t]) for t in range(41)])
    # In units of the energy's own size, G0·V_u^2: rounding, and what interpolation gives back.
    assert np.diff(energy, axis=0).max() < 1e-8 * case.g0 * case.rail**2


@pytest.mark.parametrize("name", CASES)
def test_answers_are_read_only(open_case: Opener, name: str) -> None:
    case, session = open_case(name)
    point = session.settle(case.drive, case.start)
    wave = session.transient(case.drive, case.tau, case.start)
    for array in (point.voltages, point.kcl_residual, point.status, wave.times, wave.voltages):
        assert not array.flags.writeable


@pytest.mark.parametrize("name", ["layered", "several minima", "skip"])
def test_programming_takes_effect_and_can_be_taken_back(open_case: Opener, name: str) -> None:
    case, session = open_case(name)
    first = session.settle(case.drive, case.start).voltages
    theta = glorot_uniform(case.circuit.network, np.random.default_rng(5), scale=0.5)
    session.program(case.circuit.program(theta))
    assert np.abs(session.settle(case.drive, case.start).voltages - first).max() > 1e-2
    session.program(case.conductances)
    assert np.abs(session.settle(case.drive, case.start).voltages - first).max() < 1e-9


def test_a_nudge_pulls_the_output_toward_its_target(engine: Engine) -> None:
    case = CASES["layered"]()
    outputs = case.circuit.network.outputs
    with engine.open(case.circuit) as session:
        session.program(case.conductances)
        free = session.settle(case.drive, case.start).voltages
        target = np.full((BATCH, len(outputs)), 0.9)
        distances = [np.abs(free[:, outputs] - target)]
        for beta in (0.1, 1.0, 10.0):
            nudged = replace(case.drive, nudge=Nudge(target, 2 * beta * case.g0))
            distances.append(np.abs(session.settle(nudged, free).voltages[:, outputs] - target))
        for farther, nearer in pairwise(distances):
            assert (nearer <= farther + 1e-7).all()  # an output that a rail holds stays there a while
            assert nearer.mean() < farther.mean()
        back = session.settle(case.drive, free).voltages
    assert np.abs(back - free).max() < SETTLED


FLAWED_NUDGE = NudgeSource(
    3, gain=0.9, offset=0.02, gain_spread=0.05, noise=5e-3, conductance_gain=0.9, conductance_spread=0.3, seed=5
)


def test_outputs_are_pulled_to_the_targets_that_a_chip_s_converters_put_out_by_its_own_conductances(
    engine: Engine, exact_waveform: Callable[..., NDArray[np.float64]]
) -> None:
    tech = replace(OTHER_UNITS, nudge=FLAWED_NUDGE)
    case_ = case(Network.layered((3, 6, 4)), tech)
    rng = np.random.default_rng(4)
    inputs, asked = rng.random((BATCH, 3)), rng.random((BATCH, 4))
    with engine.open(case_.circuit) as session:
        chip = Controller(session, Schedule(0.5, "one-sided", free_time=None, nudged_time=None))
        chip.take(case_.conductances)
        found = chip.run(inputs, asked).second * case_.rail
    arrived = FLAWED_NUDGE.to_volts(asked * case_.rail, case_.rail, "targets")
    assert np.abs(arrived / case_.rail - asked).max() > 0.05
    siemens = case_.g0 * FLAWED_NUDGE.conductance.factors(4)
    drive = Drive(inputs * case_.rail, None, Nudge(arrived, siemens))
    end = exact_waveform(case_.circuit, case_.conductances, drive, np.array([400 * case_.tau]))[:, 0]
    assert np.abs(found - end).max() < SETTLED * case_.rail


@pytest.mark.ngspice
@pytest.mark.parametrize("name", IDEAL)
def test_the_engines_settle_alike(opened_engines: Callable[..., Engine], name: str) -> None:
    case = CASES[name]()
    ends = []
    for engine in map(opened_engines, ("native", "ngspice")):
        with engine.open(case.circuit) as session:
            session.program(case.conductances)
            ends.append(session.settle(case.drive, case.start).voltages)
    assert np.abs(ends[0] - ends[1]).max() < SETTLED * case.rail
