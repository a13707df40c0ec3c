"""Circuit to SPICE text."""

from analogeq.circuit.netlist.simulation import folded_schematic, simulation_netlist

__all__ = ["folded_schematic", "simulation_netlist"]
