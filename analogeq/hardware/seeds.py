"""Where the flaws of a chip's parts are drawn from."""

from __future__ import annotations

import zlib

import numpy as np


def drawn(seed: int, part: str) -> np.random.Generator:
    """Numbers of one part of the chip ``seed``: parts of one seed are independent of each other."""
    return np.random.default_rng((seed, zlib.crc32(part.encode())))
