"""A copy taken apart into a JSON document and named arrays, and put together again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analogeq.digital import FeedforwardCopy, TabulatedActivation
from analogeq.digital.activation import HARD_SIGMOID, Activation
from analogeq.errors import InputError
from analogeq.export.metadata import CopyMetadata
from analogeq.network import Block, Network, Parameters

FORMAT = "analogeq feedforward copy"
FORMAT_VERSION = 2
"""Version 1 knows hard sigmoids alone, and those are still written as it; 2 adds other activations and pairs."""

ACTIVATION = ("lower", "upper", "leak")
"""Arrays of a layer's activation: ``lower.k``, ``upper.k``, ``leak.k``."""

DOCUMENT = "analogeq"
"""The key every file keeps its document under."""

Arrays = dict[str, NDArray[Any]]


def block_name(block: Block) -> str:
    """Key of a block's arrays, ``"0.1"`` for the one from the inputs to layer 1."""
    return f"{block.pre}.{block.post}"


def write_document(copy: FeedforwardCopy, metadata: CopyMetadata, *, with_edges: bool = False) -> str:
    """Write down everything but the numbers.

    Parameters
    ----------
    with_edges : bool
        List the edges of blocks that are not dense here, for a format whose arrays cannot hold them.
    """
    net = copy.network
    blocks: list[dict[str, object]] = []
    for block in net.blocks:
        entry: dict[str, object] = {"pre": block.pre, "post": block.post, "dense": block.dense}
        if with_edges and block.rows is not None and block.cols is not None:
            entry |= {"rows": block.rows.tolist(), "cols": block.cols.tolist()}
        blocks.append(entry)
    network: dict[str, object] = {
        "layer_sizes": list(net.layer_sizes),
        "names": list(net.names),
        "outputs": net.outputs.tolist(),
        "blocks": blocks,
    }
    usual = is_usual(copy)
    if not usual:
        network |= {"activation": "arrays", "pairs": copy.pairs}
    return json.dumps(
        {
            "format": FORMAT,
            "format_version": 1 if usual else FORMAT_VERSION,
            "metadata": metadata.as_json(),
            "network": network,
        },
        allow_nan=False,
        sort_keys=True,
    )


def is_usual(copy: FeedforwardCopy) -> bool:
    """Whether a copy has the papers' hard sigmoid and reads each output by itself, as version 1 supposes."""
    return copy.activation is HARD_SIGMOID and not copy.pairs


def activation_arrays(copy: FeedforwardCopy) -> Arrays:
    """Name the activation's arrays, layer by layer; none where it is the usual one."""
    if is_usual(copy):
        return {}
    if isinstance(copy.activation, TabulatedActivation):
        raise InputError(
            "copy: its activation is a curve, which no export format holds; put its weights behind a clip "
            "(copy_activation = 'knees') and measure again"
        )
    dtype = copy.parameters.weights.dtype
    arrays: Arrays = {}
    for name in ACTIVATION:
        values = np.broadcast_to(getattr(copy.activation, name), copy.network.n_nodes).astype(dtype)
        arrays |= {f"{name}.{index}": values[layer] for index, layer in enumerate(copy.network.layers, start=1)}
    return arrays


def read_document(text: str) -> tuple[Mapping[str, Any], CopyMetadata]:
    """Read the network's description and the metadata.

    Raises
    ------
    InputError
        If the text is not such a document or of a newer format.
    """
    try:
        document = json.loads(text)
        kind, number = document["format"], int(document["format_version"])
        network, metadata = document["network"], document["metadata"]
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"its document is not what an export writes ({error!r}); export the copy again") from error
    if kind != FORMAT or number > FORMAT_VERSION:
        raise InputError(f'it is "{kind}" version {number}; this analogeq reads "{FORMAT}" up to {FORMAT_VERSION}')
    return network, CopyMetadata.from_json(metadata)


