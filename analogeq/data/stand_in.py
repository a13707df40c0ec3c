"""Samples that are made up, for measuring speed where a published set is not at hand."""

from __future__ import annotations

import numpy as np

from analogeq.data.dataset import Dataset

INKED = 0.37
"""Share of the inner 20 x 20 pixels that is drawn on: 19 % of all pixels, in runs of four, as in MNIST."""


def stand_in(samples: int, seed: int) -> Dataset:
    """Ten patterns of 28 x 28 pixels as sparse as MNIST's digits, each sample brighter or darker; float32.

    The test set is the first tenth of the training set: this measures time, not what was learned.

    Parameters
    ----------
    samples : int
        Ten or more.
    seed : int
    """
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, samples).astype(np.intp)
    images = np.zeros((samples, 28, 28), dtype=np.float32)
    strokes = rng.random((10, 20, 5)) < INKED
    images[:, 4:24, 4:24] = np.repeat(strokes, 4, axis=2)[labels] * (0.5 + 0.5 * rng.random((samples, 1, 1)))
    flat, n = images.reshape(-1, 784), samples // 10
    source = "made up: as many samples as MNIST has, as sparse"
    names = tuple("0123456789")
    return Dataset("stand-in", flat, labels, flat[:n], labels[:n], 10, "none", source, (28, 28), names)
