"""Circuits of the resistive family as SPICE text."""

from analogeq.circuit.resistive.netlist.readable import readable_netlist
from analogeq.circuit.resistive.netlist.simulation import folded_schematic, simulation_netlist, simulation_values

__all__ = ["folded_schematic", "readable_netlist", "simulation_netlist", "simulation_values"]
