"""A copy in the two formats that hold nothing but arrays and text: .npz and .safetensors."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from analogeq.digital import FeedforwardCopy
from analogeq.errors import CheckFailedError, InputError
from analogeq.export.document import DOCUMENT, Arrays, put_together, read_document, take_apart, write_document
from analogeq.export.metadata import CopyMetadata


def encode_npz(copy: FeedforwardCopy, metadata: CopyMetadata) -> bytes:
    """Make a numpy archive, the document in it as a string; the same copy gives the same bytes."""
    stream = io.BytesIO()
    arrays = {DOCUMENT: np.array(write_document(copy, metadata)), **take_apart(copy)}
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]  # the stubs fear for allow_pickle; no array is it
    data = stream.getvalue()
    _compare(_read_npz(data), arrays, "npz")
    return data


def decode_npz(data: bytes) -> tuple[FeedforwardCopy, CopyMetadata]:
    """Read what `encode_npz` made."""
    arrays = _read_npz(data)
    if DOCUMENT not in arrays:
        raise InputError(f"no entry {DOCUMENT}: this archive was not written by an export; any .npz will not do")
    described, metadata = read_document(str(arrays.pop(DOCUMENT)))
    return put_together(described, arrays), metadata


def _read_npz(data: bytes) -> Arrays:
    """Read all arrays of an archive; objects, which would need pickle, are refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)):
            archive = np.load(io.BytesIO(data), allow_pickle=False)
        return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"not a readable .npz archive ({error}); export the copy again") from error


def encode_safetensors(copy: FeedforwardCopy, metadata: CopyMetadata) -> bytes:
    """Make a safetensors file, the document in its metadata.

    The library writes the memory of an array that is not contiguous as if it were, without a word;
    so arrays are made contiguous, and what was written is read back and compared.
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in take_apart(copy).items()}
    data: bytes = save_tensors(arrays, metadata={DOCUMENT: write_document(copy, metadata)})
    _compare(load_tensors(data), arrays, "safetensors")
    return data


def decode_safetensors(data: bytes) -> tuple[FeedforwardCopy, CopyMetadata]:
    """Read what `encode_safetensors` made."""
    try:
        arrays = load_tensors(data)
        length = struct.unpack_from("<Q", data)[0]
        texts = json.loads(data[8 : 8 + length]).get("__metadata__", {})
    except (SafetensorError, ValueError, KeyError) as error:
        raise InputError(f"not a readable .safetensors file ({error}); export the copy again") from error
    if DOCUMENT not in texts:
        raise InputError(f"no metadata {DOCUMENT}: this file was not written by an export; a bare one will not do")
    described, metadata = read_document(texts[DOCUMENT])
    return put_together(described, arrays), metadata


def _compare(written: Mapping[str, NDArray[Any]], wanted: Arrays, kind: str) -> None:
    """Refuse what does not come back bit for bit."""
    for name, array in wanted.items():
        found = written.get(name)
        same = (
            found is not None
            and (found.dtype, found.shape) == (array.dtype, array.shape)
            and (found.tobytes() == array.tobytes())
        )
        if not same:
            raise CheckFailedError(
                f"{kind}: {name} does not read back as it was; nothing was written, try another format"
            )
