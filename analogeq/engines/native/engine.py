"""The native engine: batched, in this process."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal, overload

import numpy as np

from analogeq.circuit import Circuit
from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.engines.native.methods import Methods
from analogeq.engines.native.resistive import ResistiveSession
from analogeq.engines.native.session import NativeSession
from analogeq.engines.native.stages import StageSession
from analogeq.errors import InputError
from analogeq.hardware import DiodeClamp

TOLERANCES = {"coarse": 1e-4, "fast": 1e-4, "tight": 1e-9}
DIODE_TOLERANCES = {"coarse": 1e-3, "fast": 1e-4, "tight": 1e-8}
"""Local error of a transient's step, in units of the rail, for each accuracy; ideal clamps and diodes."""


@dataclass(frozen=True)
class NativeEngine:
    """Settles circuits of the hopfield family.

    Attributes
    ----------
    accuracy : {"tight", "fast", "coarse"}
        How well a phase of finite time is followed: within 1e-7 of the rail along the waveform; or
        within 1e-3, which is what training needs and takes a third of the time; or in long steps,
        within 3e-2 on the way, mostly at corners, and arriving where the circuit arrives, the longer the
        phase the closer, as ngspice's "fast" does. The last is for phases between ideal clamps:
        waveforms are followed as by "fast", circuits with diodes to 1e-3 a step.
        An equilibrium is solved to rounding in every case.
        Circuits whose amplifiers have limits are followed as those with diodes are.
    kernels : {"auto", "numpy", "numba"}
        Compiled kernels where numba is installed (extra ``fast``), or a choice.
    dtype : {"float64", "float32"}
        What conductances and currents are computed in. In float32 equilibria are solved to about 1e-5 of
        the rail and phases to 1e-5 at best; circuits with diodes are computed in float64 all the same.
    """

    accuracy: Literal["tight", "fast", "coarse"] = "tight"
    kernels: Literal["auto", "numpy", "numba"] = "auto"
    dtype: Literal["float64", "float32"] = "float64"
    name: str = "native"

    def __post_init__(self) -> None:
        if self.accuracy not in TOLERANCES:
            raise InputError(f"native engine: accuracy {self.accuracy!r} is unknown; choose tight, fast or coarse")
        if self.kernels not in ("auto", "numpy", "numba"):
            raise InputError(f"native engine: kernels {self.kernels!r} are unknown; choose auto, numpy or numba")
        if self.dtype not in ("float64", "float32"):
            raise InputError(f"native engine: dtype {self.dtype!r} is unknown; choose float64 or float32")
        if self.kernels == "numba" and not has_numba():
            raise InputError("native engine: kernels 'numba', but numba is not installed; pip install analogeq[fast]")

    @overload
    def open(self, circuit: Circuit) -> NativeSession | StageSession: ...

    @overload
    def open(self, circuit: ResistiveCircuit) -> ResistiveSession: ...

    def open(self, circuit: Circuit | ResistiveCircuit) -> NativeSession | StageSession | ResistiveSession:
        """Prepare a circuit of either family; ``program`` must follow before anything settles."""
        compiled = self.kernels != "numpy" and has_numba()
        if isinstance(circuit, ResistiveCircuit):
            return ResistiveSession(circuit, compiled=compiled)
        steps = DIODE_TOLERANCES if isinstance(circuit.technology.clamp, DiodeClamp) else TOLERANCES
        if circuit.limits is not None:
            return StageSession(circuit, DIODE_TOLERANCES[self.accuracy] * circuit.technology.rail)
        kind: np.dtype[np.floating] = np.dtype(self.dtype)
        floor = 1e-6 if self.dtype == "float32" else 0.0
        tolerance = max(steps[self.accuracy], floor) * circuit.technology.rail
        return NativeSession(circuit, tolerance, Methods(compiled), coarse=self.accuracy == "coarse", dtype=kind)


def has_numba() -> bool:
    """Whether numba can be imported, without the second that importing it takes."""
    return find_spec("numba") is not None
