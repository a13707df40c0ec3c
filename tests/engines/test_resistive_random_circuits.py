"""Random connected circuits of the resistive family against the laws of circuits, and engine against engine."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analogeq.circuit import Nudge
from analogeq.circuit.resistive import (
    ResistiveCircuit,
    ResistiveConductances,
    ResistiveDrive,
    co_content,
    convexity,
    kirchhoff_residual,
    largest_negative_nudge,
)
from analogeq.circuit.resistive.convexity import linear_matrix
from analogeq.circuit.resistive.laws import device_currents, loads, supply_currents
from analogeq.controller.resistive import run_pair
from analogeq.engines import Engine, Status
from analogeq.engines.native.resistive import ResistiveSession
from analogeq.engines.resistive_gradient import exact_gradient
from analogeq.hardware.resistive import (
    Amplifier,
    DiodePair,
    DoubleShockley,
    IdealDiode,
    MeasuredCurve,
    NoDevice,
    ResistiveTechnology,
    ShockleyDiode,
)
from analogeq.learning.co_content import StageGains, co_content_gradient
from analogeq.learning.costs import SquaredError
from analogeq.learning.rules import EquilibriumPropagation
from analogeq.network import network_from_graph, random_graph, sparse_graph, with_skip_connections

Doubles = NDArray[np.float64]

DEVICES = {
    "ideal": IdealDiode(),
    "shockley": ShockleyDiode(1e-6, 0.05),
    "double": DoubleShockley(),
    "soft": DoubleShockley(1e-3, 0.2, 0.3),
    "pair": DiodePair(upper=0.5, lower=-0.2),
    "curve": MeasuredCurve(np.array([-1.0, -0.1, 0.0, 0.3]), np.array([-0.5, -0.01, 0.0, 0.6])),
    "nothing": NoDevice(),
}
BATCH = 2


@dataclass(frozen=True)
class Case:
    circuit: ResistiveCircuit
    held: ResistiveConductances
    drive: ResistiveDrive
    rng: np.random.Generator

    def session(self, relative_tolerance: float | None = None) -> ResistiveSession:
        session = ResistiveSession(self.circuit, relative_tolerance)
        session.program(self.held)
        return session

    def voltages(self, relative_tolerance: float | None = None) -> Doubles:
        point = self.session(relative_tolerance).settle(self.drive)
        assert (point.status == Status.SETTLED).all()
        return point.voltages


def build(
    sizes: tuple[int, int, int],
    density: float,
    seed: int,
    device: str,
    amplifier: Amplifier | None = None,
    *,
    skip: bool = False,
    decades: float = 2.0,
    **technology: object,
) -> Case:
    """A random graph with conductances of 1 S down to so many decades less."""
    if amplifier is None:
        graph = random_graph(*sizes, density, seed=seed)
    else:  # its nodes must not be joined within a layer
        graph = sparse_graph((sizes[0], 1 + sizes[1] // 2, 1 + sizes[1] - sizes[1] // 2, sizes[2]), density, seed=seed)
        graph = with_skip_connections(graph, [(0, 2)]) if skip else graph
    net = network_from_graph(graph)
    made = ResistiveTechnology(device=DEVICES[device], amplifier=amplifier, **technology)  # type: ignore[arg-type]
    circuit = ResistiveCircuit(net, made)
    rng = np.random.default_rng(seed)
    g = 10.0 ** rng.uniform(-decades, 0.0, circuit.wiring.n_edges)
    held = circuit.program(g, 0.1 * rng.normal(size=net.n_nodes))
    return Case(circuit, held, ResistiveDrive(rng.normal(size=(BATCH, net.n_inputs))), rng)


@st.composite
def cases(draw: st.DrawFn, devices: tuple[str, ...] = tuple(DEVICES), *, amplified: bool | None = None) -> Case:
    amplify = draw(st.booleans()) if amplified is None else amplified
    return build(
        (draw(st.integers(1, 3)), draw(st.integers(0, 8)), draw(st.integers(1, 3))),
        draw(st.sampled_from([0.1, 0.3, 0.7])),
        draw(st.integers(0, 2**20)),
        draw(st.sampled_from(devices)),
        draw(st.sampled_from([Amplifier(4.0, 0.25), Amplifier(2.0, 0.8)])) if amplify else None,
        skip=draw(st.booleans()),
        decades=draw(st.sampled_from([1.0, 4.0])),
        inputs=draw(st.sampled_from(["single", "doubled"])),
        bias_voltage=draw(st.sampled_from([None, 0.4])),
        input_gain=draw(st.sampled_from([1.0, 50.0])),
    )


def nudged(case: Case, conductance: float) -> Case:
    targets = case.rng.random((BATCH, case.circuit.network.n_outputs))
    return replace(case, drive=replace(case.drive, nudge=Nudge(targets, conductance)))


@given(cases(), st.sampled_from([None, 0.3, 100.0]))
def test_a_settled_circuit_obeys_kirchhoff(case: Case, nudge: float | None) -> None:
    case = case if nudge is None else nudged(case, nudge)
    residual = kirchhoff_residual(case.circuit, case.held, case.drive, case.voltages())
    supply = np.abs(supply_currents(case.circuit, case.held, case.drive)).max(axis=1)
    assert (residual <= 1e-11 * supply + 1e-18).all()  # the native engine's 1e-12, summed in another order


def branches(case: Case, v: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Voltage across, current through and conductance of every wired edge; (batch, edge) and (edge,)."""
    wires, sources = case.circuit.wiring, case.circuit.source_voltages(case.drive.inputs)
    drops = np.empty((BATCH, wires.n_edges))
    for block in wires.blocks:
        rows, cols = block.endpoints()
        upper = sources if block.pre == 0 else v[:, wires.layer(block.pre)]
        drops[:, block.edges] = upper[:, rows] - v[:, wires.layer(block.post)][:, cols]
    return drops, drops * case.held.g, case.held.g


