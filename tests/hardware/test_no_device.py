"""Nothing between a node and ground."""

import numpy as np

from analogeq.hardware.resistive import NoDevice, ResistiveTechnology


def test_nothing_carries_and_stores_nothing_and_never_begins_to_conduct():
    device, v = NoDevice(), np.linspace(-3.0, 3.0, 7)
    assert all((part == 0.0).all() for part in (*device.current(v), device.stored(v)))
    assert device.knees(1.0) == (-np.inf, np.inf)
    assert device.lowest == -np.inf
    assert not device.alternates
    assert ResistiveTechnology(device=device).device == NoDevice()


def test_a_node_without_a_device_stands_where_ohm_says():
    load, supply = np.array([2.0, 0.5, 0.0]), np.array([[1.0, -1.0, 0.0]])
    assert NoDevice().voltage(load, supply).tolist() == [[0.5, -2.0, 0.0]]  # nothing is connected to the last
