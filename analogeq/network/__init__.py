"""Graphs in, checked arrays out."""

from analogeq.network.network import Block, Network
from analogeq.network.parameters import Parameters, glorot_uniform

__all__ = ["Block", "Network", "Parameters", "glorot_uniform"]
