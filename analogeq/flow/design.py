"""From what a user names on a command line to a checked circuit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from analogeq.circuit import Circuit, compile_circuit
from analogeq.digital import FeedforwardCopy
from analogeq.errors import InputError
from analogeq.hardware import Technology, load_technology
from analogeq.network import Network, Parameters, glorot_uniform, network_from_graph, read_graph


def build_circuit(
    layers: Sequence[int] | None = None, graph: Path | None = None, technology: Path | None = None
) -> Circuit:
    """Compile a layered network or a drawn graph in a technology.

    Parameters
    ----------
    layers : sequence of int, optional
        Inputs, hidden layers, outputs.
    graph : Path, optional
        A GraphML file or an edge list; instead of ``layers``.
    technology : Path, optional
        A TOML file; the default technology if not given.
    """
    if (layers is None) == (graph is None):
        raise InputError("network: give either layer sizes (--layers 64,100,10) or a graph (--graph FILE)")
    network = Network.layered(layers) if layers is not None else network_from_graph(read_graph(_there(graph)))
    chip = Technology() if technology is None else load_technology(_there(technology))
    return compile_circuit(network, chip)


def parse_layers(text: str) -> tuple[int, ...]:
    """Read "64,100,10" or "64-100-10"."""
    try:
        return tuple(int(part) for part in text.replace("-", ",").replace("–", ",").split(","))
    except ValueError:
        raise InputError(f"--layers {text!r}: not a list of whole numbers; write for example 64,100,10") from None


def random_weights(circuit: Circuit, seed: int, scale: float = 1.0) -> tuple[Parameters, FeedforwardCopy]:
    """Draw weights of a circuit and of its copy, as training draws them before its first step."""
    for_circuit, for_copy = np.random.SeedSequence(seed).spawn(2)
    network = circuit.network
    own = glorot_uniform(network, np.random.default_rng(for_circuit), scale=scale)
    return own, FeedforwardCopy(network, glorot_uniform(network, np.random.default_rng(for_copy), scale=scale))


def _there(path: Path | None) -> Path:
    if path is None or not path.is_file():
        raise InputError(f"{path}: no such file")
    return path
