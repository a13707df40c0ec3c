"""What happens when a worker dies, hangs or is handed something bad: done for real."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive
from analogeq.engines import Status
from analogeq.engines.ngspice import NgspiceEngine
from analogeq.engines.ngspice.accuracy import operating_point_task
from analogeq.engines.ngspice.pool import Deck, Gains
from analogeq.errors import NotSettledError, SimulatorError
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters

pytestmark = pytest.mark.ngspice

SECOND = Technology().time_constant * 1e4
"""A phase that takes a worker a second or so at tight accuracy: long enough to be hit in the middle."""


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


@pytest.fixture(scope="module")
def one_worker() -> Iterator[NgspiceEngine]:
    """Shared: each test that ends its worker leaves a new one."""
    with NgspiceEngine(workers=1) as made:
        yield made


def test_a_worker_killed_while_idle_is_replaced_and_the_answer_is_the_same(one_worker: NgspiceEngine, bumpy) -> None:
    with one_worker.open(bumpy.circuit) as session:
        session.program(bumpy.conductances)
        before = session.settle(bumpy.drive, bumpy.start)
        (pid,) = one_worker.worker_pids
        os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: one_worker.worker_pids == ())
        after = session.settle(bumpy.drive, bumpy.start)
        assert one_worker.worker_pids not in ((), (pid,))
    assert np.array_equal(before.voltages, after.voltages)


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSEGV])
def test_a_worker_that_dies_in_the_middle_costs_no_sample(blow: signal.Signals, bumpy) -> None:
    with NgspiceEngine(workers=1, accuracy="tight") as engine, engine.open(bumpy.circuit) as session:
        session.program(bumpy.conductances)
        whole = session.settle(bumpy.drive, bumpy.start, duration=3e-6)
        (pid,) = engine.worker_pids
        killer = threading.Timer(0.05, os.kill, (pid, blow))
        killer.start()
        again = session.settle(bumpy.drive, bumpy.start, duration=3e-6)
        killer.join()
        assert engine.restarts == 1
    assert (again.status == Status.FOLLOWED).all()
    assert np.array_equal(whole.voltages, again.voltages)


def test_a_worker_that_hangs_is_replaced_after_its_time_limit(bumpy) -> None:
    with NgspiceEngine(workers=1, time_limit=3.0) as engine, engine.open(bumpy.circuit) as session:
        session.program(bumpy.conductances)
        whole = session.settle(bumpy.drive, bumpy.start)
        (pid,) = engine.worker_pids
        os.kill(pid, signal.SIGSTOP)
        again = session.settle(bumpy.drive, bumpy.start)
        assert engine.restarts >= 1
        assert gone(pid)
    assert np.array_equal(whole.voltages, again.voltages)


def test_a_sample_that_fails_twice_is_reported_by_number(divider) -> None:
    with NgspiceEngine(workers=1, time_limit=0.05, accuracy="tight") as engine, engine.open(divider.circuit) as session:
        session.program(divider.conductances)
        drive, start = Drive(np.zeros((1, 1))), np.full((1, 1), 0.25)
        point = session.settle(drive, start, duration=SECOND, check=False)
        assert point.status[0] == Status.SIMULATOR_FAILED
        assert "time limit of 0.05 s" in point.analysis
        assert point.voltages[0, 0] == 0.25  # where it was, not an invented number
        with pytest.raises(NotSettledError, match="first number 0: the simulator died, hung"):
            point.checked()
        with pytest.raises(SimulatorError, match="sample 0 of 1"):
            session.transient(drive, SECOND, start)


def test_one_bad_sample_of_a_share_is_named_and_the_others_are_answered(one_worker: NgspiceEngine, divider) -> None:
    with one_worker.open(divider.circuit) as session:
        session.program(divider.conductances)
        whole = session.settle(divider.drive).voltages  # loads and programs the worker
        currents = np.full((5, 1), float(session.circuit.norton_currents(divider.conductances, divider.drive)[0, 0]))
        currents[2] = np.nan
        task = operating_point_task() | {"tether": 0.0, "nudge": [0.0]}
        results = one_worker._pool.run(session._deck, session._gains, task, currents, np.zeros((5, 1)))
    assert [bool(r.failure) for r in results] == [False, False, True, False, False]
    assert all(np.array_equal(r.voltages[-1], whole[0]) for r in results if not r.failure)


BAD = {
    "an unknown element": "q1 n0 0 0 nomodel",
    "a resistor without value": "rx n0 0",
    "an unbalanced expression, which ends the process": "bx n0 0 i = (v(n0",
    "a control block": ".control\nquit\n.endc",
}


@pytest.mark.parametrize("line", BAD.values(), ids=list(BAD))
def test_a_bad_netlist_raises_and_leaves_the_engine_usable(one_worker: NgspiceEngine, divider, line: str) -> None:
    with one_worker.open(divider.circuit) as session:
        session.program(divider.conductances)
        good = session._deck
        netlist = good.netlist.replace(".end\n", f"{line}\n.end\n")
        bad = Deck(netlist, good.n_nodes, good.n_outputs, good.forward, good.backward, good.time_constant)
        nothing = Gains(np.zeros(0), np.zeros(0))
        task = operating_point_task() | {"tether": 0.0, "nudge": [0.0]}
        with pytest.raises(SimulatorError, match="ngspice"):
            one_worker._pool.run(bad, nothing, task, np.zeros((1, 1)), np.zeros((1, 1)))
        assert session.settle(divider.drive).voltages == pytest.approx(0.5, abs=1e-9)


def test_nothing_in_a_name_runs(one_worker: NgspiceEngine, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    names = (f"x\n.control\nshell touch {canary}\n.endc\n", f"y`touch {canary}`")
    circuit = Circuit(Network(names, (1, 1), np.array([0]), Network.layered((1, 1)).blocks), Technology())
    with one_worker.open(circuit) as session:
        session.program(circuit.program(Parameters(np.zeros(1), np.array([0.5]))))
        assert session.settle(Drive(np.zeros((1, 1)))).voltages[0, 0] == pytest.approx(0.5)
        assert "touch" not in session._deck.netlist
    assert not canary.exists()


def test_no_init_file_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, divider) -> None:
    canary = tmp_path / "canary"
    for name in (".spiceinit", "spice.rc", "spinit", "scripts/spinit"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"* init\nshell touch {canary}\n")
    monkeypatch.chdir(tmp_path)
    for variable in ("HOME", "SPICE_SCRIPTS", "SPICE_LIB_DIR", "NGSPICE_INPUT_DIR"):
        monkeypatch.setenv(variable, str(tmp_path))
    with NgspiceEngine(workers=1) as engine, engine.open(divider.circuit) as session:
        session.program(divider.conductances)
        session.settle(divider.drive)
    assert not canary.exists()


def test_a_worker_over_its_memory_limit_is_replaced(divider) -> None:
    with NgspiceEngine(workers=1, memory_limit=1) as engine, engine.open(divider.circuit) as session:
        session.program(divider.conductances)
        first = session.settle(divider.drive).voltages
        second = session.settle(divider.drive).voltages
        assert engine.restarts == 2
    assert np.array_equal(first, second)


SCRIPT = """
import os, signal
import numpy as np
from analogeq.circuit import Circuit, Drive
from analogeq.engines import engine
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters

