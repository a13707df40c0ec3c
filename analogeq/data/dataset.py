"""What a dataset is, whatever it was read from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Labels = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples with labels, split into training and test; arrays are read-only.

    Attributes
    ----------
    name : str
        What was asked for.
    x_train, x_test : ndarray, shape (sample, input)
        Inputs in [0, 1]: signals, so a volt is this times the rail.
    y_train, y_test : ndarray of int, shape (sample,)
        Labels from 0 to ``n_classes - 1``.
    n_classes : int
    scaling : str
        How the inputs were made from the raw numbers.
    source : str
        Where the data came from and how they were split.
    input_shape : tuple of int
        Shape of one sample before it was laid flat: (8, 8) for an 8×8 image.
    class_names : tuple of str
    """

    name: str
    x_train: Floats
    y_train: Labels
    x_test: Floats
    y_test: Labels
    n_classes: int
    scaling: str
    source: str
    input_shape: tuple[int, ...]
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        for array in (self.x_train, self.y_train, self.x_test, self.y_test):
            array.setflags(write=False)

    @property
    def n_inputs(self) -> int:
        """Inputs of one sample."""
        return int(self.x_train.shape[1])

    def targets(self, labels: Labels) -> Floats:
        """One-hot rows, shape (sample, class), in the dtype of the inputs."""
        hot = np.zeros((len(labels), self.n_classes), dtype=self.x_train.dtype)
        hot[np.arange(len(labels)), labels] = 1.0
        return hot


def stratified_split(labels: Labels, n_test: int, seed: int | None = None) -> tuple[Labels, Labels]:
    """Choose ``n_test`` samples at equal distances from the samples sorted by class.

    So every class is held out in proportion, to within one sample. Without a seed the order inside
    a class is that of the data, no random numbers are drawn, and the split is the same for good.

    Returns
    -------
    train, test : ndarray of int
        Indices, each increasing.
    """
    n = len(labels)
    order = np.arange(n) if seed is None else np.random.default_rng(seed).permutation(n)
    order = order[np.argsort(labels[order], kind="stable")]
    test = order[(2 * np.arange(n_test) + 1) * n // (2 * n_test)]
    train = np.setdiff1d(np.arange(n), test)
    return train.astype(np.intp), np.sort(test).astype(np.intp)
