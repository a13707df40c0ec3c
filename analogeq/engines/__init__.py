"""Engines settle circuits; all of them fulfil `analogeq.engines.contract`."""

from typing import Literal

from analogeq.engines.contract import Engine, OperatingPoint, ResistiveSession, Session, Status, Waveform
from analogeq.errors import InputError

Accuracy = Literal["coarse", "fast", "tight"]

__all__ = ["Engine", "OperatingPoint", "ResistiveSession", "Session", "Status", "Waveform", "engine"]


def engine(name: str, *, workers: int | None = None, accuracy: Accuracy = "fast") -> Engine:
    """Return the engine called ``name``.

    Parameters
    ----------
    name : {"native", "ngspice"}
    workers : int, optional
        Worker processes of ngspice; one a core if not given. The native engine has none.
    accuracy : {"coarse", "fast", "tight"}
        How closely phases of finite duration follow the circuit; each engine states its errors.
        "coarse" is the native engine's.

    Raises
    ------
    InputError
        If there is no such engine, or it has no such accuracy.
    """
    if name == "native":
        from analogeq.engines.native import NativeEngine

        return NativeEngine(accuracy=accuracy)
    if name == "ngspice":
        from analogeq.engines.ngspice import NgspiceEngine

        if accuracy == "coarse":
            raise InputError(
                "engine 'ngspice': it has no accuracy 'coarse'; 'fast' is its like, in steps of half a time constant"
            )
        return NgspiceEngine(workers=workers, accuracy=accuracy)
    raise InputError(f"engine {name!r}: unknown; choose native or ngspice")
