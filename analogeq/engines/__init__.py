"""Engines settle circuits; all of them fulfil `analogeq.engines.contract`."""

from analogeq.engines.contract import Engine, OperatingPoint, Session, Status, Waveform

__all__ = ["Engine", "OperatingPoint", "Session", "Status", "Waveform", "engine"]


def engine(name: str, *, workers: int | None = None) -> Engine:
    """Return the engine called ``name``.

    Parameters
    ----------
    name : {"native", "ngspice"}
    workers : int, optional
        Worker processes of ngspice; one a core if not given. The native engine has none.
    """
    if name == "native":
        from analogeq.engines.native import NativeEngine

        return NativeEngine()
    if name == "ngspice":
        from analogeq.engines.ngspice import NgspiceEngine

        return NgspiceEngine(workers=workers)
    raise ValueError(f"engine {name!r} is unknown; choose native or ngspice")
