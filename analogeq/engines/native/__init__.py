"""Batched settling in numpy and scipy."""

from analogeq.engines.native.engine import NativeEngine
from analogeq.engines.native.session import NativeSession

__all__ = ["NativeEngine", "NativeSession"]
