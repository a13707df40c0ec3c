"""From what a user names on a command line to a checked circuit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analogeq.circuit import compile_circuit
from analogeq.errors import InputError
from analogeq.flow.families import AnyCircuit
from analogeq.hardware import ResistiveTechnology, Technology, load_technology
from analogeq.network import (
    Network,
    network_from_graph,
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
        raise InputError("network: give either layer sizes (--layers 64,100,10) or a graph (--graph FILE)")
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
