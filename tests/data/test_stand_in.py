"""Made-up samples: as sparse as MNIST, the same every time, and named as what they are."""

import numpy as np
import pytest

from analogeq.data.stand_in import stand_in


def test_it_is_as_sparse_as_mnist_and_says_that_it_is_made_up() -> None:
    data = stand_in(400, seed=0)
    assert data.x_train.shape == (400, 784)
    assert data.x_train.dtype == np.float32
    # 50 blocks of strokes are drawn a class, ten classes: the share of 0.19 is met within some 0.02.
    assert np.mean(data.x_train > 0.0) == pytest.approx(0.19, abs=0.04)
    assert data.x_train.max() <= 1.0
    assert data.source.startswith("made up")


def test_samples_of_a_class_differ_in_brightness_only() -> None:
    data = stand_in(200, seed=1)
    first = data.x_train[data.y_train == data.y_train[0]]
    assert len(first) > 1
    drawn = first > 0.0
    assert (drawn == drawn[0]).all()
    assert np.ptp(first.max(axis=1)) > 0.1


def test_a_seed_gives_the_same_samples_again() -> None:
    assert np.array_equal(stand_in(50, seed=3).x_train, stand_in(50, seed=3).x_train)
    assert not np.array_equal(stand_in(50, seed=3).x_train, stand_in(50, seed=4).x_train)
