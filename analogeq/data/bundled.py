"""The small real datasets that scikit-learn ships."""

from __future__ import annotations

import numpy as np

from analogeq.data.dataset import Dataset, stratified_split

DIGITS_TEST = 297
IRIS_TEST = 30
_SPLIT = "the test samples stand at equal distances in the samples sorted by class"


def load_digits(dtype: type[np.floating]) -> Dataset:
    """8×8 handwritten digits, 1,797 images: 1,500 to train and 297 to test, always the same."""
    from sklearn.datasets import load_digits as from_sklearn

    raw = from_sklearn()
    labels = raw.target.astype(np.intp)
    x = (raw.data / 16.0).astype(dtype)
    train, test = stratified_split(labels, DIGITS_TEST)
    return Dataset(
        name="digits",
        x_train=x[train],
        y_train=labels[train],
        x_test=x[test],
        y_test=labels[test],
        n_classes=10,
        scaling="pixel / 16",
        source=f"scikit-learn's load_digits; {_SPLIT}",
        input_shape=(8, 8),
        class_names=tuple(str(c) for c in range(10)),
    )


def load_iris(dtype: type[np.floating]) -> Dataset:
    """Fisher's iris flowers: 120 to train and 30 to test, each measure scaled to [0, 1]."""
    from sklearn.datasets import load_iris as from_sklearn

    raw = from_sklearn()
    labels = raw.target.astype(np.intp)
    train, test = stratified_split(labels, IRIS_TEST)
    low, high = raw.data[train].min(axis=0), raw.data[train].max(axis=0)
    x = np.clip((raw.data - low) / (high - low), 0.0, 1.0).astype(dtype)
    return Dataset(
        name="iris",
        x_train=x[train],
        y_train=labels[train],
        x_test=x[test],
        y_test=labels[test],
        n_classes=3,
        scaling="each measure by its lowest and highest training value, clipped to [0, 1]",
        source=f"scikit-learn's load_iris; {_SPLIT}",
        input_shape=(4,),
        class_names=tuple(str(c) for c in raw.target_names),
    )