@given(cases(amplified=False))
def test_tellegens_theorem_holds_between_any_two_states(case: Case) -> None:
    """Voltages of one sample times currents of another, over all branches, is nothing."""
    v = case.voltages()
    drops, through, _ = branches(case, v)
    wires, sources = case.circuit.wiring, case.circuit.source_voltages(case.drive.inputs)
    drawn = np.zeros_like(sources)  # by each source
    for block in wires.input_blocks:
        np.add.at(drawn.T, block.endpoints()[0], through[:, block.edges].T)
    device, _ = device_currents(case.circuit, v)
    pairs = [(0, 0), (1, 1)] if np.isfinite(case.circuit.technology.device.lowest) else [(0, 0), (0, 1), (1, 0)]
    for one, other in pairs:  # an ideal diode carries current or has voltage in one state, not in two
        passive = drops[one] @ through[other] + v[one] @ device[other]
        delivered = sources[one] @ drawn[other] + v[one] @ case.held.bias_currents
        size = np.abs(drops[one] * through[other]).sum() + np.abs(v[one] * case.held.bias_currents).sum()
        assert passive == pytest.approx(delivered, abs=1e-9 * size)  # 1e-12 of the supply, times volts, a node


@given(cases(devices=("nothing",)))
def test_a_linear_circuit_answers_at_b_to_a_as_at_a_to_b(case: Case) -> None:
    circuit = case.circuit
    assume(circuit.stages.consistent)
    rest = replace(case.drive, inputs=np.zeros_like(case.drive.inputs))
    circuit = ResistiveCircuit(circuit.network, replace(circuit.technology, bias_voltage=None))
    g = np.concatenate([case.held.g, case.held.g])[: circuit.wiring.n_edges]
    answers = []
    with ResistiveSession(circuit) as session:
        for node in np.eye(circuit.network.n_nodes):
            session.program(circuit.program(g, node))
            answers.append(session.settle(rest).voltages[0])
    # Rows: where a current of 1 A goes in, over the node's stage factor.
    resistance = np.array(answers) / circuit.stages.factors[:, None]
    assert resistance == pytest.approx(resistance.T, rel=1e-7, abs=1e-9 * np.abs(resistance).max())


def feasible(case: Case, v: Doubles) -> Doubles:
    sign, lowest = case.circuit.polarity, case.circuit.technology.device.lowest
    return np.where(sign == 0.0, v, sign * np.maximum(sign * v, lowest)) if np.isfinite(lowest) else v


@given(cases(), st.sampled_from([1e-3, 0.1, 1.0]))
def test_the_operating_point_is_where_the_co_content_is_least(case: Case, far: float) -> None:
    assume(case.circuit.stages.consistent)
    v = case.voltages()
    least = co_content(case.circuit, case.held, case.drive, v)
    scale = 1.0 + np.abs(least).max()
    for _ in range(5):
        moved = feasible(case, v + far * case.rng.normal(size=v.shape))
        assert (co_content(case.circuit, case.held, case.drive, moved) >= least - 1e-12 * scale).all()


