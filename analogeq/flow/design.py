"""From what a user names on a command line to a checked circuit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analogeq.circuit import compile_circuit
from analogeq.errors import GraphError, InputError
from analogeq.flow.families import AnyCircuit, first_weights, wiring_of
from analogeq.hardware import ResistiveTechnology, Technology, load_technology
from analogeq.network import (
    Network,
    Parameters,
    network_from_graph,
    parameters_from_graph,
    read_graph,
    shared_from_graph,
    shared_nodes_from_graph,
)


def build_circuit(
    layers: Sequence[int] | None = None, graph: Path | None = None, technology: Path | None = None
) -> AnyCircuit:
    """Compile a layered network or a drawn graph in a technology.

    Parameters
    ----------
    layers : sequence of int, optional
        Inputs, hidden layers, outputs.
    graph : Path, optional
        A GraphML file or an edge list; instead of ``layers``. Edges and neurons with one ``shared`` learn as one.
    technology : Path, optional
        A TOML file, which decides the circuit's family; the default technology of ``hopfield`` if not given.
    """
    if (layers is None) == (graph is None):
        raise InputError("network: give layer sizes (--layers 64,100,10) or a graph (--graph FILE), one of the two")
    chip = Technology() if technology is None else load_technology(_there(technology))
    return compile_drawn(_there(graph), chip) if layers is None else compile_circuit(Network.layered(layers), chip)


def compile_drawn(file: Path, technology: Technology | ResistiveTechnology) -> AnyCircuit:
    """Compile the graph in a file, with what its labels ``shared`` say."""
    graph = read_graph(file)
    return compile_circuit(
        network_from_graph(graph),
        technology,
        shared=shared_from_graph(graph),
        shared_nodes=shared_nodes_from_graph(graph),
    )


@dataclass(frozen=True, eq=False)
class Start:
    """What an untrained circuit holds.

    Attributes
    ----------
    parameters : Parameters
    origin : str
        Where it is from, for people.
    """

    parameters: Parameters
    origin: str


def starting_weights(circuit: AnyCircuit, graph: Path | None, seed: int, scale: float | None = None) -> Start:
    """Take the weights that a graph's file has, else draw them with ``seed``, ``scale`` times as large.

    A resistive circuit takes a ``weight`` for a conductance [S] and a ``bias`` for a current [A].

    Raises
    ------
    GraphError
        If some edges have a weight and others none, or the circuit has conductances that no edge stands for.
    """
    if graph is None or not has_weights(graph):
        drawn, _ = first_weights(circuit, seed, 1.0 if scale is None else scale)
        return Start(drawn, f"drawn at random, seed {seed}")
    if scale is not None:
        raise InputError(f"--scale {scale}: {graph} has weights of its own; leave --scale out")
    wiring, network = wiring_of(circuit), circuit.network
    if wiring.n_edges != network.n_edges:
        raise GraphError(
            f"{graph}: has a weight for {network.n_edges} edges, and the circuit has {wiring.n_edges} conductances, "
            'since its inputs are doubled or it has a bias; set [inputs] kind = "single" and bias_voltage = "none", or '
            "take the weights out"
        )
    return Start(parameters_from_graph(read_graph(graph)), f"those of {graph}")


def has_weights(graph: Path) -> bool:
    """Whether a file's graph has a weight or a bias anywhere."""
    drawn = read_graph(graph)
    weights = (weight for _, _, weight in drawn.edges(data="weight"))
    biases = (bias for _, bias in drawn.nodes(data="bias"))
    return any(value is not None for value in (*weights, *biases))


def parse_layers(text: str) -> tuple[int, ...]:
    """Read "64,100,10" or "64-100-10"."""
    try:
        return tuple(int(part) for part in text.replace("-", ",").replace("–", ",").split(","))
    except ValueError:
        raise InputError(f"--layers {text!r}: not a list of whole numbers; write for example 64,100,10") from None


def _there(path: Path | None) -> Path:
    if path is None or not path.is_file():
        raise InputError(f"{path}: no such file")
    return path
