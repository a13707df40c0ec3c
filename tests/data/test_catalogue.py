import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analogeq.data import load, stratified_split
from analogeq.errors import DataError


def test_a_name_nearly_right_gets_a_suggestion_and_no_data():
    with pytest.raises(DataError, match="did you mean 'fashion-mnist'"):
        load("fashion_mnist")


def test_a_folder_for_a_bundled_set_is_refused_rather_than_ignored(tmp_path):
    with pytest.raises(DataError, match="digits: data_dir"):
        load("digits", data_dir=tmp_path)


def test_idx_without_a_folder_is_refused():
    with pytest.raises(DataError, match="needs data_dir"):
        load("idx")


def test_half_precision_is_refused():
    with pytest.raises(DataError, match="float64 or float32"):
        load("iris", dtype=np.float16)


def test_validation_of_digits_leaves_the_test_samples_out():
    held = load("digits", validation=True)
    unseen = {row.tobytes() for row in load("digits").x_test}
    assert (len(held.x_train), len(held.x_test)) == (1250, 250)
    assert not unseen & {row.tobytes() for row in np.concatenate([held.x_train, held.x_test])}


@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.data(), st.none() | st.integers(0, 99))
def test_a_split_parts_the_samples_and_holds_each_class_out_in_proportion(labels, data, seed):
    y = np.array(labels, dtype=np.intp)
    n_test = data.draw(st.integers(1, len(y)))
    train, test = stratified_split(y, n_test, seed)
    assert len(test) == n_test
    assert sorted([*train, *test]) == list(range(len(y)))
    share = np.bincount(y) * n_test / len(y)
    held = np.bincount(y[test], minlength=len(share))
    assert np.abs(held - share).max() < 1.0 + 1e-9  # equal distances over a class differ by one sample at most
