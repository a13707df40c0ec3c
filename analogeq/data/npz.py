"""Anyone's own data: an ``.npz`` archive with ``x`` and ``y``."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analogeq.data.dataset import Dataset, Floats, Labels, stratified_split
from analogeq.data.mnist import as_signals
from analogeq.errors import DataError

Arrays = Mapping[str, NDArray[np.generic]]

_KEYS = ("x", "y", "x_test", "y_test")
_ALSO = {"x_train": "x", "y_train": "y"}
"""As Keras writes its datasets."""
_REMEDY = "write it with numpy.savez(path, x=samples, y=labels), and x_test=…, y_test=… if it has a test set"


def load_npz(path: Path, dtype: type[np.floating], seed: int) -> Dataset:
    """Load ``x`` and ``y`` (or ``x_train`` and ``y_train``) and, where there are such, ``x_test`` and ``y_test``.

    Without a test set of its own one sixth of the samples, stratified and drawn with ``seed``, is
    held out.
    """
    arrays = _read(path)
    x, y = _samples(path, arrays, "x", "y")
    if "x_test" in arrays or "y_test" in arrays:
        x_test, y_test = _samples(path, arrays, "x_test", "y_test")
        if x_test.shape[1:] != x.shape[1:]:
            raise DataError(
                f"{path}: x_test has samples of shape {x_test.shape[1:]}, x of {x.shape[1:]}; make them one"
            )
        split = "the file's own split"
    else:
        train, test = _held_out(path, y, seed)
        x, y, x_test, y_test = x[train], y[train], x[test], y[test]
        split = f"a sixth held out, stratified, seed {seed}"
    n_classes = _count_classes(path, y, y_test)
    x_train, x_held, scaling = _scaled(x, x_test, dtype)
    return Dataset(
        name=path.stem,
        x_train=x_train,
        y_train=y,
        x_test=x_held,
        y_test=y_test,
        n_classes=n_classes,
        scaling=scaling,
        source=f"{path}; {split}",
        input_shape=x.shape[1:],
        class_names=tuple(str(c) for c in range(n_classes)),
    )


def _read(path: Path) -> Arrays:
    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise DataError(f"{path}: one array without a name; {_REMEDY}")
            return _named(path, archive)
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the path") from None
    except (ValueError, EOFError) as error:
        raise DataError(f"{path}: not a readable .npz of plain numbers; {_REMEDY}") from error
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path}: not a readable .npz of plain numbers ({error}); {_REMEDY}") from error


def _named(path: Path, archive: Mapping[str, NDArray[np.generic]]) -> Arrays:
    """Arrays under the names that this module has for them."""
    held = list(archive)
    twice = next((also for also, key in _ALSO.items() if also in held and key in held), None)
    if twice is not None:
        raise DataError(f"{path}: holds both {_ALSO[twice]} and {twice}; leave one of them out")
    called = {_ALSO.get(key, key): key for key in held}
    missing = [key for key in ("x", "y") if key not in called]
    if missing:
        there = ", ".join(held[:_MOST_NAMED]) + (", …" if len(held) > _MOST_NAMED else "")
        raise DataError(f"{path}: has no array {missing[0]}, it holds {there or 'nothing'}; {_REMEDY}")
    return {key: archive[called[key]] for key in _KEYS if key in called}


_MOST_NAMED = 8
"""Arrays that a message names."""


def _samples(path: Path, arrays: Arrays, x_key: str, y_key: str) -> tuple[NDArray[np.generic], Labels]:
    missing = [key for key in (x_key, y_key) if key not in arrays]
    if missing:
        raise DataError(f"{path}: has no array {missing[0]}; {_REMEDY}")
    x, y = arrays[x_key], arrays[y_key]
    if x.dtype.kind not in "fiub" or x.ndim < 2 or x.size == 0:
        raise DataError(f"{path}: {x_key} is {x.dtype} of shape {x.shape}; it must hold numbers, one row a sample")
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
        raise DataError(f"{path}: {x_key}[{', '.join(map(str, at))}] is not finite; clean the data first")
    return x, _labels(path, y_key, y, len(x))


def _labels(path: Path, key: str, y: NDArray[np.generic], n_samples: int) -> Labels:
    if y.ndim == 2 and y.dtype.kind in "fiub" and np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all():
        y = y.argmax(axis=1)
    if y.dtype.kind not in "iu" or y.ndim != 1:
        raise DataError(
            f"{path}: {key} is {y.dtype} of shape {y.shape}; labels are whole numbers, or one-hot rows; "
            "numpy.unique(y, return_inverse=True) turns any labels into numbers"
        )
    if len(y) != n_samples:
        raise DataError(f"{path}: {n_samples} samples and {len(y)} labels in {key}; one label belongs to each sample")
    if y.min() < 0:
        raise DataError(f"{path}: {key} holds the label {y.min()}; labels count from 0")
    return y.astype(np.intp)


def _held_out(path: Path, y: Labels, seed: int) -> tuple[Labels, Labels]:
    if len(y) < 6:
        raise DataError(f"{path}: {len(y)} samples; a sixth cannot be held out; give x_test and y_test or more samples")
    return stratified_split(y, len(y) // 6, seed)


def _count_classes(path: Path, y: Labels, y_test: Labels) -> int:
    n_classes = int(max(y.max(), y_test.max())) + 1
    unseen = np.setdiff1d(np.arange(n_classes), y)
    if len(unseen):
        raise DataError(
            f"{path}: no training sample has label {unseen[0]} though {n_classes - 1} occurs; "
            "numpy.unique(y, return_inverse=True) numbers labels without gaps"
        )
    if n_classes < 2:
        raise DataError(f"{path}: every label is 0; there is nothing to tell apart")
    return n_classes


def _scaled(
    x: NDArray[np.generic], x_test: NDArray[np.generic], dtype: type[np.floating]
) -> tuple[Floats, Floats, str]:
    """Bring inputs to [0, 1]: bytes by 255, what is there already not at all, all else by one range."""
    if x.dtype == np.uint8 and x_test.dtype == np.uint8:
        train, test = (as_signals(part.astype(np.uint8, copy=False), dtype) for part in (x, x_test))
        return train, test, "pixel / 255"
    parts = [np.asarray(part, dtype=np.float64).reshape(len(part), -1) for part in (x, x_test)]
    low, high = float(parts[0].min()), float(parts[0].max())
    if low >= 0.0 and high <= 1.0 and parts[1].min() >= 0.0 and parts[1].max() <= 1.0:
        return parts[0].astype(dtype), parts[1].astype(dtype), "as given, in [0, 1]"
    width = high - low if high > low else 1.0
    train, test = (np.clip((part - low) / width, 0.0, 1.0).astype(dtype) for part in parts)
    return train, test, f"(x - {low!r}) / {width!r}, the training set's range, clipped to [0, 1]"
