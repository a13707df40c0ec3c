"""Where the flaws of a chip's parts are drawn from."""

from __future__ import annotations

import zlib

import numpy as np


def drawn(seed: int, part: str, *event: int) -> np.random.Generator:
    """Numbers of one part of the chip ``seed``: parts of one seed, and events of one part, are independent."""
    return np.random.default_rng((seed, zlib.crc32(part.encode()), *event))
