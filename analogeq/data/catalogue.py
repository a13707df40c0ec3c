"""Datasets by name."""

from __future__ import annotations

import difflib
from pathlib import Path

import numpy as np

from analogeq.data import bundled
from analogeq.data.dataset import Dataset
from analogeq.errors import DataError

NAMES = ("digits", "iris")


def load(name: str, *, data_dir: str | Path | None = None, dtype: type[np.floating] = np.float64) -> Dataset:
    """Load the dataset asked for, or say why that is impossible."""
    bundles = {"digits": bundled.load_digits, "iris": bundled.load_iris}
    if name in bundles:
        if data_dir is not None:
            raise DataError(f"data_dir {data_dir}: {name} comes with scikit-learn; leave the folder out")
        return bundles[name](dtype)
    close = difflib.get_close_matches(name, NAMES, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise DataError(f"dataset {name!r}: unknown{hint} (known: {', '.join(NAMES)})")
