"""The ONNX graph computes Eq. 6."""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from analogeq.digital import FeedforwardCopy
from analogeq.errors import InputError
from analogeq.export import CopyMetadata, export_copy, load_copy
from analogeq.network import Block, Network, Parameters, glorot_uniform


def metadata_of(copy: FeedforwardCopy) -> CopyMetadata:
    return CopyMetadata(copy.network.layer_sizes, "xor", "none", seed=0, command="analogeq train")


def run(path: Path, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    outputs, signals = session.run(["outputs", "signals"], {"inputs": inputs.astype(np.float32)})
    return outputs, signals


def skipping_copy() -> FeedforwardCopy:
    """Return a copy with a sparse block, a skip connection, lateral edges and outputs in two layers."""
    blocks = (
        Block(0, 1, (3, 4), slice(0, 5), np.array([0, 0, 1, 2, 2]), np.array([0, 3, 1, 1, 2])),
        Block(0, 2, (3, 2), slice(5, 11)),
        Block(1, 1, (4, 4), slice(11, 12), np.array([0]), np.array([2])),
        Block(1, 2, (4, 2), slice(12, 20)),
    )
    network = Network(tuple("abcdefghi"), (3, 4, 2), np.array([1, 5]), blocks)
    rng = np.random.default_rng(8)
    return FeedforwardCopy(network, Parameters(rng.normal(size=20), rng.normal(size=6)))


def digits_copy() -> FeedforwardCopy:
    network = Network.layered((64, 100, 10))
    return FeedforwardCopy(network, glorot_uniform(network, np.random.default_rng(6)))


@pytest.mark.parametrize("copy", [digits_copy(), skipping_copy()], ids=["64-100-10", "skips"])
def test_the_graph_agrees_with_the_copy(tmp_path: Path, copy: FeedforwardCopy) -> None:
    path = export_copy(copy, tmp_path / "copy.onnx", metadata_of(copy))
    inputs = np.random.default_rng(9).random((50, copy.network.n_inputs)).astype(np.float32)
    outputs, signals = run(path, inputs)
    # 1e-5: float32 rounding of sums of up to 64 products of order one
    np.testing.assert_allclose(signals, copy.predict(inputs.astype(float)), atol=1e-5)
    np.testing.assert_array_equal(outputs, signals[:, copy.network.outputs])


def test_the_slope_outside_the_rails_survives(tmp_path: Path) -> None:
    network = Network.layered((1, 1))
    copy = FeedforwardCopy(network, Parameters(np.array([4.0]), np.array([-1.0])))
    path = export_copy(copy, tmp_path / "copy.onnx", metadata_of(copy))
    outputs, _ = run(path, np.array([[0.0], [0.25], [1.0]]))
    # clip(x) + 0.01 x at x = -1, 0, 3; 1e-7 is float32's rounding of numbers of order one
    np.testing.assert_allclose(outputs[:, 0], [-0.01, 0.0, 1.03], atol=1e-7)


def test_a_graph_comes_back_as_a_copy_in_float32(tmp_path: Path) -> None:
    copy = skipping_copy()
    found, metadata = load_copy(export_copy(copy, tmp_path / "copy.onnx", metadata_of(copy)))
    assert metadata == metadata_of(copy)
    assert found.network.names == copy.network.names
    assert found.parameters.weights.dtype == np.float32
    used = np.r_[0:11, 12:20]
    np.testing.assert_array_equal(found.parameters.weights[used], copy.parameters.weights[used].astype(np.float32))
    assert found.parameters.weights[11] == 0.0, "the lateral edge takes no part in the graph"


def test_the_graph_says_what_it_is(tmp_path: Path) -> None:
    copy = digits_copy()
    model = onnx.load(export_copy(copy, tmp_path / "copy.onnx", metadata_of(copy)))
    assert [i.name for i in model.graph.input] == ["inputs"]
    assert [o.name for o in model.graph.output] == ["outputs", "signals"]
    assert {p.key for p in model.metadata_props} == {"analogeq"}


@pytest.mark.parametrize("name", ["onnx", "onnxruntime"])
def test_a_missing_package_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match=rf"{name}: not installed.*analogeq\[onnx\]"):
        export_copy(digits_copy(), tmp_path / "copy.onnx", metadata_of(digits_copy()))
    assert list(tmp_path.iterdir()) == []
