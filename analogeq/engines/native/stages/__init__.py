"""Circuits whose amplifiers drive only so far and so fast."""

from analogeq.engines.native.stages.session import StageSession

__all__ = ["StageSession"]
