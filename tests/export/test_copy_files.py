"""Every format gives the copy back, and nothing else is taken for one."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analogeq.digital import FeedforwardCopy, TabulatedActivation
from analogeq.errors import CheckFailedError, InputError
from analogeq.export import SUFFIXES, CopyGap, CopyMetadata, export_copy, load_copy
from analogeq.network import Block, Network, Parameters, glorot_uniform

EXACT = (".npz", ".safetensors")


def layered_copy(dtype=np.float64) -> FeedforwardCopy:
    network = Network.layered((7, 5, 4, 3))
    theta = glorot_uniform(network, np.random.default_rng(1), scale=2.0, dtype=dtype)
    theta.biases[:] = np.random.default_rng(2).normal(scale=0.3, size=network.n_nodes)
    return FeedforwardCopy(network, theta)


def irregular_copy() -> FeedforwardCopy:
    """Return a copy with a sparse input block, a skip connection, lateral edges and a hidden output."""
    blocks = (
        Block(0, 1, (3, 4), slice(0, 5), np.array([0, 0, 1, 2, 2]), np.array([0, 3, 1, 1, 2])),
        Block(0, 2, (3, 2), slice(5, 7), np.array([0, 2]), np.array([1, 0])),
        Block(1, 1, (4, 4), slice(7, 9), np.array([0, 1]), np.array([2, 3])),
        Block(1, 2, (4, 2), slice(9, 17)),
    )
    names = tuple("abc") + tuple(f"hidden {k}" for k in range(4)) + ("left", "right")
    network = Network(names, (3, 4, 2), np.array([1, 5, 4]), blocks)
    rng = np.random.default_rng(3)
    return FeedforwardCopy(network, Parameters(rng.normal(size=17), rng.normal(size=6)))


def metadata_of(copy: FeedforwardCopy) -> CopyMetadata:
    return CopyMetadata(
        layer_sizes=copy.network.layer_sizes,
        dataset="digits",
        input_scaling="pixel / 16",
        seed=7,
        command='analogeq train --data digits --note "a β of ±0.5"',
        gap=CopyGap(mean_abs_difference=0.0123, copy_test_error=2.4, settled_test_error=2.7),
        netlist_hash="ab" * 32,
    )


def assert_same_network(found: Network, wanted: Network) -> None:
    assert found.names == wanted.names
    assert found.layer_sizes == wanted.layer_sizes
    np.testing.assert_array_equal(found.outputs, wanted.outputs)
    for mine, theirs in zip(found.blocks, wanted.blocks, strict=True):
        assert (mine.pre, mine.post, mine.shape, mine.edges) == (theirs.pre, theirs.post, theirs.shape, theirs.edges)
        assert mine.dense == theirs.dense
        np.testing.assert_array_equal(mine.endpoints(), theirs.endpoints())


@pytest.mark.parametrize("suffix", EXACT)
@pytest.mark.parametrize(
    "copy", [layered_copy(), layered_copy(np.float32), irregular_copy()], ids=["float64", "float32", "irregular"]
)
def test_a_copy_comes_back_bit_for_bit(tmp_path: Path, suffix: str, copy: FeedforwardCopy) -> None:
    written = export_copy(copy, tmp_path / f"copy{suffix}", metadata_of(copy))
    found, metadata = load_copy(written)
    assert_same_network(found.network, copy.network)
    assert found.parameters.weights.dtype == copy.parameters.weights.dtype
    assert found.parameters.weights.tobytes() == copy.parameters.weights.tobytes()
    assert found.parameters.biases.tobytes() == copy.parameters.biases.tobytes()
    assert metadata == metadata_of(copy)
    inputs = np.random.default_rng(4).random((6, copy.network.n_inputs))
    np.testing.assert_array_equal(found.predict(inputs), copy.predict(inputs))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_copy_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    copy = layered_copy()
    first = export_copy(copy, tmp_path / f"one{suffix}", metadata_of(copy)).read_bytes()
    assert export_copy(copy, tmp_path / f"two{suffix}", metadata_of(copy)).read_bytes() == first


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_weights_that_are_a_transposed_view_are_written_as_they_read(tmp_path: Path, suffix: str) -> None:
    copy = layered_copy()
    strided = np.empty((copy.network.n_edges, 2))
    strided[:, 0] = copy.parameters.weights
    view = FeedforwardCopy(copy.network, Parameters(strided[:, 0], copy.parameters.biases[::-1]))
    found, _ = load_copy(export_copy(view, tmp_path / f"copy{suffix}", metadata_of(view)))
    inputs = np.random.default_rng(5).random((4, 7))
    # float32 of onnx: 1e-5 as its own check; the others are exact
    np.testing.assert_allclose(found.predict(inputs), view.predict(inputs), atol=1e-5 if suffix == ".onnx" else 0.0)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_metadata_of_other_layers_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(InputError, match="layer sizes"):
        export_copy(layered_copy(), tmp_path / f"copy{suffix}", metadata_of(irregular_copy()))
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    copy = layered_copy()
    with pytest.raises(InputError, match=r"\.npz, \.safetensors, \.onnx"):
        export_copy(copy, tmp_path / "copy.pickle", metadata_of(copy))
    with pytest.raises(InputError, match=r"\.npz"):
        load_copy(tmp_path / "copy.pt")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.npz: cannot be read"):
        load_copy(tmp_path / "nothing.npz")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_truncated_or_foreign_file_is_refused(tmp_path: Path, suffix: str) -> None:
    copy = layered_copy()
    path = export_copy(copy, tmp_path / f"copy{suffix}", metadata_of(copy))
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"not a copy at all, whatever its name says" * 9):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=f"copy{suffix}"):
            load_copy(path)


def test_an_archive_of_other_arrays_is_not_a_copy(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x=np.zeros(3), y=np.zeros(3))
    with pytest.raises(InputError, match="not written by an export"):
        load_copy(tmp_path / "data.npz")


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    marker = tmp_path / "ran"

    class Payload:
        def __reduce__(self):
            return (Path.touch, (marker,))

    np.savez(tmp_path / "evil.npz", analogeq=np.array([Payload()], dtype=object))
    with pytest.raises(InputError, match="not a readable"):
        load_copy(tmp_path / "evil.npz")
    assert not marker.exists()


def rewrite(path: Path, change) -> None:
    """Change the document and the arrays of an .npz copy."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    document = json.loads(str(arrays["analogeq"]))
    change(document, arrays)
    np.savez(path, **{**arrays, "analogeq": np.array(json.dumps(document))})