@given(cases(), st.sampled_from([0.1, 10.0]))
def test_where_it_starts_from_does_not_matter(case: Case, far: float) -> None:
    assume(convexity(case.circuit, case.held, case.drive).strictly_convex)
    session = case.session()
    v = session.settle(case.drive).voltages
    elsewhere = session.settle(case.drive, far * case.rng.normal(size=v.shape)).voltages
    # 1e-12 of the supply, some amperes, at nodes that see 1e-4 S and less.
    assert elsewhere == pytest.approx(v, abs=1e-7 * (1.0 + np.abs(v).max()))


@given(cases(), st.floats(-2.0, 2.0))
def test_there_is_a_certificate_exactly_where_all_eigenvalues_are_above_zero(case: Case, share: float) -> None:
    assume(case.circuit.stages.consistent)
    most = largest_negative_nudge(case.circuit, case.held)
    assume(abs(share + 1.0) > 1e-3)  # at the limit itself rounding decides
    driven = nudged(case, share * most)
    matrix = linear_matrix(case.circuit, case.held, loads(case.circuit, case.held, driven.drive)).toarray()
    root = np.sqrt(case.circuit.stages.factors)
    eigenvalues = np.linalg.eigvalsh(root[:, None] * matrix / root)
    certificate = convexity(case.circuit, case.held, driven.drive)
    assert certificate.strictly_convex == (eigenvalues[0] > 0.0) == (share > -1.0)
    if certificate.strictly_convex:
        assert (certificate.witness > 0.0).all()
        assert (matrix @ certificate.witness > 0.0).all()


@given(case=cases(), nudge=st.sampled_from([None, 0.3]))
def test_relabelling_nodes_changes_nothing(relabelled: Callable[..., object], case: Case, nudge: float | None) -> None:
    case = case if nudge is None else nudged(case, nudge)
    v = case.voltages()
    circuit, held, drive, was = relabelled(case.circuit, case.held, case.drive, case.rng)
    moved = Case(circuit, held, drive, case.rng).voltages()
    assert moved == pytest.approx(v[:, was], abs=1e-7 * (1.0 + np.abs(v).max()))  # as of another start


SMOOTH = ("soft", "nothing", "pair")


def error_of(case: Case, beta: float, sides: str, targets: Doubles, exact: Doubles) -> float:
    rule = EquilibriumPropagation(beta, sides)  # type: ignore[arg-type]
    pair = run_pair(case.session(1e-13), rule, case.drive.inputs, targets)
    gains = StageGains(case.circuit.voltage_gains, case.circuit.stages.factors)
    found = co_content_gradient(case.circuit.wiring, pair.sources, pair.first, pair.second, pair.span, gains)
    return float(np.linalg.norm(found.g - exact) / np.linalg.norm(exact))


@settings(max_examples=40)
@given(cases(devices=SMOOTH), st.sampled_from([("positive", 1), ("negative", 1), ("centred", 2)]))
def test_the_error_of_the_gradient_falls_with_the_order_of_its_sides(case: Case, rule: tuple[str, int]) -> None:
    assume(case.circuit.stages.consistent)
    sides, order = rule
    most = largest_negative_nudge(case.circuit, case.held)
    targets = case.rng.random((BATCH, case.circuit.network.n_outputs))
    v = case.voltages(1e-13)
    slope = SquaredError().slope(case.circuit.signals(v), targets)
    exact = exact_gradient(case.circuit, case.held, case.drive, v, slope).g
    errors = [error_of(case, most * part, sides, targets, exact) for part in (4e-3, 2e-3, 1e-3)]
    for error, half in pairwise(errors):
        if half > 1e-7:  # below it rounding: voltages good to 1e-12 or so, over a nudge of a thousandth
            assert np.log2(error / half) == pytest.approx(order, abs=0.1)  # the next order is some hundredths of this


@pytest.mark.ngspice
@pytest.mark.parametrize("device", [name for name in DEVICES if name != "soft"])
def test_native_and_ngspice_settle_random_circuits_alike(opened_engines: Callable[..., Engine], device: str) -> None:
    """Without the soft pair: below -3 of its thermal voltages of 0.2 V ngspice's diodes have a law of their own."""
    ngspice = opened_engines("ngspice")
    for seed in range(8):
        amplifier = Amplifier(2.0, 0.8) if seed % 4 == 3 else None
        case = nudged(build((2, 2 + seed, 2), 0.3, seed, device, amplifier, bias_voltage=0.4), 0.2 * (seed % 3))
        with ngspice.open(case.circuit) as session:
            session.program(case.held)
            reference = session.settle(case.drive).voltages
        native = case.voltages()
        assert np.abs(native - reference).max() < 1e-7 * np.abs(native).max()  # published for one circuit: 1e-5
