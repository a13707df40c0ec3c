"""How the digital kernels are compiled."""

from analogeq.jit import jit, jit_parallel

__all__ = ["jit", "jit_parallel"]
