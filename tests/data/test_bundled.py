import numpy as np
import pytest

from analogeq.data import load


def test_digits_are_split_1500_to_297_with_every_class_held_out_in_proportion():
    digits = load("digits")
    assert digits.x_train.shape == (1500, 64)
    assert digits.x_test.shape == (297, 64)
    held, all_of = np.bincount(digits.y_test), np.bincount(np.concatenate([digits.y_train, digits.y_test]))
    # equal distances over sorted classes put a class within one sample of its share
    assert np.abs(held - all_of * 297 / 1797).max() <= 1.0


def test_digits_split_is_the_one_that_results_were_published_for():
    digits = load("digits")
    raw = pytest.importorskip("sklearn.datasets").load_digits()
    rows = {row.tobytes(): i for i, row in enumerate(raw.data / 16.0)}
    first = [rows[row.tobytes()] for row in digits.x_test[:5]]
    assert first == [1, 2, 8, 19, 30]
    assert len({*map(bytes, digits.x_train)} & {*map(bytes, digits.x_test)}) == 0


@pytest.mark.parametrize("name", ["digits", "iris"])
def test_inputs_fill_the_unit_interval_and_cannot_be_written(name):
    data = load(name)
    assert (data.x_train.min(), data.x_train.max()) == (0.0, 1.0)
    assert data.x_test.min() >= 0.0
    assert data.x_test.max() <= 1.0
    assert data.n_inputs == np.prod(data.input_shape)
    for array in (data.x_train, data.y_train, data.x_test, data.y_test):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_targets_are_one_hot_in_the_inputs_own_precision():
    iris = load("iris", dtype=np.float32)
    hot = iris.targets(iris.y_test)
    assert hot.dtype == np.float32
    assert hot.shape == (30, 3)
    assert np.array_equal(hot.argmax(axis=1), iris.y_test)
    assert np.array_equal(hot.sum(axis=1), np.ones(30))
