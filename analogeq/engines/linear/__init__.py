"""Solve batches of linearised circuits, by the structure that each has."""

from analogeq.engines.linear.couplings import Couplings
from analogeq.engines.linear.systems import Systems, solve

__all__ = ["Couplings", "Systems", "solve"]
