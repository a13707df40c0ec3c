"""A copy as an ONNX graph, checked by running it.

The graph is Eq. 6 in float32: a layer is one Gemm, or one MatMul for every layer that feeds it, and
``clip(x, 0, 1) + 0.01 x``, or with bounds of its own for each neuron. It takes ``inputs`` (batch, input)
and gives ``outputs`` (batch, output) and ``signals`` (batch, node). Lateral edges take no part in the
copy and are left out, so they come back as zeros.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analogeq.digital import FeedforwardCopy
from analogeq.digital.activation import LEAK
from analogeq.errors import CheckFailedError, InputError
from analogeq.export.document import (
    DOCUMENT,
    Arrays,
    activation_arrays,
    block_name,
    is_usual,
    put_together,
    read_document,
    write_document,
)
from analogeq.export.metadata import CopyMetadata
from analogeq.network import Block

OPSET = 17
IR_VERSION = 8  # what the oldest runtimes that know opset 17 read
TOLERANCE = 1e-5
"""Largest difference from the copy in signals, or over its largest where those are volts of any size: rounding of
float32 over a thousand products."""
CHECK_SAMPLES = 100


def encode_onnx(copy: FeedforwardCopy, metadata: CopyMetadata) -> bytes:
    """Make the graph, run it on 100 samples and compare it with the copy.

    Raises
    ------
    CheckFailedError
        If any signal differs from the copy's by more than 1e-5 of its largest, or of 1.
    InputError
        If onnx or onnxruntime is not installed.
    """
    onnx = _module("onnx")
    model = _model(onnx, copy)
    onnx.helper.set_model_props(model, {DOCUMENT: write_document(copy, metadata, with_edges=True)})
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString(deterministic=True)
    difference = onnx_difference(data, copy)
    if not difference <= TOLERANCE:
        raise CheckFailedError(
            f"onnx: signals differ by {difference:.3g} of the copy's largest, more than {TOLERANCE:g}; "
            "nothing was written: weights this large need float64, export .npz or .safetensors"
        )
    return data


def onnx_difference(data: bytes, copy: FeedforwardCopy) -> float:
    """Largest difference of the graph's signals from the copy's over 100 random samples, over the largest or 1."""
    inputs = np.random.default_rng(0).random((CHECK_SAMPLES, copy.network.n_inputs), dtype=np.float32)
    outputs, signals = run_onnx(data, inputs)
    wanted = copy.predict(inputs.astype(np.float64))
    read = copy.outputs(inputs.astype(np.float64))
    both = np.concatenate([outputs - read, signals - wanted], axis=1)
    size = 1.0 if is_usual(copy) else max(1.0, float(np.abs(wanted).max()))
    return float(np.abs(both).max()) / size


def run_onnx(data: bytes, inputs: NDArray[np.floating]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Run a graph in onnxruntime on one thread, in float32.

    Returns
    -------
    outputs, signals : ndarray, shape (batch, output) and (batch, node)
    """
    runtime = _module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    outputs, signals = session.run(["outputs", "signals"], {"inputs": inputs.astype(np.float32)})
    return outputs, signals


def decode_onnx(data: bytes) -> tuple[FeedforwardCopy, CopyMetadata]:
    """Read what `encode_onnx` made, in float32."""
    onnx = _module("onnx")
    decode_error = importlib.import_module("google.protobuf.message").DecodeError
    try:
        model = onnx.load_model_from_string(data)
    except decode_error as error:
        raise InputError(f"not a readable .onnx file ({error}); export the copy again") from error
    texts = {entry.key: entry.value for entry in model.metadata_props}
    if DOCUMENT not in texts:
        raise InputError(f"no metadata {DOCUMENT}: this graph was not written by an export; any .onnx will not do")
    described, metadata = read_document(texts[DOCUMENT])
    arrays: Arrays = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
    return put_together(described, _with_sparse_blocks(described, arrays)), metadata


def _with_sparse_blocks(described: Any, arrays: Arrays) -> Arrays:
    """Take the edges of sparse blocks out of the graph's matrices, where they stand among zeros."""
    taken = dict(arrays)
    for entry in described["blocks"]:
        if entry["dense"]:
            continue
        name, rows, cols = f"{entry['pre']}.{entry['post']}", entry["rows"], entry["cols"]
        matrix = arrays.get(f"weights.{name}")
        values = np.zeros(len(rows), dtype=np.float32) if matrix is None else matrix[rows, cols]
        taken |= {f"weights.{name}": values, f"rows.{name}": np.array(rows), f"cols.{name}": np.array(cols)}
    return taken


