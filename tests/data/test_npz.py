import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analogeq.data import load
from analogeq.errors import DataError

X = np.linspace(0.0, 1.0, 24).reshape(12, 2)
Y = np.arange(12) % 3


def saved(tmp_path, **arrays):
    path = tmp_path / "mine.npz"
    np.savez(path, **arrays)
    return path


def test_the_file_s_own_test_set_is_kept(tmp_path):
    data = load(saved(tmp_path, x=X, y=Y, x_test=X[:3], y_test=Y[:3]))
    assert np.array_equal(data.x_train, X)
    assert np.array_equal(data.x_test, X[:3])
    assert (data.name, data.n_classes, data.scaling) == ("mine", 3, "as given, in [0, 1]")


def test_a_sixth_is_held_out_by_the_seed_when_there_is_no_test_set(tmp_path):
    path = str(saved(tmp_path, x=X, y=Y))
    splits = [load(path, seed=seed) for seed in (0, 0, 1, 2, 3)]
    assert all(s.x_test.shape == (2, 2) and s.x_train.shape == (10, 2) for s in splits)
    assert np.array_equal(splits[0].x_test, splits[1].x_test)
    assert any(not np.array_equal(splits[0].x_test, s.x_test) for s in splits[2:])
    together = np.concatenate([splits[0].x_train, splits[0].x_test])
    assert np.array_equal(np.sort(together[:, 0]), X[:, 0])


def test_validation_splits_the_training_samples_and_leaves_the_test_set_unseen(tmp_path):
    data = load(saved(tmp_path, x=X, y=Y, x_test=X[:3] / 2, y_test=Y[:3]), validation=True)
    assert len(data.x_train) == 10
    assert {row.tobytes() for row in data.x_test} <= {row.tobytes() for row in X}


def test_one_hot_rows_and_images_of_bytes_are_understood(tmp_path):
    images = (np.arange(12 * 6) % 256).astype(np.uint8).reshape(12, 2, 3)
    data = load(saved(tmp_path, x=images, y=np.eye(3)[Y], x_test=images, y_test=np.eye(3)[Y]))
    assert np.array_equal(data.y_train, Y)
    assert np.array_equal(data.x_train, images.reshape(12, 6) / 255.0)
    assert data.input_shape == (2, 3)


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_inputs_of_any_range_are_brought_to_the_unit_interval_and_said_to_be(tmp_path_factory, low, width):
    x = low + width * X
    data = load(saved(tmp_path_factory.mktemp("npz"), x=x, y=Y, x_test=x - width, y_test=Y))
    assert data.x_test.min() >= 0.0
    assert data.x_test.max() <= 1.0
    scaled = data.scaling.startswith("(x - ")
    inside = x.min() - width >= 0.0 and x.max() <= 1.0
    assert scaled != inside
    if scaled:
        assert (data.x_train.min(), data.x_train.max()) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X}, "has no array y"),
        ({"y": Y}, "has no array x"),
        ({"x": X, "y": Y, "x_test": X}, "has no array y_test"),
        ({"x": X, "y": Y[1:]}, "12 samples and 11 labels"),
        ({"x": X, "y": Y - 1}, "holds the label -1"),
        ({"x": X, "y": Y * 2}, "no training sample has label 1"),
        ({"x": X, "y": Y * 0}, "nothing to tell apart"),
        ({"x": X, "y": Y + 0.5}, "labels are whole numbers"),
        ({"x": X, "y": Y.astype(str)}, "labels are whole numbers"),
        ({"x": X.ravel(), "y": Y}, "one row a sample"),
        ({"x": X.astype(complex), "y": Y}, "must hold numbers"),
        ({"x": np.where(X[4, 1] == X, np.nan, X), "y": Y}, r"x\[4, 1\] is not finite"),
        ({"x": X, "y": Y, "x_test": X[:, :1], "y_test": Y}, r"samples of shape \(1,\)"),
        ({"x": X[:4], "y": Y[:4]}, "4 samples; a sixth cannot be held out"),
    ],
)
def test_arrays_that_are_no_dataset_are_refused_with_the_reason(tmp_path, arrays, message):
    path = saved(tmp_path, **arrays)
    with pytest.raises(DataError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_a_pickle_inside_the_archive_is_refused_and_not_run(tmp_path):
    class Canary:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    path = saved(tmp_path, x=np.array([Canary()], dtype=object), y=Y)
    with pytest.raises(DataError, match="not a readable"):
        load(path)
    assert not (tmp_path / "ran").exists()


def test_a_single_array_is_refused(tmp_path):
    path = tmp_path / "one.npz"
    with path.open("wb") as file:
        np.save(file, X)
    with pytest.raises(DataError, match="one array without a name"):
        load(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\x93NUMPY\x01\x00"])
def test_a_file_that_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="not a readable"):
        load(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        load(tmp_path / "none.npz")


def test_the_names_that_keras_gives_are_understood(tmp_path):
    data = load(saved(tmp_path, x_train=X, y_train=Y, x_test=X[:3], y_test=Y[:3]))
    assert np.array_equal(data.x_train, X)
    assert np.array_equal(data.y_test, Y[:3])


def test_two_names_for_one_array_are_refused(tmp_path):
    with pytest.raises(DataError, match="both x and x_train"):
        load(saved(tmp_path, x=X, x_train=X, y=Y))


def test_a_missing_array_is_told_with_those_that_are_there(tmp_path):
    with pytest.raises(DataError, match="no array x, it holds images, y"):
        load(saved(tmp_path, images=X, y=Y))


def test_a_file_that_is_not_there_or_no_archive_is_told_as_such(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        load(tmp_path / "nope.npz")
    (tmp_path / "text.npz").write_text("hello", encoding="utf-8")
    with pytest.raises(DataError, match="not a readable") as caught:
        load(tmp_path / "text.npz")
    assert "pickle" not in str(caught.value)
