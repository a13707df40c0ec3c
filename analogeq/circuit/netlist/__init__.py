"""Circuit to SPICE text; PySpice's objects are in `analogeq.circuit.netlist.pyspice_view`."""

from analogeq.circuit.netlist.digest import netlist_hash
from analogeq.circuit.netlist.hierarchy import cell_hierarchy
from analogeq.circuit.netlist.model_file import ModelFile, read_model_file
from analogeq.circuit.netlist.readable import readable_netlist
from analogeq.circuit.netlist.simulation import folded_schematic, simulation_netlist

__all__ = [
    "ModelFile",
    "cell_hierarchy",
    "folded_schematic",
    "netlist_hash",
    "read_model_file",
    "readable_netlist",
    "simulation_netlist",
]
