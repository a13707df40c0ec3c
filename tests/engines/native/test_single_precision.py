"""The native engine in float32."""

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, Nudge, Tether
from analogeq.engines.contract import Status
from analogeq.engines.native import NativeEngine
from analogeq.errors import InputError
from analogeq.hardware import DiodeClamp, Technology
from analogeq.network import Network, glorot_uniform


def settle_both(kernels, sizes, scale, technology=None, duration=None):
    circuit = Circuit(Network.layered(sizes), technology or Technology())
    rng, g0, net = np.random.default_rng(6), circuit.technology.unit_conductance, circuit.network
    parameters = glorot_uniform(net, rng, scale=scale)
    drive = Drive(
        rng.random((4, net.n_inputs)),
        Tether(rng.random((4, net.n_nodes)), 0.1 * g0),
        Nudge(rng.random((4, net.n_outputs)), g0),
    )
    points = []
    for dtype in ("float64", "float32"):
        with NativeEngine(kernels=kernels, dtype=dtype).open(circuit) as session:
            session.program(circuit.program(parameters))
            points.append(session.settle(drive, duration=duration and duration * circuit.technology.time_constant))
    return points


@pytest.mark.parametrize("scale", [0.3, 1.5], ids=["weak", "strong"])
@pytest.mark.parametrize("sizes", [(12, 30, 6), (6, 8, 8, 8, 4)], ids=["two layers", "deep"])
def test_single_precision_settles_where_double_does(sizes, scale):
    check_both("numpy", sizes, scale)


def test_the_compiled_operating_point_takes_single_precision():
    pytest.importorskip("numba")
    check_both("numba", (12, 30, 6), 0.3)


def check_both(kernels, sizes, scale):
    double, single = settle_both(kernels, sizes, scale)
    assert (single.status == Status.SETTLED).all()
    assert single.voltages.dtype == np.float64
    assert single.voltages == pytest.approx(double.voltages, abs=1e-4)  # 64 roundings over the least curvature
    assert (single.voltages != double.voltages).any()


def test_a_phase_in_single_precision_ends_where_double_does():
    double, single = settle_both("numpy", (12, 30, 6), 1.0, duration=2.0)
    assert single.voltages == pytest.approx(double.voltages, abs=2e-5)
    assert (single.voltages != double.voltages).any()


def test_diodes_are_computed_in_double_precision():
    double, single = settle_both("auto", (3, 5, 2), 1.0, Technology(clamp=DiodeClamp()))
    assert (single.voltages == double.voltages).all()


def test_an_unknown_precision_is_refused():
    with pytest.raises(InputError, match="float16"):
        NativeEngine(dtype="float16")
