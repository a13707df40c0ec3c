"""IDX files, the format MNIST and its relatives are published in.

Two zero bytes, a type code, the number of dimensions, each dimension as a big-endian 32-bit
number, then the values [1]_. Only unsigned bytes occur in the datasets read here.

References
----------
.. [1] LeCun, Cortes, Burges, "The MNIST database of handwritten digits" (1998).
"""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import DataError

UNSIGNED_BYTE = 0x08
MOST_VALUES = 2**31
"""A file that announces more than this is damaged, not large: MNIST's largest holds 47 million."""


def read_idx(path: Path, n_dims: int) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, gzipped or not.

    Raises
    ------
    DataError
        If the file is damaged: not gzip, wrong magic number, wrong length.
    """
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if zipped else path.open("rb") as stream:
            head = stream.read(4 + 4 * n_dims)
            shape = _shape(path, head, n_dims)
            n_values = int(np.prod(shape, dtype=np.int64))
            body = stream.read(n_values + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error}); fetch the file anew") from error
    if len(body) != n_values:
        found = "more" if len(body) > n_values else str(len(body))
        raise DataError(f"{path}: {found} values where its head announces {n_values}; fetch the file anew")
    return np.frombuffer(body, dtype=np.uint8).reshape(shape)


def _shape(path: Path, head: bytes, n_dims: int) -> tuple[int, ...]:
    want = struct.pack(">BBBB", 0, 0, UNSIGNED_BYTE, n_dims)
    if head[:4] != want:
        kind = "images" if n_dims == 3 else "labels"
        raise DataError(
            f"{path}: begins with 0x{head[:4].hex()}, not 0x{want.hex()} as an IDX file of {kind} does; "
            "check that the file is the one its name says"
        )
    if len(head) != 4 + 4 * n_dims:
        raise DataError(f"{path}: ends inside its head; fetch the file anew")
    shape = struct.unpack(f">{n_dims}I", head[4:])
    if not 0 < np.prod([float(n) for n in shape]) <= MOST_VALUES:
        raise DataError(f"{path}: announces an array of shape {shape}; fetch the file anew")
    return shape


def idx_bytes(values: NDArray[np.uint8]) -> bytes:
    """Write an array as an uncompressed IDX file holds it."""
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, UNSIGNED_BYTE, values.ndim, *values.shape)
    return head + np.ascontiguousarray(values, dtype=np.uint8).tobytes()


def idx_md5(values: NDArray[np.uint8]) -> str:
    """MD5 of the uncompressed IDX file that holds ``values``: what published checksums refer to."""
    digest = hashlib.md5(usedforsecurity=False)
    digest.update(struct.pack(f">BBBB{values.ndim}I", 0, 0, UNSIGNED_BYTE, values.ndim, *values.shape))
    digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()
