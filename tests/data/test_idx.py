import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from analogeq.data.idx import idx_bytes, idx_md5, read_idx
from analogeq.errors import DataError

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


@given(arrays(np.uint8, array_shapes(min_dims=3, max_dims=3, max_side=5)), st.booleans())
def test_what_is_written_is_read_back_gzipped_or_not(tmp_path_factory, values, zipped):
    path = tmp_path_factory.mktemp("idx") / "file"
    raw = idx_bytes(values)
    path.write_bytes(gzip.compress(raw) if zipped else raw)
    assert np.array_equal(read_idx(path, 3), values)


def test_md5_is_that_of_the_uncompressed_file():
    import hashlib

    assert idx_md5(IMAGES) == hashlib.md5(idx_bytes(IMAGES), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (idx_bytes(IMAGES)[:-1], "23 values where its head announces 24"),
        (idx_bytes(IMAGES) + b"x", "more values where its head announces 24"),
        (idx_bytes(IMAGES.ravel()), "begins with 0x00000801, not 0x00000803 as an IDX file of images"),
        (b"PK\x03\x04 a zip file", "begins with 0x504b0304"),
        (b"", "begins with 0x,"),
        (idx_bytes(IMAGES)[:10], "ends inside its head"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "announces an array of shape"),
        (b"\0\0\x08\x03" + b"\0" * 12, "announces an array of shape"),
        (gzip.compress(idx_bytes(IMAGES), mtime=0)[:-9], "cannot be read"),
        (gzip.compress(idx_bytes(IMAGES), mtime=0)[:12] + b"\0" * 30, "cannot be read"),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path, content, message):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path, 3)
    assert str(path) in str(caught.value)
