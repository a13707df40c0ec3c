"""Where ngspice's shared library is on this machine, and what to install if it is nowhere."""

from __future__ import annotations

import ctypes.util
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analogeq.errors import SimulatorMissingError

VARIABLE = "NGSPICE_LIBRARY_PATH"

FILE_NAMES = ("libngspice.so.0", "libngspice.so", "libngspice.0.dylib", "libngspice.dylib", "ngspice.dll")

ADVICE = (
    "install it:\n"
    "  Debian, Ubuntu: apt-get install libngspice0 (or `make setup`, which needs no root)\n"
    "  macOS:          brew install libngspice\n"
    "  conda:          conda install -c conda-forge ngspice-lib\n"
    f"or point {VARIABLE} at the library file"
)

_FOLDERS = (
    "/usr/local/lib",
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/opt/homebrew/lib",
    "/opt/homebrew/opt/libngspice/lib",
    "/usr/local/opt/libngspice/lib",
    "/opt/local/lib",
)


@dataclass(frozen=True)
class LibraryDescription:
    """What a library says about itself.

    Attributes
    ----------
    path : Path
    version : str
        As it prints it, e.g. "39".
    solver : str
        "Sparse 1.3" or "KLU": which of them it used when asked for KLU.
    """

    path: Path
    version: str
    solver: str

    @property
    def summary(self) -> str:
        """One line for people."""
        return f"ngspice {self.version} ({self.solver}) from {self.path}"


def find_library() -> Path:
    """Find the shared library: the variable, then the system, then what set-up unpacked.

    Raises
    ------
    SimulatorMissingError
        If there is none; the message says what to install.
    """
    asked = os.environ.get(VARIABLE)
    if asked:
        if Path(asked).is_file():
            return Path(asked)
        raise SimulatorMissingError(f"{VARIABLE} is {asked!r}, which is not a file; correct or unset it, or {ADVICE}")
    for folder in _system_folders():
        for name in FILE_NAMES:
            if (folder / name).is_file():
                return folder / name
    known_to_linker = ctypes.util.find_library("ngspice")
    if known_to_linker is not None:
        return Path(known_to_linker)
    for name in FILE_NAMES:
        for found in sorted((Path(sys.prefix) / "lib" / "analogeq-ngspice").glob(f"**/{name}")):
            return found
    raise SimulatorMissingError(f"the ngspice shared library (libngspice) is not on this machine; {ADVICE}")


def describe_library(path: Path | None = None) -> LibraryDescription:
    """Start the library in a process of its own and ask who it is.

    Parameters
    ----------
    path : Path, optional
        The one that `find_library` finds if not given.
    """
    from analogeq.engines.ngspice.process import WorkerProcess

    worker = WorkerProcess(path or find_library())
    try:
        return worker.description()
    finally:
        worker.kill()


def _system_folders() -> Iterator[Path]:
    conda = os.environ.get("CONDA_PREFIX")
    for prefix in (conda, sys.prefix):
        if prefix:
            yield from (Path(prefix) / "lib", Path(prefix) / "Library" / "bin")
    for folder in map(Path, _FOLDERS):
        yield folder
        if sys.platform == "linux" and folder.name == "lib":
            yield from sorted(folder.glob("*-linux-gnu*"))
