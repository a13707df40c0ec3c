"""The parent's end of one worker process."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import analogeq
from analogeq.engines.ngspice.library import LibraryDescription
from analogeq.engines.ngspice.messages import Arrays, Header, receive, send
from analogeq.errors import SimulatorError, SimulatorMissingError

START = Path(__file__).with_name("start_worker.py")

STARTING_LIMIT = 60.0
"""Seconds until a new worker has to have loaded the library; about one is usual."""


class WorkerLostError(SimulatorError):
    """A worker died, hung past its limit or reported a failure; it has been ended.

    Attributes
    ----------
    reported : bool
        Whether it said itself what failed.
    """

    def __init__(self, message: str, *, reported: bool = False) -> None:
        self.reported = reported
        super().__init__(message)


class WorkerProcess:
    """Starts at once, answers when asked; after any failure it is dead and a new one has to be made.

    Parameters
    ----------
    library : Path
        What it loads.
    """

    def __init__(self, library: Path) -> None:
        self.library = library
        self.version = ""
        self.solver = ""
        self.memory = 0
        self.holds: tuple[int, int] = (-1, -1)
        self._folder = Path(tempfile.mkdtemp(prefix="analogeq-ngspice-"))
        self._log = self._folder / "stderr.log"
        ours, theirs = socket.socketpair()
        try:
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(  # noqa: S603  our own module by our own interpreter, no shell
                    [sys.executable, "-P", str(START), str(library)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    cwd=self._folder,
                    env=_environment(library),
                    start_new_session=True,
                )
        finally:
            theirs.close()
        self._channel = ours

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Process id."""
        return int(self._process.pid)

    def wait_until_ready(self) -> None:
        """Wait until the library is loaded.

        Raises
        ------
        SimulatorMissingError
            If it cannot be loaded.
        """
        if self.version:
            return
        try:
            self._channel.settimeout(STARTING_LIMIT)
            header, _ = receive(self._channel)
        except (EOFError, OSError) as error:
            said = self._last_words()
            self.kill()
            raise SimulatorMissingError(
                f"{self.library} could not be loaded as the ngspice library: {said or error}; run `analogeq doctor`"
            ) from error
        self.version, self.solver = str(header["version"]), str(header["solver"])

    def request(self, header: Mapping[str, object], arrays: Mapping[str, NDArray[np.float64]], limit: float) -> None:
        """Send a request that `answer` will answer."""
        self.wait_until_ready()
        self._channel.settimeout(limit)
        try:
            send(self._channel, header, arrays)
        except OSError as error:
            raise self._lost(f"took no message ({error})") from error

    def answer(self, limit: float) -> tuple[Header, Arrays]:
        """Receive one answer within ``limit`` [s].

        Raises
        ------
        WorkerLostError
            If none came or it reports a failure; the process is ended either way.
        """
        self._channel.settimeout(limit)
        try:
            header, arrays = receive(self._channel)
        except TimeoutError as error:
            raise self._lost(f"gave no answer within its time limit of {limit:g} s") from error
        except (EOFError, OSError, ValueError) as error:
            raise self._lost("died") from error
        if "failed" in header:
            self.kill()
            raise WorkerLostError(f"ngspice worker reported: {header['failed']}", reported=True)
        if "memory" in header:
            self.memory = int(header["memory"])
        return header, arrays

    def description(self) -> LibraryDescription:
        """Wait until the library has said who it is."""
        self.wait_until_ready()
        return LibraryDescription(self.library, self.version, self.solver)

    def interrupt(self) -> None:
        """End the process without waiting; whoever waits for an answer finds it dead."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def kill(self) -> None:
        """End the process and wait for it, so that no zombie stays; a second call does nothing."""
        self._channel.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _lost(self, what: str) -> WorkerLostError:
        said = self._last_words()
        self.kill()
        code = self._process.returncode
        ending = f"; exit code {code}" if what == "died" else ""
        return WorkerLostError(f"ngspice worker {what}{ending}{'; last words: ' + said if said else ''}")

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=0.2)
        try:
            return self._log.read_bytes()[-400:].decode("utf-8", "replace").strip()
        except OSError:
            return ""


def _environment(library: Path) -> dict[str, str]:
    environment = dict(os.environ)
    if library.is_relative_to(sys.prefix):
        # Unpacked by set-up without root, and so is what it needs beside it.
        others = filter(None, [environment.get("LD_LIBRARY_PATH")])
        environment["LD_LIBRARY_PATH"] = os.pathsep.join([str(library.parent), *others])
    home = str(Path(analogeq.__file__).parent.parent)
    paths = [home, *filter(None, [environment.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    # A worker's arithmetic is ngspice's; a second thread of a BLAS would only be in the way.
    environment["OPENBLAS_NUM_THREADS"] = environment["OMP_NUM_THREADS"] = "1"
    return environment
