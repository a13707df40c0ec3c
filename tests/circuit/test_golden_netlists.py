"""Golden netlists: byte for byte what the package writes, and sound in ngspice."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq

from analogeq.circuit import kirchhoff_residual
from analogeq.hardware import DiodeClamp
from analogeq.hardware.diode import diode_current, thermal_voltage

FOLDER = Path(__file__).parents[2] / "netlists" / "golden"
RESIDUAL = 1e-7  # of G0 times 1 V: ngspice's node voltages are good to some 1e-8 V with these tolerances


def _maker():
    spec = importlib.util.spec_from_file_location("golden_make", FOLDER / "make.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


GOLDEN = _maker().GOLDEN
FILES = [(name, rendering) for name, make in GOLDEN.items() for rendering in make().renderings()]
NAMES = {name: make().circuit.network.node_names for name, make in GOLDEN.items()}


def read(name, rendering):
    return (FOLDER / f"{name}.{rendering}.cir").read_bytes().decode("utf-8")


def behind_series_resistance(volts, clamp, temperature):
    """Current [A] of a diode and its series resistance across ``volts``, by bisection on the junction."""

    def current(junction):
        return diode_current(np.array([junction]), clamp.saturation_current, nvt)[0][0]

    nvt = clamp.ideality * thermal_voltage(temperature)
    low, high = min(volts, 0.0) - 1e-6, max(volts, 0.0) + 1e-6
    junction = brentq(lambda v: volts - v - clamp.series_resistance * current(v), low, high, xtol=1e-15)
    return current(junction)


def residual_of(golden, voltages):
    tech = golden.circuit.technology
    if not isinstance(tech.clamp, DiodeClamp):
        return kirchhoff_residual(golden.circuit, golden.conductances, golden.drive, voltages[None])[0]
    net = golden.circuit.unclamped_currents(golden.conductances, golden.drive, voltages[None])[0]
    for k, volts in enumerate(voltages):
        net[k] -= behind_series_resistance(volts - tech.rail, tech.clamp, tech.temperature)
        net[k] += behind_series_resistance(-volts, tech.clamp, tech.temperature)
    return np.abs(net).max()


def assert_settled(golden, voltages):
    residual = residual_of(golden, voltages)
    assert residual < RESIDUAL * golden.circuit.technology.unit_conductance
    assert np.ptp(voltages) > 0.1 * golden.circuit.technology.rail


@pytest.mark.parametrize(("name", "rendering"), FILES)
def test_the_package_writes_the_golden_netlist_byte_for_byte(name, rendering):
    assert GOLDEN[name]().renderings()[rendering] == read(name, rendering)


def test_every_golden_netlist_is_made_by_the_script():
    made = {f"{name}.{rendering}.cir" for name, rendering in FILES}
    assert {path.name for path in FOLDER.glob("*.cir")} == made


@pytest.mark.ngspice
@pytest.mark.parametrize("name", list(GOLDEN))
def test_the_readable_golden_netlist_settles_in_ngspice(name, run_netlist):
    ends = run_netlist(read(name, "readable"), "run")
    assert_settled(GOLDEN[name](), np.array([ends[node] for node in NAMES[name]]))


@pytest.mark.ngspice
@pytest.mark.parametrize("name", [name for name, rendering in FILES if rendering == "simulation"])
def test_the_simulation_golden_netlist_settles_in_ngspice(name, run_netlist, drive_commands):
    golden = GOLDEN[name]()
    commands = drive_commands(golden.circuit, golden.conductances, golden.drive)
    ends = run_netlist(read(name, "simulation"), *commands, "op")
    assert_settled(golden, np.array([ends[f"n{k}"] for k in range(len(NAMES[name]))]))
