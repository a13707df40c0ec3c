"""PySpice's binding of the shared library, with our own judgement of what it says.

Import this only in a worker process: the library's path is fixed at import, one process holds one
library, and some input ends the process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySpice.Spice.NgSpice.Shared import NgSpiceShared, ffi

from analogeq.engines.ngspice.output import errors_while_loading, errors_while_running, strip_stream
from analogeq.errors import SimulatorError

LONGEST_COMMAND = 1000
"""Characters. Beyond 1,023 ngspice cuts a command silently and assigns the half number."""

COMMANDS_BETWEEN_FLUSHES = 500
"""Commands after which its record of past commands is dropped; it grows without end otherwise."""


class SharedLibrary(NgSpiceShared):  # type: ignore[misc]  # PySpice has no type information
    """The library, loaded once in this process; while ``strict``, warnings are errors.

    Where PySpice takes every line on stderr that does not begin with "Warning:" for an error,
    notes and successful gmin or source stepping are none here, and parse errors at load are caught.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.detached = False
        self.strict = False
        self._commands = 0
        super().__init__()

    @property
    def version(self) -> str:
        """As the library prints it, e.g. "39" or "44.2"."""
        for line in self.command("version -f"):
            found = re.search(r"ngspice-([\w.+]+)", line)
            if found:
                return found.group(1)
        return "unknown"

    def command(self, text: str) -> list[str]:
        """Run one command and return the lines it wrote.

        Raises
        ------
        SimulatorError
            If it is too long, wrote an error, or the library asked to be detached.
        """
        if len(text) > LONGEST_COMMAND:
            raise SimulatorError(f"ngspice command of {len(text)} characters; it cuts them at 1,023: {text[:60]}…")
        self._commands += 1
        if self._commands >= COMMANDS_BETWEEN_FLUSHES:
            self._commands = 0
            self._ngspice_shared.ngSpice_Command(ffi.NULL)
        self.lines = []
        returned = self._ngspice_shared.ngSpice_Command(text.encode("ascii"))
        if self.detached:
            raise SimulatorError(f"ngspice awaits to be detached after {text[:60]!r}: {self._tail()}")
        errors = (errors_while_loading if self.strict else errors_while_running)(self.lines)
        if returned or errors:
            raise SimulatorError(f"ngspice command {text[:60]!r} failed: {'; '.join(errors) or self._tail()}")
        return self.lines

    def alter(self, assignments: Iterable[str]) -> None:
        """Run many ``alter`` commands, joined by ``;`` into as few as their length allows."""
        joined: list[str] = []
        length = 0
        for assignment in assignments:
            length += len(assignment) + 1
            if length > LONGEST_COMMAND:
                self.command(";".join(joined))
                joined, length = [], len(assignment) + 1
            joined.append(assignment)
        if joined:
            self.command(";".join(joined))

    def load(self, netlist: str) -> list[str]:
        """Take a netlist; one circuit is held at a time.

        Raises
        ------
        SimulatorError
            If ngspice complained about any line, warnings included.
        """
        lines = [*netlist.splitlines(), ""]
        kept = [ffi.new("char[]", line.encode("ascii")) for line in lines] + [ffi.NULL]
        self.lines = []
        returned = self._ngspice_shared.ngSpice_Circ(ffi.new("char *[]", kept))
        errors = errors_while_loading(self.lines)
        if returned or errors or self.detached:
            raise SimulatorError(f"ngspice refused the netlist: {'; '.join(errors) or self._tail()}")
        return self.lines

    def vector(self, name: str) -> NDArray[np.float64]:
        """Copy one vector of the current plot, all its digits."""
        info = self._ngspice_shared.ngGet_Vec_Info(name.encode("ascii"))
        if info == ffi.NULL or info.v_length < 1 or info.v_realdata == ffi.NULL:
            raise SimulatorError(f"ngspice has no vector {name!r}: {self._tail()}")
        return np.frombuffer(ffi.buffer(info.v_realdata, 8 * info.v_length), dtype=np.float64).copy()

    def last_values(self, names: Sequence[Any]) -> list[float]:
        """Read the last value of each vector; ``names`` come from `vector_names`."""
        look_up, null = self._ngspice_shared.ngGet_Vec_Info, ffi.NULL
        values = []
        for name in names:
            info = look_up(name)
            if info == null or info.v_length < 1 or info.v_realdata == null:
                raise SimulatorError(f"ngspice has no vector {ffi.string(name).decode()!r}: {self._tail()}")
            values.append(info.v_realdata[info.v_length - 1])
        return values

    @staticmethod
    def vector_names(names: Iterable[str]) -> list[Any]:
        """Prepare names for `last_values` once."""
        return [ffi.new("char[]", name.encode("ascii")) for name in names]

    def exec_command(self, command: str, join_lines: bool = True) -> str | list[str]:  # noqa: FBT001, FBT002  PySpice's own signature
        """PySpice's way in, by our own judgement."""
        texts = [strip_stream(line) for line in self.command(command)]
        return "\n".join(texts) if join_lines else texts

    @staticmethod
    def _send_char(message: Any, _library: int, handle: Any) -> int:
        ffi.from_handle(handle).lines.append(ffi.string(message).decode("utf-8", "replace"))
        return 0

    @staticmethod
    def _send_stat(_message: Any, _library: int, _handle: Any) -> int:
        return 0

    @staticmethod
    def _exit(_status: int, _at_once: bool, _quit: bool, _library: int, handle: Any) -> int:  # noqa: FBT001  ngspice's callback
        ffi.from_handle(handle).detached = True
        return 0

    def _tail(self) -> str:
        texts = [strip_stream(line) for line in self.lines]
        return "; ".join(text for text in texts[-4:] if text) or "it said nothing"
