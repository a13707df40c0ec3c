"""A worker does not outlive the process it works for."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

OWNER = """
import numpy as np
from analogeq.circuit import Circuit, Drive
from analogeq.engines import engine
from analogeq.hardware import Technology
from analogeq.network import Network, glorot_uniform
circuit = Circuit(Network.layered((4, 30, 5)), Technology())
ngspice = engine("ngspice", workers=1, accuracy="tight")
session = ngspice.open(circuit)
session.program(circuit.program(glorot_uniform(circuit.network, np.random.default_rng(0))))
session.settle(Drive(np.ones((1, 4))))
print(*ngspice.worker_pids, flush=True)
session.settle(Drive(np.random.default_rng(1).random((50, 4))), duration=1.0)
"""


def _runs(pid: int) -> bool:
    """Whether a process exists and is not merely waiting for somebody to read its exit code."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.ngspice
@pytest.mark.skipif(sys.platform != "linux", reason="the signal of a parent's death is Linux's own")
def test_a_worker_in_the_middle_of_an_analysis_ends_with_its_owner() -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner.stdout as printed:
        worker = int(printed.readline())
        time.sleep(0.5)
        assert _runs(worker)
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait(timeout=30)
    deadline = time.monotonic() + 20
    while _runs(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(worker)
