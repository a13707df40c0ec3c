"""MNIST, Fashion-MNIST and other sets of four IDX files.

The published sets have files of the same names and shapes, so only their checksums tell them
apart: wherever one was read from, it is compared with the published files before it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analogeq.data.dataset import Dataset
from analogeq.data.idx import idx_md5, read_idx
from analogeq.data.published import FILES, PUBLISHED
from analogeq.errors import DataError

Bytes = NDArray[np.uint8]
N_TRAIN = 60_000


def load_published(name: str, data_dir: Path | None, dtype: type[np.floating], *, validation: bool) -> Dataset:
    """Load ``mnist`` or ``fashion-mnist``: from ``data_dir``, else from Debian's package, else from OpenML."""
    known = PUBLISHED[name]
    if data_dir is not None:
        places = (data_dir, data_dir / name, data_dir / known.torchvision)
        arrays, source = _read_first(places, name)
    elif known.system_folder is not None and known.system_folder.is_dir():
        arrays, source = _read_first((known.system_folder,), name)
    else:
        arrays, source = _fetch(name), f"OpenML's {known.openml} through scikit-learn"
    for (file, array), want in zip(arrays.items(), known.md5, strict=True):
        _check_md5(name, f"{source}: {file}", idx_md5(array), want)
    return _dataset(name, arrays, source, dtype, known.class_names, validation=validation)


def load_idx_folder(data_dir: Path, dtype: type[np.floating], *, validation: bool) -> Dataset:
    """Load any images of bytes from four IDX files with MNIST's names, whatever they show."""
    arrays, source = _read_first((data_dir,), "idx")
    x, y, x_test, y_test = arrays.values()
    for part, images, labels in (("train", x, y), ("t10k", x_test, y_test)):
        if len(images) != len(labels):
            raise DataError(
                f"{source}: {part} has {len(images)} images and {len(labels)} labels; one label belongs to each "
                "image; check that both files are of one set"
            )
    if x.shape[1:] != x_test.shape[1:]:
        raise DataError(
            f"{source}: training images of {x.shape[1:]} pixels and test images of {x_test.shape[1:]}; "
            "check that all four files are of one set"
        )
    n_classes = int(max(y.max(), y_test.max())) + 1
    names = tuple(str(c) for c in range(n_classes))
    return _dataset("idx", arrays, source, dtype, names, validation=validation)


def _read_first(folders: tuple[Path, ...], name: str) -> tuple[dict[str, Bytes], str]:
    """Read the four files from the first folder that holds any of them."""
    folder = next((f for f in folders if any(_spelled(f, file) for file in FILES)), None)
    if folder is None:
        first = next(iter(FILES))
        raise DataError(
            f"{name}: neither {first} nor {first}.gz in {', '.join(str(f) for f in folders)}; "
            f"put the four IDX files there{_other_way(name)}"
        )
    arrays = {}
    for file, n_dims in FILES.items():
        path = _spelled(folder, file)
        if path is None:
            raise DataError(f"{name}: {folder} has no {file} or {file}.gz; all four IDX files are needed")
        arrays[file] = read_idx(path, n_dims)
    return arrays, str(folder)


def _spelled(folder: Path, name: str) -> Path | None:
    """Find a file under its own name or with the dot that some unpackers put in it."""
    dotted = name.replace("-idx", ".idx")
    candidates = (folder / f"{base}{end}" for base in (name, dotted) for end in ("", ".gz"))
    return next((path for path in candidates if path.is_file()), None)


def _other_way(name: str) -> str:
    package = PUBLISHED[name].package if name in PUBLISHED else ""
    return f", or install Debian's package {package} and name no folder" if package else ""


def _fetch(name: str) -> dict[str, Bytes]:
    from sklearn.datasets import fetch_openml

    parser = "pandas" if find_spec("pandas") else "liac-arff"
    try:
        x, y = fetch_openml(PUBLISHED[name].openml, version=1, as_frame=False, return_X_y=True, parser=parser)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{name}: OpenML did not deliver ({error}); give the folder of its IDX files as data_dir{_other_way(name)}"
        ) from error
    try:
        images = np.asarray(x).astype(np.uint8).reshape(-1, 28, 28)
        labels = np.asarray(y).astype(np.uint8)
    except ValueError as error:
        raise DataError(
            f"{name}: what OpenML sent is not 28×28 images with labels ({error}); "
            "give the folder of its IDX files as data_dir"
        ) from error
    parts = (images[:N_TRAIN], labels[:N_TRAIN], images[N_TRAIN:], labels[N_TRAIN:])
    return dict(zip(FILES, parts, strict=True))


def _check_md5(name: str, file: str, found: str, want: str) -> None:
    if found == want:
        return
    other = next((n for n, known in PUBLISHED.items() if found in known.md5), None)
    what = f"it belongs to {other}" if other else f"md5 {found} of its content, not {want}"
    remedy = f"ask for {other}" if other else "fetch the file anew, or ask for 'idx', which takes any such files"
    raise DataError(f"{file} is not {name}'s: {what}; {remedy}")


def _dataset(
    name: str,
    arrays: Mapping[str, Bytes],
    source: str,
    dtype: type[np.floating],
    class_names: tuple[str, ...],
    *,
    validation: bool,
) -> Dataset:
    """Assemble; with ``validation`` the last sixth of the training files, in order, becomes the test set."""
    x, y, x_test, y_test = arrays.values()
    split = "the files' own split"
    if validation:
        n_kept = len(x) - len(x) // 6
        x, y, x_test, y_test = x[:n_kept], y[:n_kept], x[n_kept:], y[n_kept:]
        split = f"validation: the first {n_kept} training samples train, the last {len(x_test)} test"
    return Dataset(
        name=name,
        x_train=as_signals(x, dtype),
        y_train=y.astype(np.intp),
        x_test=as_signals(x_test, dtype),
        y_test=y_test.astype(np.intp),
        n_classes=len(class_names),
        scaling="pixel / 255",
        source=f"{source}; {split}",
        input_shape=x.shape[1:],
        class_names=class_names,
    )


def as_signals(images: Bytes, dtype: type[np.floating]) -> NDArray[np.floating]:
    """Lay images of bytes flat and scale them to [0, 1], in one copy."""
    flat = images.reshape(len(images), -1).astype(dtype)
    flat /= 255.0
    return flat