circuit = Circuit(Network.layered((1, 1)), Technology())
made = engine("ngspice", workers=2)
session = made.open(circuit)
session.program(circuit.program(Parameters(np.zeros(1), np.array([0.5]))))
print(session.settle(Drive(np.zeros((4, 1)))).voltages[0, 0], *made.worker_pids, flush=True)
"""


@pytest.mark.parametrize("ending", ["", "os.kill(os.getpid(), signal.SIGKILL)", "raise SystemExit(0)"])
def test_a_script_without_guard_or_close_leaves_no_worker_behind(tmp_path: Path, ending: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT + ending)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    voltage, *pids = done.stdout.split()
    assert float(voltage) == pytest.approx(0.5)
    assert done.stderr == ""
    assert done.returncode == (-signal.SIGKILL if "KILL" in ending else 0)
    assert len(pids) == 2
    assert wait_until(lambda: all(gone(int(pid)) for pid in pids))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A process that runs tests for another may have been told to ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_the_run_and_the_next_one_works(bumpy) -> None:
    with NgspiceEngine(workers=2, accuracy="tight") as engine, engine.open(bumpy.circuit) as session:
        session.program(bumpy.conductances)
        whole = session.settle(bumpy.drive, bumpy.start, duration=3e-6)
        ctrl_c = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
        ctrl_c.start()
        with pytest.raises(KeyboardInterrupt):
            session.settle(bumpy.drive, bumpy.start, duration=SECOND)
        again = session.settle(bumpy.drive, bumpy.start, duration=3e-6)
    assert np.array_equal(whole.voltages, again.voltages)
