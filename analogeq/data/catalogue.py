"""Datasets by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from analogeq.data.bundled import load_digits, load_iris
from analogeq.data.dataset import Dataset, stratified_split
from analogeq.data.mnist import load_idx_folder, load_published
from analogeq.data.npz import load_npz
from analogeq.data.published import PUBLISHED
from analogeq.errors import DataError

_BUNDLED: dict[str, Callable[[type[np.floating]], Dataset]] = {"digits": load_digits, "iris": load_iris}
NAMES = (*_BUNDLED, *PUBLISHED, "idx")
"""Every dataset with a name of its own; besides these, any path to an ``.npz``."""


def load(
    name: str | Path,
    *,
    data_dir: str | Path | None = None,
    validation: bool = False,
    dtype: type[np.floating] = np.float64,
    seed: int = 0,
) -> Dataset:
    """Load the dataset asked for; never another one.

    Parameters
    ----------
    name : str or Path
        ``digits`` and ``iris`` come with scikit-learn. ``mnist`` and ``fashion-mnist`` come from
        ``data_dir``; without one, from Debian's package ``dataset-fashion-mnist`` where it is
        installed, else from OpenML through scikit-learn, which keeps what it fetched. Both are
        compared with the published checksums. ``idx`` is whatever stands in the four IDX files of
        ``data_dir``. A path that ends in ``.npz`` is read for ``x`` and ``y`` and, if it has them,
        ``x_test`` and ``y_test``.
    data_dir : str or Path, optional
        Folder of the IDX files, gzipped or not.
    validation : bool
        Hold out a sixth of the training set and report it as the test set, which stays unseen: of
        MNIST the last 10,000 images, the first 50,000 training.
    dtype : type
        `numpy.float64` or `numpy.float32`.
    seed : int
        Of the split of an ``.npz`` without a test set; nothing else here is drawn.

    Raises
    ------
    DataError
        If there is no such dataset, or a file is missing, damaged, or another dataset's.
    """
    if np.dtype(dtype) not in (np.float64, np.float32):
        raise DataError(f"dtype {np.dtype(dtype)}: samples are float64 or float32; ask for one of them")
    folder = None if data_dir is None else Path(data_dir).expanduser()
    if str(name) in PUBLISHED:
        return load_published(str(name), folder, dtype, validation=validation)
    if str(name) == "idx":
        if folder is None:
            raise DataError("idx: needs data_dir, the folder of the four IDX files")
        return load_idx_folder(folder, dtype, validation=validation)
    if folder is not None:
        raise DataError(f"{name}: data_dir {folder} is for sets of IDX files only; leave it out")
    if str(name) in _BUNDLED:
        whole = _BUNDLED[str(name)](dtype)
    elif Path(name).suffix == ".npz":
        whole = load_npz(Path(name).expanduser(), dtype, seed)
    else:
        raise DataError(_unknown(str(name)))
    return _without_test(whole) if validation else whole


def _without_test(whole: Dataset) -> Dataset:
    train, held = stratified_split(whole.y_train, len(whole.y_train) // 6)
    return replace(
        whole,
        x_train=whole.x_train[train],
        y_train=whole.y_train[train],
        x_test=whole.x_train[held],
        y_test=whole.y_train[held],
        source=f"{whole.source}; validation: a sixth of the training samples, stratified, reported as test",
    )


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, NAMES, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"dataset {name!r}: unknown{hint}; there are {', '.join(NAMES)} and any path that ends in .npz"
