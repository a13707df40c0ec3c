"""How the engine's kernels are compiled."""

from analogeq.jit import jit

__all__ = ["jit"]
