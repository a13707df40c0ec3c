"""The native solvers of the resistive family against closed forms, each other and the laws."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import lambertw

from analogeq.circuit import Nudge, Tether
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive, co_content, kirchhoff_residual
from analogeq.engines.contract import Status
from analogeq.engines.native.resistive import ResistiveSession
from analogeq.engines.native.resistive.descent import descend, started
from analogeq.engines.native.resistive.newton import newton
from analogeq.engines.native.resistive.problem import links_of, problem_of
from analogeq.errors import InputError, NotSettledError
from analogeq.hardware import Wires
from analogeq.hardware.resistive import (
    Amplifier,
    DiodePair,
    DoubleShockley,
    IdealDiode,
    MeasuredCurve,
    ResistiveTechnology,
    ShockleyDiode,
)
from analogeq.network import Network

DEVICES = {
    "ideal": IdealDiode(),
    "shockley": ShockleyDiode(1e-6, 0.05),
    "double": DoubleShockley(),
    "pair": DiodePair(upper=0.5, lower=-0.2),
    "curve": MeasuredCurve(np.array([-1.0, -0.1, 0.0, 0.3]), np.array([-0.5, -0.01, 0.0, 0.6])),
}


def build(sizes, seed=0, **technology):
    circuit = ResistiveCircuit(Network.layered(sizes), ResistiveTechnology(**technology))
    rng = np.random.default_rng(seed)
    held = circuit.program(
        rng.uniform(0.0, 1.0, circuit.wiring.n_edges), 0.1 * rng.normal(size=circuit.network.n_nodes)
    )
    return circuit, held, rng


def opened(circuit, held, *, compiled=False):
    session = ResistiveSession(circuit, compiled=compiled)
    session.program(held)
    return session


def test_a_divider_of_two_conductances_divides():
    circuit = ResistiveCircuit(Network.layered((2, 1)), ResistiveTechnology(inputs="single"))
    session = opened(circuit, circuit.program(np.array([1.0, 3.0])))
    point = session.settle(ResistiveDrive(np.array([[8.0, 4.0], [0.0, 1.0]])))
    assert point.voltages[:, 0] == pytest.approx([5.0, 0.75], rel=1e-14)


def test_a_diode_behind_a_conductance_stands_where_lambert_says():
    sat, nvt, load, current = 1e-6, 0.05, 1e-3, -2e-3
    circuit = ResistiveCircuit(
        Network.layered((1, 1, 1)), ResistiveTechnology(inputs="single", device=ShockleyDiode(sat, nvt))
    )
    # The output hangs on the node alone and follows it; one hidden node: the second "half" of its layer.
    session = opened(circuit, circuit.program(np.array([load, 1.0])))
    v = session.settle(ResistiveDrive(np.array([[-current / load]]))).voltages[0]
    x = nvt * lambertw(sat / (load * nvt) * np.exp((sat - current) / (load * nvt))).real - (sat - current) / load
    assert v[0] == pytest.approx(-x, rel=1e-9)  # the descent stops at 1e-12 of the supply current
    assert v[1] == pytest.approx(v[0], rel=1e-9)


@pytest.mark.parametrize("amplifier", [None, Amplifier(4.0, 0.25)])
@pytest.mark.parametrize("name", list(DEVICES))
def test_descent_and_newton_meet_at_an_operating_point(name, amplifier):
    circuit, held, rng = build((5, 6, 4, 2), device=DEVICES[name], amplifier=amplifier, bias_voltage=0.3)
    drive = ResistiveDrive(rng.normal(size=(7, 5)), None, Nudge(rng.random((7, 2)), 0.1))
    session = opened(circuit, held)
    point = session.settle(drive)
    assert (point.status == Status.SETTLED).all()
    scale = np.abs(circuit.norton_currents(held, drive.inputs)).max()
    assert kirchhoff_residual(circuit, held, drive, point.voltages).max() < 1e-11 * scale  # tolerance 1e-12, refolded
    folded = session._fold(held, drive)
    problem = problem_of(circuit, folded.supply, folded.load, drive, session._links, circuit.polarity)
    other = newton(problem, np.zeros_like(point.voltages), session._tolerance(problem))
    assert other.voltages == pytest.approx(point.voltages, rel=1e-9, abs=1e-10)


@pytest.mark.parametrize("name", ["ideal", "double", "pair"])
def test_kernels_and_numpy_agree(name):
    pytest.importorskip("numba")
    circuit, held, rng = build((5, 6, 4, 2), device=DEVICES[name])
    drive = ResistiveDrive(rng.normal(size=(3, 5)), None, Nudge(rng.random((3, 2)), -0.05))
    plain, fast = opened(circuit, held), opened(circuit, held, compiled=True)
    assert fast.settle(drive).voltages == pytest.approx(plain.settle(drive).voltages, rel=1e-9, abs=1e-11)
    swept, kernel = plain.settle(drive, sweeps=3), fast.settle(drive, sweeps=3)
    assert kernel.voltages == pytest.approx(swept.voltages, rel=1e-12, abs=1e-13)  # sums in another order
    assert kernel.kcl_residual == pytest.approx(swept.kcl_residual, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("size", [0.1, 3.0])
@pytest.mark.parametrize("name", ["ideal", "double", "pair"])
def test_two_layers_settle_by_kernels_to_the_same_proven_stop(name, size):
    pytest.importorskip("numba")
    circuit, held, rng = build((5, 9, 3), device=DEVICES[name])
    drive = ResistiveDrive(size * rng.normal(size=(50, 5)), None, Nudge(rng.random((50, 3)), -0.05))
    fast = opened(circuit, held, compiled=True)
    point, plain = fast.settle(drive), opened(circuit, held).settle(drive)
    assert (point.status == Status.SETTLED).all()
    assert point.voltages == pytest.approx(plain.voltages, rel=1e-9, abs=1e-11)  # both to 1e-12 of the supply
    supply = np.abs(circuit.norton_currents(held, drive.inputs)).max(axis=1) + 0.05
    assert (kirchhoff_residual(circuit, held, drive, point.voltages) < 1e-11 * supply).all()  # refolded


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", ["ideal", "double"])
def test_a_start_near_the_answer_saves_sweeps_and_is_kept_by_them(name, compiled):
    if compiled:
        pytest.importorskip("numba")
    circuit, held, rng = build((5, 6, 7, 4, 2), device=DEVICES[name])
    drive = ResistiveDrive(rng.normal(size=(3, 5)))
    session = opened(circuit, held, compiled=compiled)
    cold = session.settle(drive)
    warm = session.settle(drive, cold.voltages)
    assert warm.stats["sweeps"] <= 2 < cold.stats["sweeps"]
    kept = session.settle(drive, cold.voltages, sweeps=1)
    assert kept.voltages == pytest.approx(cold.voltages, rel=1e-9, abs=1e-11)  # the tolerance is 1e-12 of the supply
    assert np.abs(session.settle(drive, sweeps=1).voltages - cold.voltages).max() > 1e-3


@pytest.mark.parametrize("name", ["double", "pair"])
def test_kernels_of_single_precision_agree_with_double(name):
    pytest.importorskip("numba")
    circuit, held, rng = build((5, 6, 4, 2), device=DEVICES[name])
    single = type(held)(held.g.astype(np.float32), held.bias_currents.astype(np.float32))
    x = 3.0 * rng.normal(size=(20, 5))
    exact = opened(circuit, held, compiled=True).settle(ResistiveDrive(x)).voltages
    session = opened(circuit, single, compiled=True)
    scale = np.abs(exact).max()
    for sweeps in (None, 60):
        rough = session.settle(ResistiveDrive(x.astype(np.float32)), sweeps=sweeps).voltages
        assert np.abs(rough - exact).max() < 1e-4 * scale  # ten times the tolerance of single precision


def test_single_precision_settles_to_its_own_tolerance():
    circuit, held, rng = build((5, 6, 2))
    single = type(held)(held.g.astype(np.float32), held.bias_currents.astype(np.float32))
    x = rng.normal(size=(4, 5))
    rough = opened(circuit, single).settle(ResistiveDrive(x.astype(np.float32))).voltages
    exact = opened(circuit, held).settle(ResistiveDrive(x)).voltages
    assert rough == pytest.approx(exact, abs=1e-4)  # 1e-5 of the current, at nodes whose neighbours err as well


@pytest.mark.parametrize("wires", [Wires(0.02, 0.03), Wires(2.0, 3.0, 1.0, 1.0), Wires(0.0, 0.1)])
@pytest.mark.parametrize("name", DEVICES)
def test_sweeps_and_newton_settle_wired_circuits_alike(name, wires):
    circuit, held, rng = build((4, 9, 7, 3), device=DEVICES[name], wires=wires)
    session, drive = opened(circuit, held), ResistiveDrive(rng.normal(size=(5, 4)))
    point = session.settle(drive)
    assert "coordinate descent" in point.analysis
    supply = circuit.norton_currents(held, drive.inputs)
    load = circuit.source_load(held) + circuit.coupling_load(held)
    problem = problem_of(circuit, supply, load, drive, links_of(circuit, held), circuit.polarity)
    found = newton(problem, np.zeros((5, 19)), 1e-12 * np.abs(supply).max(axis=1))
    assert point.voltages == pytest.approx(found.voltages, rel=1e-9, abs=1e-9)  # 1e-12 of 10 A at loads of 1 S and more
    swept = session.settle(drive, sweeps=400)
    assert swept.voltages == pytest.approx(point.voltages, rel=1e-6, abs=1e-6)  # plain sweeps of the stiffest lines


def test_more_sweeps_come_nearer_and_never_raise_the_co_content():
    circuit, held, rng = build((5, 6, 6, 2), device=DoubleShockley())
    drive = ResistiveDrive(rng.normal(size=(3, 5)))
    session = opened(circuit, held)
    energies = [co_content(circuit, held, drive, session.settle(drive, sweeps=n).voltages) for n in (1, 2, 3, 6)]
    for before, after in pairwise(energies):
        assert (after <= before + 1e-12).all()
    least = co_content(circuit, held, drive, session.settle(drive).voltages)
    assert (least <= energies[-1] + 1e-12).all()


@settings(max_examples=25)
@given(
    sizes=st.lists(st.integers(1, 5), min_size=2, max_size=4),
    seed=st.integers(0, 2**16),
    name=st.sampled_from(list(DEVICES)),
)
def test_the_operating_point_of_random_circuits_is_the_minimum_whatever_the_start(sizes, seed, name):
    circuit, held, rng = build(tuple(sizes), seed, device=DEVICES[name])
    drive = ResistiveDrive(rng.normal(size=(2, sizes[0])))
    session = opened(circuit, held)
    if not session.certificate(drive).strictly_convex:
        return
    v = session.settle(drive).voltages
    elsewhere = session.settle(drive, rng.normal(size=v.shape)).voltages
    assert elsewhere == pytest.approx(v, rel=1e-6, abs=1e-7)  # a node of 1e-4 S errs by 1e-12 A over its load
    least = co_content(circuit, held, drive, v)
    for _ in range(3):
        moved = v + 0.01 * rng.normal(size=v.shape)
        if isinstance(circuit.technology.device, IdealDiode):
            sign = circuit.polarity
            moved = np.where(sign == 0.0, moved, sign * np.maximum(sign * moved, 0.0))
        assert (co_content(circuit, held, drive, moved) >= least - 1e-12).all()


def test_power_from_the_sources_is_power_in_the_devices():
    circuit, held, rng = build((4, 5, 3), device=DoubleShockley(), bias_currents="programmed")
    x = rng.normal(size=(1, 4))
    v = opened(circuit, held).settle(ResistiveDrive(x)).voltages
    sources, wires = circuit.source_voltages(x)[0], circuit.wiring
    dissipated, delivered = 0.0, float(held.bias_currents @ v[0])
    for block in wires.blocks:
        rows, cols = block.endpoints()
        ends = sources[rows] if block.pre == 0 else v[0, wires.layer(block.pre)][rows]
        drop = ends - v[0, wires.layer(block.post)][cols]
        dissipated += float(held.g[block.edges] @ drop**2)
        if block.pre == 0:
            delivered += float((held.g[block.edges] * drop) @ ends)
    current, _ = circuit.technology.device.current(v[0] * circuit.polarity)
    dissipated += float(current @ (v[0] * circuit.polarity))
    assert delivered == pytest.approx(dissipated, rel=1e-10)  # Tellegen; the descent stops at 1e-12


def test_a_linear_circuit_is_reciprocal():
    circuit, held, _ = build((2, 3, 3, 2), device=MeasuredCurve(np.array([-1.0, 1.0]), np.array([-1.0, 1.0])))
    session = opened(circuit, type(held)(held.g, np.zeros(8)))
    v = []
    for m in (0, 1):
        injected = np.zeros((1, 2))
        injected[0, m] = 1.0
        v.append(session.settle(ResistiveDrive(np.zeros((1, 2)), injected=injected)).voltages[0, 6:])
    assert v[0][1] == pytest.approx(v[1][0], rel=1e-10)


def test_held_outputs_stay_where_their_sources_are():
    circuit, held, rng = build((4, 5, 2))
    drive = ResistiveDrive(rng.normal(size=(3, 4)), held=rng.random((3, 2)))
    point = opened(circuit, held).settle(drive)
    assert (point.voltages[:, 5:] == drive.held).all()
    stiff = ResistiveDrive(drive.inputs, None, Nudge(drive.held, 1e9))
    # A conductance of 1e9 S leaves some 1e-9 V.
    assert opened(circuit, held).settle(stiff).voltages == pytest.approx(point.voltages, abs=1e-7)


def test_a_negative_nudge_that_nothing_holds_is_refused_with_the_limit():
    circuit, held, rng = build((4, 5, 2))
    for compiled in (False, True):
        if compiled:
            pytest.importorskip("numba")
        session = opened(circuit, held, compiled=compiled)
        with pytest.raises(InputError, match="stays stable down to"):
            session.settle(ResistiveDrive(rng.normal(size=(1, 4)), None, Nudge(np.zeros((1, 2)), -100.0)))


def test_what_the_family_does_not_have_is_refused():
    circuit, held, _ = build((4, 5, 2))
    session = opened(circuit, held)
    x = np.zeros((1, 4))
    with pytest.raises(InputError, match="no capacitors"):
        session.settle(ResistiveDrive(x), duration=1.0)
    with pytest.raises(InputError, match="no capacitors"):
        session.transient(ResistiveDrive(x), 1.0)
    with pytest.raises(InputError, match="tether"):
        session.settle(ResistiveDrive(x, Tether(np.zeros((1, 7)), 1.0)))
    with pytest.raises(InputError, match=r"inputs\[0, 1\]: nan"):
        session.settle(ResistiveDrive(np.array([[0.0, np.nan, 0.0, 0.0]])))
    with pytest.raises(InputError, match="give one of the two"):
        session.settle(ResistiveDrive(x, None, Nudge(np.zeros((1, 2)), 1.0), held=np.zeros((1, 2))))
    with pytest.raises(InputError, match="nothing is programmed"):
        ResistiveSession(circuit).settle(ResistiveDrive(x))


def test_a_descent_that_is_cut_short_says_so():
    circuit, held, rng = build((5, 6, 6, 6, 2), device=DoubleShockley())
    session = opened(circuit, held)
    drive = ResistiveDrive(rng.normal(size=(2, 5)))
    folded = session._fold(held, drive)
    problem = problem_of(circuit, folded.supply, folded.load, drive, session._links, circuit.polarity)
    start = started(problem, np.zeros((2, 20)))
    short = descend(problem, start, session._tolerance(problem), 2)
    assert (short.residual > session._tolerance(problem)).all()
    session.relative_tolerance = 1e-30
    with pytest.raises(NotSettledError, match="Kirchhoff residual"):
        session.settle(drive)
