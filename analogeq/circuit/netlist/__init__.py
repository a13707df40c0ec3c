"""Circuit to SPICE text."""

from analogeq.circuit.netlist.hierarchy import cell_hierarchy
from analogeq.circuit.netlist.readable import readable_netlist
from analogeq.circuit.netlist.simulation import folded_schematic, simulation_netlist

__all__ = ["cell_hierarchy", "folded_schematic", "readable_netlist", "simulation_netlist"]
