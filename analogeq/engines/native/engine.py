"""The native engine: batched, in this process, numpy and scipy."""

from __future__ import annotations

from dataclasses import dataclass

from analogeq.circuit import Circuit
from analogeq.engines.native.session import NativeSession
from analogeq.errors import InputError
from analogeq.hardware import IdealClamp


@dataclass(frozen=True)
class NativeEngine:
    """Settles circuits of the hopfield family."""

    name: str = "native"

    def open(self, circuit: Circuit) -> NativeSession:
        """Prepare a circuit; `NativeSession.program` must follow before anything settles."""
        if not isinstance(circuit.technology.clamp, IdealClamp):
            raise InputError("native engine: only ideal clamps so far; use the ngspice engine for diode clamps")
        return NativeSession(circuit)
