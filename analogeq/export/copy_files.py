"""Export and load a feedforward copy, the format by the file's suffix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from analogeq.digital import FeedforwardCopy
from analogeq.errors import CheckFailedError, InputError
from analogeq.export.arrays import decode_npz, decode_safetensors, encode_npz, encode_safetensors
from analogeq.export.metadata import CopyMetadata
from analogeq.export.onnx_graph import decode_onnx, encode_onnx
from analogeq.files import write_atomically


@dataclass(frozen=True)
class _Format:
    encode: Callable[[FeedforwardCopy, CopyMetadata], bytes]
    decode: Callable[[bytes], tuple[FeedforwardCopy, CopyMetadata]]


_FORMATS = {
    ".npz": _Format(encode_npz, decode_npz),
    ".safetensors": _Format(encode_safetensors, decode_safetensors),
    ".onnx": _Format(encode_onnx, decode_onnx),
}

SUFFIXES = tuple(_FORMATS)
"""What `export_copy` can write and `load_copy` can read."""


def export_copy(copy: FeedforwardCopy, path: Path, metadata: CopyMetadata) -> Path:
    """Write a copy to ``path``: .npz and .safetensors in its own precision, .onnx in float32.

    The file is checked before it is put in place: .npz and .safetensors read back bit for bit,
    .onnx runs within 1e-5 of the copy. Whatever fails, an earlier file of that name stays.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    InputError
        If the suffix is unknown, the metadata belongs to other layers, or a package is missing.
    CheckFailedError
        If the file would not give the copy back.
    """
    chosen = _format(path)
    if metadata.layer_sizes != copy.network.layer_sizes:
        raise InputError(
            f"metadata: layer sizes {metadata.layer_sizes}, but the copy has {copy.network.layer_sizes}; "
            "pass the metadata of this copy"
        )
    data = chosen.encode(copy, metadata)
    write_atomically(path, lambda stream: stream.write(data))
    if path.read_bytes() != data:
        path.unlink()
        raise CheckFailedError(f"{path}: does not read back from the disk as written; removed it, check the disk")
    return path


def load_copy(path: Path) -> tuple[FeedforwardCopy, CopyMetadata]:
    """Read a copy that `export_copy` wrote, ready to predict.

    Raises
    ------
    InputError
        If the file is missing, damaged, of another kind or of a newer format.
    """
    chosen = _format(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); export a copy there first") from error
    try:
        return chosen.decode(data)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _format(path: Path) -> _Format:
    try:
        return _FORMATS[path.suffix.lower()]
    except KeyError:
        raise InputError(
            f'{path}: suffix "{path.suffix}" is no format of a copy; end the name in one of {", ".join(SUFFIXES)}'
        ) from None
