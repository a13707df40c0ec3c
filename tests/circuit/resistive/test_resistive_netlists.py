"""Both renderings of the resistive family: golden, and settled by ngspice where the laws say."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances, ResistiveDrive, kirchhoff_residual
from analogeq.circuit.resistive.laws import supply_currents
from analogeq.circuit.resistive.netlist import readable_netlist, simulation_netlist
from analogeq.errors import ElectricalRuleError
from analogeq.hardware.resistive import ResistiveTechnology
from analogeq.network import Network

FOLDER = Path(__file__).parents[3] / "netlists" / "golden" / "resistive"
RESIDUAL = 1e-7  # A at supplies of some amperes: an ideal diode's stand-in of 1e9 S leaves some 1e-9 V


def _maker():
    spec = importlib.util.spec_from_file_location("golden_resistive_make", FOLDER / "make.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


GOLDEN = _maker().GOLDEN


@pytest.mark.parametrize("name", list(GOLDEN))
def test_the_package_writes_the_golden_netlist_byte_for_byte(name):
    for rendering, text in GOLDEN[name]().renderings().items():
        assert text == (FOLDER / f"{name}.{rendering}.cir").read_bytes().decode("utf-8")


def test_every_golden_netlist_is_made_by_the_script():
    made = {f"{name}.{rendering}.cir" for name in GOLDEN for rendering in GOLDEN[name]().renderings()}
    assert "wired.readable.cir" in made
    assert {path.name for path in FOLDER.glob("*.cir")} == made


@pytest.mark.ngspice
@pytest.mark.parametrize("name", list(GOLDEN))
def test_the_readable_netlist_settles_where_the_laws_say(name, run_netlist):
    golden = GOLDEN[name]()
    ends = run_netlist(golden.renderings()["readable"], "run")
    voltages = np.array([[ends[node] for node in golden.circuit.network.node_names]])
    assert kirchhoff_residual(golden.circuit, golden.conductances, golden.drive, voltages)[0] < RESIDUAL
    assert np.ptp(voltages) > 0.05


@pytest.mark.ngspice
@pytest.mark.parametrize("name", ["ideal", "amplified", "real", "real_pairs", "wired"])
def test_the_folded_netlist_settles_where_the_laws_say(name, run_netlist):
    golden = GOLDEN[name]()
    circuit, drive = golden.circuit, golden.drive
    currents = supply_currents(circuit, golden.conductances, drive)[0]
    commands = [f"alter i{k}={float(amperes)!r}" for k, amperes in enumerate(currents)]
    if drive.nudge is not None:
        outputs = range(circuit.network.n_outputs)
        commands += [f"alter @gn{m}[gain]={float(drive.nudge.conductance)!r}" for m in outputs]
    ends = run_netlist(simulation_netlist(circuit, golden.conductances), *commands, "op")
    voltages = np.array([[ends[f"n{k}"] for k in range(circuit.network.n_nodes)]])
    assert kirchhoff_residual(circuit, golden.conductances, drive, voltages)[0] < RESIDUAL


def test_a_hostile_name_is_in_no_netlist():
    net = Network.layered((1, 2, 1))
    hostile = Network(("x0", "h1\n.control", "h2", "y0"), net.layer_sizes, net.outputs, net.blocks)
    circuit = ResistiveCircuit(hostile, ResistiveTechnology())
    held = ResistiveConductances(np.ones(circuit.wiring.n_edges), np.zeros(3))
    with pytest.raises(ElectricalRuleError, match="illegal name"):
        readable_netlist(circuit, held, ResistiveDrive(np.zeros((1, 1))))
    assert "control" not in simulation_netlist(circuit, held)