def _model(onnx: ModuleType, copy: FeedforwardCopy) -> Any:
    helper, single = onnx.helper, onnx.TensorProto.FLOAT
    net = copy.network
    graph = _Graph(onnx)
    if is_usual(copy):
        for name, scalar in (("zero", 0.0), ("one", 1.0), ("leak", LEAK)):
            graph.constant(name, np.array(scalar, dtype=np.float32))
    for name, array in activation_arrays(copy).items():
        graph.constant(name, array)
    signals = {0: "inputs"}
    for index in range(1, len(net.layer_sizes)):
        summed = _sum(graph, copy, index, signals)
        signals[index] = _activated(graph, copy, index, summed)
    graph.node("Concat", [signals[k] for k in sorted(signals) if k > 0], "signals", axis=1)
    n_read = _read(graph, copy)
    made = helper.make_graph(
        graph.nodes,
        "feedforward_copy",
        [helper.make_tensor_value_info("inputs", single, ["batch", net.n_inputs])],
        [
            helper.make_tensor_value_info("outputs", single, ["batch", n_read]),
            helper.make_tensor_value_info("signals", single, ["batch", net.n_nodes]),
        ],
        graph.constants,
        doc_string="Feedforward copy of an analog circuit trained by Equilibrium Propagation; inputs in [0, 1]",
    )
    return helper.make_model(
        made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="analogeq"
    )


def _activated(graph: _Graph, copy: FeedforwardCopy, layer: int, summed: str) -> str:
    """Clip and leak."""
    leak = "leak" if is_usual(copy) else f"leak.{layer}"
    if is_usual(copy):
        graph.node("Clip", [summed, "zero", "one"], f"clipped.{layer}")
    else:
        graph.node("Min", [summed, f"upper.{layer}"], f"below.{layer}")
        graph.node("Max", [f"below.{layer}", f"lower.{layer}"], f"clipped.{layer}")
    graph.node("Mul", [summed, leak], f"leaked.{layer}")
    return graph.node("Add", [f"clipped.{layer}", f"leaked.{layer}"], f"signals.{layer}")


def _read(graph: _Graph, copy: FeedforwardCopy) -> int:
    """Take the outputs, or the differences of their pairs; return how many there are."""
    nodes = copy.network.outputs.astype(np.int64)
    if not copy.pairs:
        graph.constant("output_nodes", nodes)
        graph.node("Gather", ["signals", "output_nodes"], "outputs", axis=1)
        return len(nodes)
    for name, chosen in (("plus", nodes[0::2]), ("minus", nodes[1::2])):
        graph.constant(f"{name}_nodes", chosen)
        graph.node("Gather", ["signals", f"{name}_nodes"], f"{name}_outputs", axis=1)
    graph.node("Sub", ["plus_outputs", "minus_outputs"], "outputs")
    return len(nodes) // 2


def _sum(graph: _Graph, copy: FeedforwardCopy, layer: int, signals: dict[int, str]) -> str:
    """Add what goes into one layer: a Gemm for one source, further sources by MatMul."""
    biases = graph.constant(f"biases.{layer}", copy.parameters.biases[copy.network.layer(layer)])
    summed = ""
    for block in copy.forward_blocks(layer):
        matrix = graph.constant(f"weights.{block_name(block)}", _dense(copy, block))
        source = signals[block.pre]
        if not summed:
            summed = graph.node("Gemm", [source, matrix, biases], f"from.{block_name(block)}")
            continue
        part = graph.node("MatMul", [source, matrix], f"from.{block_name(block)}")
        summed = graph.node("Add", [summed, part], f"until.{block_name(block)}")
    if not summed:  # a layer that only later ones or its own reach: its copy is its biases
        width = copy.network.layer_sizes[layer]
        nothing = graph.constant(f"nothing.{layer}", np.zeros((copy.network.n_inputs, width)))
        summed = graph.node("Gemm", ["inputs", nothing, biases], f"biased.{layer}")
    return summed


def _dense(copy: FeedforwardCopy, block: Block) -> NDArray[Any]:
    matrix = block.matrix(copy.parameters.weights)
    return matrix if isinstance(matrix, np.ndarray) else matrix.toarray()


class _Graph:
    """Nodes and constants of a graph under construction."""

    def __init__(self, onnx: ModuleType) -> None:
        self._onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """Add a tensor, floating ones in float32; return its name."""
        single = array if array.dtype == np.int64 else array.astype(np.float32)
        self.constants.append(self._onnx.numpy_helper.from_array(np.ascontiguousarray(single), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, *, axis: int | None = None) -> str:
        """Add an operation; return the name of what it gives."""
        attributes = {} if axis is None else {"axis": axis}
        self.nodes.append(self._onnx.helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(f"{name}: not installed, and .onnx needs it; run: pip install 'analogeq[onnx]'") from error
