"""The worker process: one ngspice library, requests in, answers out.

Started by `analogeq.engines.ngspice.start_worker`, with a socket as standard input.
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import socket
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.ngspice.library import VARIABLE
from analogeq.engines.ngspice.messages import Arrays, Header, receive, send
from analogeq.errors import SimulatorError

if TYPE_CHECKING:
    from analogeq.engines.ngspice.simulator import Simulator

Finished = tuple[NDArray[np.float64], NDArray[np.float64], int]
"""Times, voltages and time points of a sample."""


def serve_until_closed(library_path: str) -> None:
    """Load the library and serve until the other side closes the channel."""
    channel = socket.socket(fileno=os.dup(0))
    _isolate()
    os.environ[VARIABLE] = library_path.replace("{", "{{").replace("}", "}}")
    from analogeq.engines.ngspice.shared import SharedLibrary
    from analogeq.engines.ngspice.simulator import Simulator

    simulator = Simulator(SharedLibrary())
    send(channel, {"ready": True, "version": simulator.library.version, "solver": simulator.solver}, {})
    while True:
        try:
            header, arrays = receive(channel)
            serve(simulator, channel, header, arrays)
        except (EOFError, ConnectionError):
            return
        if simulator.library.detached:
            return


def serve(simulator: Simulator, channel: socket.socket, header: Header, arrays: Arrays) -> None:
    """Do what one message asks and answer it."""
    try:
        if header["do"] == "load":
            elements = {
                name: header[name] for name in ("n_nodes", "n_outputs", "n_states", "lagging", "forward", "backward")
            }
            simulator.load(header["netlist"], span=header["time_constant"], **elements)
        elif header["do"] == "gains":
            simulator.set_gains(arrays["forward"], arrays["backward"])
        elif header["do"] == "run":
            _run(simulator, channel, header, arrays)
        elif header["do"] == "sensitivities":
            asked = (header[name] for name in ("netlist", "vectors", "outputs", "parameters"))
            values, slopes = simulator.sensitivities(*asked)
            send(channel, {}, {"values": values, "slopes": slopes})
        send(channel, {"done": True, "memory": memory()}, {})
    except SimulatorError as error:
        send(channel, {"failed": str(error)}, {})


def _run(simulator: Simulator, channel: socket.socket, header: Header, arrays: Arrays) -> None:
    from analogeq.engines.ngspice.simulator import Task

    task = Task(**{field.name: header[field.name] for field in fields(Task)})
    finished: list[Finished] = []
    since = time.monotonic()
    try:
        for sample in simulator.run(task, arrays["currents"], arrays["start"]):
            finished.append(sample)
            if time.monotonic() - since >= header["patience"]:
                _send(channel, finished)
                since = time.monotonic()
    finally:
        _send(channel, finished)


def _send(channel: socket.socket, finished: list[Finished]) -> None:
    """Send what is finished in one message, and forget it."""
    if not finished:
        return
    times, voltages, points = zip(*finished, strict=True)
    finished.clear()
    header = {"points": points, "rows": [len(t) for t in times]}
    send(channel, header, {"times": np.concatenate(times), "voltages": np.concatenate(voltages)})


def memory() -> int:
    """Resident memory of this process [byte]; its peak where the system does not tell the present."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _isolate() -> None:
    """Keep init files and stray output out: the working folder is ours and empty."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)
    here = str(Path.cwd())
    # ngspice reads spinit from SPICE_SCRIPTS and .spiceinit from the working folder and HOME.
    for name in ("HOME", "USERPROFILE", "SPICE_SCRIPTS", "SPICE_LIB_DIR", "NGSPICE_INPUT_DIR"):
        os.environ[name] = here
    os.dup2(2, 1)