def take_apart(copy: FeedforwardCopy) -> Arrays:
    """Name the arrays: ``weights.p.q``, with ``rows.p.q`` and ``cols.p.q`` unless dense, ``biases.k``, activations."""
    net, theta = copy.network, copy.parameters
    arrays: Arrays = {}
    for block in net.blocks:
        name = block_name(block)
        mine = theta.weights[block.edges]
        arrays[f"weights.{name}"] = mine.reshape(block.shape) if block.dense else mine
        if block.rows is not None and block.cols is not None:
            arrays[f"rows.{name}"] = block.rows.astype(np.int64)
            arrays[f"cols.{name}"] = block.cols.astype(np.int64)
    for index, layer in enumerate(net.layers, start=1):
        arrays[f"biases.{index}"] = theta.biases[layer]
    arrays |= activation_arrays(copy)
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def put_together(described: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> FeedforwardCopy:
    """Rebuild the copy from its network's description and its arrays.

    Raises
    ------
    InputError
        If something is missing, of the wrong shape, out of range or not finite.
    """
    try:
        sizes = tuple(int(n) for n in described["layer_sizes"])
        names = tuple(str(n) for n in described["names"])
        outputs = np.array(described["outputs"], dtype=np.intp)
        blocks, weights = _blocks(described["blocks"], sizes, arrays)
        biases = _of_layers(arrays, "biases", sizes)
        activation = _activation(described, arrays, sizes)
    except KeyError as error:
        raise InputError(f"{error.args[0]} is missing; the file is incomplete, export the copy again") from error
    except (TypeError, ValueError, IndexError) as error:
        raise InputError(f"its network cannot be rebuilt: {error}") from error
    if len(set(names)) != sum(sizes):
        raise InputError(f"{len(set(names))} different node names for {sum(sizes)} nodes; export the copy again")
    _in_range("outputs", outputs, sum(sizes[1:]))
    outputs.setflags(write=False)
    if not (np.isfinite(weights).all() and np.isfinite(biases).all()):
        raise InputError("a weight or bias is not finite; the file is damaged, export the copy again")
    network = Network(names, sizes, outputs, blocks)
    return FeedforwardCopy(network, Parameters(weights, biases), activation, bool(described.get("pairs", False)))


def _of_layers(arrays: Mapping[str, NDArray[Any]], name: str, sizes: tuple[int, ...]) -> NDArray[Any]:
    return np.concatenate([_shaped(arrays, f"{name}.{k}", (n,)) for k, n in enumerate(sizes[1:], start=1)])


def _activation(described: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], sizes: tuple[int, ...]) -> Activation:
    if "activation" not in described:
        return HARD_SIGMOID
    return Activation(*(_of_layers(arrays, name, sizes) for name in ACTIVATION))


def _blocks(
    entries: list[dict[str, Any]], sizes: tuple[int, ...], arrays: Mapping[str, NDArray[Any]]
) -> tuple[tuple[Block, ...], NDArray[np.floating]]:
    blocks, values, start = [], [], 0
    for entry in entries:
        pre, post = int(entry["pre"]), int(entry["post"])
        if not 0 <= pre <= post < len(sizes) or post == 0:
            raise InputError(f"block {pre}.{post}: the network has layers 0 to {len(sizes) - 1}; the file is damaged")
        shape, name = (sizes[pre], sizes[post]), f"{pre}.{post}"
        rows = cols = None
        if entry["dense"]:
            mine = _shaped(arrays, f"weights.{name}", shape).reshape(-1)
        else:
            rows, cols = (np.array(arrays[f"{end}.{name}"], dtype=np.intp) for end in ("rows", "cols"))
            _in_range(f"rows.{name}", rows, shape[0])
            _in_range(f"cols.{name}", cols, shape[1])
            mine = _shaped(arrays, f"weights.{name}", rows.shape)
            _shaped({"cols": cols}, "cols", rows.shape)
        values.append(mine)
        blocks.append(Block(pre, post, shape, slice(start, start + mine.size), rows, cols))
        start += mine.size
    return tuple(blocks), np.concatenate(values)


def _shaped(arrays: Mapping[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    array = arrays[name]
    if array.shape != shape:
        raise InputError(f"{name}: shape {array.shape} where the network needs {shape}; the file is damaged")
    return array


def _in_range(name: str, indices: NDArray[np.intp], size: int) -> None:
    if indices.size and (indices.min() < 0 or indices.max() >= size):
        raise InputError(f"{name}: an index is outside 0 to {size - 1}; the file is damaged")
