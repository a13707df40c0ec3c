"""MNIST-like sets, made small here: real ones are too large for a test."""

import gzip
import urllib.error
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analogeq.data import load, mnist
from analogeq.data.idx import idx_bytes, idx_md5
from analogeq.data.published import FILES, PUBLISHED
from analogeq.errors import DataError

N_TRAIN, N_TEST = 12, 4


def small_set(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    sizes = {"train": N_TRAIN, "t10k": N_TEST}
    made = {}
    for file, n_dims in FILES.items():
        n = sizes[file.split("-")[0]]
        made[file] = rng.integers(0, 256, (n, 28, 28), np.uint8) if n_dims == 3 else rng.integers(0, 10, n, np.uint8)
    return made


SETS = {"mnist": small_set(1), "fashion-mnist": small_set(2)}


@pytest.fixture(autouse=True)
def _small_published(monkeypatch, tmp_path):
    small = {
        name: replace(
            known,
            md5=tuple(idx_md5(a) for a in SETS[name].values()),
            system_folder=tmp_path / "system" if known.system_folder else None,
        )
        for name, known in PUBLISHED.items()
    }
    monkeypatch.setattr(mnist, "PUBLISHED", small)
    monkeypatch.setattr(mnist, "N_TRAIN", N_TRAIN)


def write(folder: Path, arrays: dict[str, np.ndarray], *, ending: str = "", dotted: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for file, array in arrays.items():
        name = file.replace("-idx", ".idx") if dotted else file
        raw = idx_bytes(array)
        (folder / f"{name}{ending}").write_bytes(gzip.compress(raw) if ending else raw)
    return folder


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("dotted", [False, True])
def test_a_folder_of_idx_files_is_read_under_either_spelling(tmp_path, ending, dotted):
    data = load("mnist", data_dir=write(tmp_path, SETS["mnist"], ending=ending, dotted=dotted))
    images, labels, test_images, test_labels = SETS["mnist"].values()
    assert np.array_equal(data.x_train, images.reshape(N_TRAIN, 784) / 255.0)
    assert np.array_equal(data.x_test, test_images.reshape(N_TEST, 784) / 255.0)
    assert np.array_equal(data.y_train, labels)
    assert np.array_equal(data.y_test, test_labels)
    assert data.input_shape == (28, 28)
    assert data.n_classes == 10


def test_torchvision_s_folders_are_found_below_its_root(tmp_path):
    write(tmp_path / "MNIST/raw", SETS["mnist"])
    write(tmp_path / "FashionMNIST/raw", SETS["fashion-mnist"])
    fashion = load("fashion-mnist", data_dir=tmp_path)
    assert np.array_equal(fashion.y_train, SETS["fashion-mnist"]["train-labels-idx1-ubyte"])


def test_fashion_mnist_is_never_taken_for_mnist(tmp_path):
    folder = write(tmp_path, SETS["fashion-mnist"])
    with pytest.raises(DataError, match="is not mnist's: it belongs to fashion-mnist"):
        load("mnist", data_dir=folder)


def test_one_changed_pixel_is_noticed(tmp_path):
    changed = {file: array.copy() for file, array in SETS["mnist"].items()}
    changed["t10k-images-idx3-ubyte"][3, 27, 27] ^= 1
    with pytest.raises(DataError, match="t10k-images-idx3-ubyte is not mnist's: md5"):
        load("mnist", data_dir=write(tmp_path, changed))


def test_a_missing_file_is_named(tmp_path):
    folder = write(tmp_path, SETS["mnist"])
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="has no t10k-labels-idx1-ubyte or"):
        load("mnist", data_dir=folder)


def test_an_empty_folder_gets_the_remedy(tmp_path):
    with pytest.raises(DataError, match="put the four IDX files there, or install Debian's package"):
        load("fashion-mnist", data_dir=tmp_path)


def test_validation_takes_the_last_sixth_in_order_and_leaves_the_test_set_unseen(tmp_path):
    data = load("mnist", data_dir=write(tmp_path, SETS["mnist"]), validation=True)
    labels = SETS["mnist"]["train-labels-idx1-ubyte"]
    assert np.array_equal(data.y_train, labels[:10])
    assert np.array_equal(data.y_test, labels[10:])
    assert "validation" in data.source


def test_debian_s_package_is_used_where_it_is_installed(tmp_path):
    write(tmp_path / "system", SETS["fashion-mnist"], ending=".gz")
    assert str(tmp_path / "system") in load("fashion-mnist").source


def openml_answer(name: str):
    images, labels, test_images, test_labels = SETS[name].values()
    x = np.concatenate([images, test_images]).reshape(-1, 784).astype(np.float64)
    return x, np.concatenate([labels, test_labels]).astype(str)


def test_openml_is_asked_for_the_right_set_when_there_is_no_other_place(monkeypatch):
    asked = []

    def fetch(name, *, version, as_frame, return_X_y, parser):
        asked.append((name, version, as_frame, return_X_y))
        assert parser in ("pandas", "liac-arff")
        return openml_answer("fashion-mnist")

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)
    data = load("fashion-mnist", dtype=np.float32)
    assert asked == [("Fashion-MNIST", 1, False, True)]
    assert data.x_train.dtype == np.float32
    assert np.array_equal(data.y_test, SETS["fashion-mnist"]["t10k-labels-idx1-ubyte"])


def test_an_openml_answer_that_is_another_set_is_refused(monkeypatch):
    monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda *_, **__: openml_answer("fashion-mnist"))
    with pytest.raises(DataError, match="belongs to fashion-mnist"):
        load("mnist")


@pytest.mark.parametrize("failure", [urllib.error.URLError("no network"), TimeoutError("slow"), ValueError("md5")])
def test_no_network_is_an_error_with_the_way_around_it(monkeypatch, failure):
    def fetch(*_, **__):
        raise failure

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)
    with pytest.raises(DataError, match=r"OpenML did not deliver .* give the folder of its IDX files as data_dir"):
        load("mnist")


def test_an_openml_answer_of_another_shape_is_refused(monkeypatch):
    monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda *_, **__: (np.zeros((5, 3)), np.zeros(5)))
    with pytest.raises(DataError, match="not 28×28 images"):
        load("mnist")


def test_idx_takes_any_set_and_says_only_that(tmp_path):
    folder = write(tmp_path, small_set(3))
    data = load("idx", data_dir=folder)
    assert data.name == "idx"
    assert data.n_classes == max(data.y_train.max(), data.y_test.max()) + 1


def test_idx_labels_of_another_length_are_refused(tmp_path):
    wrong = small_set(3)
    wrong["train-labels-idx1-ubyte"] = wrong["train-labels-idx1-ubyte"][1:]
    with pytest.raises(DataError, match="train has 12 images and 11 labels"):
        load("idx", data_dir=write(tmp_path, wrong))


def test_idx_test_images_of_another_size_are_refused(tmp_path):
    wrong = small_set(3)
    wrong["t10k-images-idx3-ubyte"] = wrong["t10k-images-idx3-ubyte"][:, 1:]
    with pytest.raises(DataError, match=r"\(28, 28\) pixels and test images of \(27, 28\)"):
        load("idx", data_dir=write(tmp_path, wrong))
