"""Graphs in, checked arrays out."""

from analogeq.network.feature_maps import LocalLayer, Maps, MapTopology
from analogeq.network.files import read_graph, write_graph
from analogeq.network.graph import (
    graph_from_network,
    network_from_graph,
    parameters_from_graph,
    shared_from_graph,
    shared_nodes_from_graph,
)
from analogeq.network.names import node_name
from analogeq.network.network import Block, Network
from analogeq.network.parameters import Parameters, glorot_limit, glorot_uniform, orthogonal_chain
from analogeq.network.topologies import (
    lattice_graph,
    layered_graph,
    map_graph,
    random_graph,
    sparse_graph,
    with_lateral_connections,
    with_skip_connections,
    with_terminals,
)

__all__ = [
    "Block",
    "LocalLayer",
    "MapTopology",
    "Maps",
    "Network",
    "Parameters",
    "glorot_limit",
    "glorot_uniform",
    "graph_from_network",
    "lattice_graph",
    "layered_graph",
    "map_graph",
    "network_from_graph",
    "node_name",
    "orthogonal_chain",
    "parameters_from_graph",
    "random_graph",
    "read_graph",
    "shared_from_graph",
    "shared_nodes_from_graph",
    "sparse_graph",
    "with_lateral_connections",
    "with_skip_connections",
    "with_terminals",
    "write_graph",
]
