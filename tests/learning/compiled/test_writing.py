"""The kernels that write conductances against the same steps in numpy."""

import numpy as np
import pytest

pytest.importorskip("numba")

from analogeq.learning.compiled.writing import write, write_doubled


@pytest.mark.parametrize("background", [0.0, -0.4])
def test_doubled_inputs_are_written_and_added_up_whatever_is_taken_apart(background):
    rng = np.random.default_rng(0)
    n, columns, batch, gain = 7, 5, 4, 3.0
    g = rng.uniform(0.2, 0.8, (2 * n, columns))
    x = np.where(rng.random((batch, n)) < 0.5, background, rng.normal(size=(batch, n)))
    x[:, 2] = background
    post, by_column = rng.normal(size=(batch, columns)), rng.normal(size=columns)
    raised = gain * x.T @ post
    expected = np.clip(g + by_column + np.concatenate([raised, -raised]), 0.1, 0.9)
    plus, minus = np.empty(columns), np.empty(columns)
    write_doubled(g, x - background, gain, background, post, by_column, 0.1, 0.9, plus, minus)
    assert g == pytest.approx(expected, rel=1e-13)  # sums in another order
    assert plus == pytest.approx(expected[:n].sum(axis=0), rel=1e-13)
    assert minus == pytest.approx(expected[n:].sum(axis=0), rel=1e-13)


def test_a_layer_is_written_by_rows_columns_and_products_and_clipped():
    rng = np.random.default_rng(1)
    g, pre, post = rng.uniform(0.2, 0.8, (6, 5)), rng.normal(size=(3, 6)), rng.normal(size=(3, 5))
    pre[:, 1] = 0.0
    pre[0, 3] = 0.0
    by_row, by_column = rng.normal(size=6), rng.normal(size=5)
    expected = np.clip(g + pre.T @ post + by_row[:, None] + by_column, 0.1, 0.9)
    write(g, pre, post, by_row, by_column, 0.1, 0.9)
    assert g == pytest.approx(expected, rel=1e-13)  # sums in another order
