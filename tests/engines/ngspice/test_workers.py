"""Answers do not depend on workers or on what they did before; workers do not outlive their use."""

from pathlib import Path

import numpy as np
import pytest

from analogeq.circuit import Drive, Nudge, Tether
from analogeq.engines import engine as engine_named
from analogeq.engines.ngspice import NgspiceEngine
from analogeq.errors import InputError
from analogeq.network import glorot_uniform

pytestmark = pytest.mark.ngspice


def answers(session, setup) -> list[np.ndarray]:
    """Every kind of analysis of one setup."""
    n_outputs = setup.circuit.network.n_outputs
    tether = Tether(setup.start[::-1].copy(), 1e-6)
    nudge = Nudge(np.full((len(setup.start), n_outputs), 0.7), 1e-5)
    session.program(setup.conductances)
    return [
        session.settle(setup.drive, setup.start).voltages,
        session.settle(setup.drive, setup.start, duration=2e-7).voltages,
        session.settle(Drive(setup.drive.inputs, tether, nudge), setup.start).voltages,
        session.transient(setup.drive, 2e-7, setup.start, points=5).voltages,
    ]


def test_answers_are_the_same_to_the_bit_for_any_number_of_workers(engine: NgspiceEngine, convex, bumpy) -> None:
    with NgspiceEngine(workers=1) as alone, NgspiceEngine(workers=3) as many:
        for setup in (convex, bumpy):
            found = []
            for each in (engine, alone, many):
                with each.open(setup.circuit) as session:
                    found.append(answers(session, setup))
            for other in found[1:]:
                for one, same in zip(found[0], other, strict=True):
                    assert np.array_equal(one, same)


def test_answers_are_the_same_to_the_bit_whatever_was_simulated_before(engine: NgspiceEngine, convex, bumpy) -> None:
    rng = np.random.default_rng(0)
    for setup in (convex, bumpy):
        with engine.open(setup.circuit) as fresh:
            expected = answers(fresh, setup)
        with engine.open(setup.circuit) as session:
            for scale in (3.0, 0.1, 2.0):
                theta = glorot_uniform(setup.circuit.network, rng, scale=scale)
                session.program(setup.circuit.program(theta))
                wild = rng.uniform(-3, 3, setup.drive.inputs.shape)
                drive = Drive(wild, nudge=Nudge(rng.uniform(0, 1, (8, 4)), -9e-6))
                session.settle(drive, rng.uniform(0, 1, setup.start.shape), check=False)
                session.settle(drive, rng.uniform(0, 1, setup.start.shape), duration=1e-5)
            for one, same in zip(expected, answers(session, setup), strict=True):
                assert np.array_equal(one, same)
            for one, same in zip(expected, reversed_samples(session, setup), strict=False):
                assert np.array_equal(one, same)


def reversed_samples(session, setup) -> list[np.ndarray]:
    """The first two analyses with the samples in the opposite order, turned back."""
    drive, start = Drive(setup.drive.inputs[::-1].copy()), setup.start[::-1].copy()
    return [
        session.settle(drive, start).voltages[::-1],
        session.settle(drive, start, duration=2e-7).voltages[::-1],
    ]


def test_two_sessions_take_turns_on_the_same_workers(engine: NgspiceEngine, convex, bumpy) -> None:
    with engine.open(convex.circuit) as first, engine.open(bumpy.circuit) as second:
        first.program(convex.conductances)
        second.program(bumpy.conductances)
        a = first.settle(convex.drive).voltages
        pids = engine.worker_pids
        b = second.settle(bumpy.drive, bumpy.start).voltages
        assert np.array_equal(first.settle(convex.drive).voltages, a)
        assert np.array_equal(second.settle(bumpy.drive, bumpy.start).voltages, b)
        assert engine.worker_pids == pids
    assert engine.worker_pids == pids  # kept for the engine's next session


def test_closing_the_engine_and_its_sessions_ends_the_workers(convex) -> None:
    engine = NgspiceEngine(workers=2)
    session = engine.open(convex.circuit)
    session.program(convex.conductances)
    session.settle(convex.drive)
    pids = engine.worker_pids
    assert len(pids) == 2
    engine.close()
    assert engine.worker_pids == pids  # the session still uses them
    assert np.isfinite(session.settle(convex.drive).voltages).all()
    session.close()
    assert engine.worker_pids == ()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    with pytest.raises(InputError, match="closed"):
        engine.open(convex.circuit)


def test_a_session_of_an_engine_that_nobody_holds_ends_the_workers(convex) -> None:
    with engine_named("ngspice", workers=1).open(convex.circuit) as session:
        session.program(convex.conductances)
        session.settle(convex.drive)
        pool = session._pool
        (pid,) = pool.pids
    assert pool.pids == ()
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"time_limit": 0.0}, {"accuracy": "exact"}])
def test_impossible_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="ngspice engine"):
        NgspiceEngine(**wrong)


def test_which_analysis_was_used_is_said(engine: NgspiceEngine, convex, bumpy) -> None:
    for setup, expected in ((convex, "operating point by ngspice"), (bumpy, "transient by ngspice")):
        with engine.open(setup.circuit) as session:
            session.program(setup.conductances)
            assert session.settle(setup.drive, setup.start).analysis.startswith(expected)


def worker_memory(engine: NgspiceEngine) -> int:
    (pid,) = engine.worker_pids
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def growth(setup, warm: int, runs: int) -> int:
    """Bytes that a worker grows by over ``runs`` settles after ``warm`` ones, reprogrammed on the way."""
    with NgspiceEngine(workers=1) as engine, engine.open(setup.circuit) as session:
        drive = Drive(np.zeros((100, setup.circuit.network.n_inputs)))
        before, done = 0, 0
        while done < warm + runs:
            if done >= warm and not before:
                before = worker_memory(engine)
            theta = glorot_uniform(setup.circuit.network, np.random.default_rng(done), scale=0.3)
            session.program(setup.circuit.program(theta))
            done += len(drive.inputs) * 2
            session.settle(drive)
            session.settle(drive, duration=1e-7)
        return worker_memory(engine) - before


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_memory_stays_flat_over_fifteen_hundred_settles(convex) -> None:
    # 300 bytes a run: one that is not destroyed keeps more than a kilobyte.
    assert growth(convex, 400, 1500) < 300 * 1500


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_memory_stays_flat_over_ten_thousand_settles(bumpy) -> None:
    assert growth(bumpy, 1000, 10_000) < 1 << 20  # 100 bytes a run