def drop_weights(document, arrays):
    del arrays["weights.0.1"]


def wrong_shape(document, arrays):
    arrays["weights.0.1"] = arrays["weights.0.1"].T


def not_finite(document, arrays):
    arrays["biases.1"][0] = np.nan


def newer_format(document, arrays):
    document["format_version"] = 99


def unknown_field(document, arrays):
    document["metadata"]["colour"] = "blue"


def missing_name(document, arrays):
    document["network"]["names"].pop()


def far_output(document, arrays):
    document["network"]["outputs"] = [0, 999]


def layer_out_of_range(document, arrays):
    document["network"]["blocks"][0]["post"] = 9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop_weights, r"weights\.0\.1 is missing"),
        (wrong_shape, r"weights\.0\.1: shape \(5, 7\)"),
        (not_finite, "not finite"),
        (newer_format, "version 99"),
        (unknown_field, "colour"),
        (missing_name, "node names"),
        (far_output, "outputs: an index is outside"),
        (layer_out_of_range, "layers 0 to 3"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path: Path, change, message: str) -> None:
    copy = layered_copy()
    path = export_copy(copy, tmp_path / "copy.npz", metadata_of(copy))
    rewrite(path, change)
    with pytest.raises(InputError, match=message):
        load_copy(path)


def test_a_failed_export_leaves_the_earlier_file_and_no_litter(tmp_path: Path) -> None:
    copy = layered_copy()
    path = export_copy(copy, tmp_path / "copy.onnx", metadata_of(copy))
    before = path.read_bytes()
    theta = copy.parameters.copy()
    theta.weights[:] *= 1e7  # float32 rounds signals of 1e5 to 1e-2: far beyond what the check allows
    with pytest.raises(CheckFailedError, match="nothing was written"):
        export_copy(FeedforwardCopy(copy.network, theta), path, metadata_of(copy))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_gap_that_nobody_measured_is_not_a_number() -> None:
    with pytest.raises(InputError, match="settled_test_error"):
        CopyGap(mean_abs_difference=0.1, copy_test_error=2.0, settled_test_error=float("nan"))


def test_the_archive_is_a_plain_zip_with_names_one_can_read(tmp_path: Path) -> None:
    copy = irregular_copy()
    path = export_copy(copy, tmp_path / "copy.npz", metadata_of(copy))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {"analogeq.npy", "weights.0.1.npy", "rows.0.1.npy", "biases.2.npy"} <= set(archive.namelist())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_copy_that_follows_a_curve_is_refused_and_nothing_is_written(tmp_path: Path, suffix: str) -> None:
    if suffix == ".onnx":
        pytest.importorskip("onnx")
    points = np.array([0.0, 0.5, 1.0])
    curve = TabulatedActivation(sums=points, signals=points, slopes=np.ones(3))
    copy = replace(layered_copy(), activation=curve)
    with pytest.raises(InputError, match="a curve, which no export format holds"):
        export_copy(copy, tmp_path / f"copy{suffix}", metadata_of(copy))
    assert list(tmp_path.iterdir()) == []
