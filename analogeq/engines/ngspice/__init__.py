"""ngspice through PySpice's shared library, in worker processes."""

from analogeq.engines.ngspice.engine import NgspiceEngine

__all__ = ["NgspiceEngine"]
