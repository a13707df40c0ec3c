"""Where a resistive circuit's power goes: by hand, by Tellegen's theorem at any voltages, and by ngspice's currents."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analogeq.circuit import Nudge
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive
from analogeq.circuit.resistive.laws import node_imbalance
from analogeq.circuit.resistive.netlist import readable_netlist
from analogeq.circuit.resistive.power import power_flow
from analogeq.engines import engine
from analogeq.hardware import Wires
from analogeq.hardware.resistive import Amplifier, DiodePair, NoDevice, ResistiveTechnology, ShockleyDiode
from analogeq.network import Block, Network

ROUNDING = 1e-12  # relative; sums of a few terms in double precision
SCRIPT = Path(__file__).parents[3] / "netlists" / "golden" / "resistive" / "make.py"


def _golden():
    spec = importlib.util.spec_from_file_location("golden_resistive_make", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.GOLDEN


GOLDEN = _golden()


def test_a_divider_takes_what_ohm_says():
    """1 V behind 2 S onto a node, 2 S from there to a second one held at 0 V by nothing but 4 S to its target of 0."""
    tech = ResistiveTechnology(inputs="single", device=NoDevice(), bias_currents="none")
    circuit = ResistiveCircuit(Network.layered((1, 1, 1)), tech)
    held = circuit.program(np.array([2.0, 2.0]))
    drive = ResistiveDrive(np.ones((1, 1)), None, Nudge(np.zeros((1, 1)), 4.0))
    # 1 / (1/2 + 1/2 + 1/4) S: 0.8 A through all three.
    at = power_flow(circuit, held, drive, np.array([[0.6, 0.2]]))
    assert at.sources == pytest.approx([0.8], rel=ROUNDING)
    assert at.conductances == pytest.approx([0.8**2 * (0.5 + 0.5)], rel=ROUNDING)
    assert at.nudge == pytest.approx([0.8**2 * 0.25], rel=ROUNDING)
    assert at.supplied == pytest.approx(at.dissipated, rel=ROUNDING)


def random_case(device, amplifier, seed, wires):
    rng = np.random.default_rng(seed)
    tech = ResistiveTechnology(device=device, amplifier=amplifier, bias_voltage=0.3, input_gain=2.0, wires=wires)
    circuit = ResistiveCircuit(Network.layered((3, 4, 3, 2)), tech)
    held = circuit.program(rng.uniform(0.0, 1.0, circuit.wiring.n_edges), rng.normal(0.0, 0.1, 9))
    nudge = Nudge(rng.normal(0.0, 1.0, (2, 2)), -0.2)
    return circuit, held, ResistiveDrive(rng.normal(0.0, 1.0, (2, 3)), None, nudge, injected=rng.normal(size=(2, 2)))


@pytest.mark.parametrize("wires", [Wires(), Wires(0.1, 0.2, 0.3, 0.4), Wires(0.0, 0.2, driven_from="both")])
@pytest.mark.parametrize("amplifier", [None, Amplifier(4.0, 0.25), Amplifier(3.0, 0.5)])
@pytest.mark.parametrize("device", [NoDevice(), ShockleyDiode(1e-3, 0.2), DiodePair(upper=0.5, lower=-0.25)])
def test_supplied_less_dissipated_is_the_net_current_times_voltage_at_any_voltages(device, amplifier, wires):
    circuit, held, drive = random_case(device, amplifier, 3, wires)
    v = np.random.default_rng(5).normal(0.0, 0.3, (2, 9))
    at = power_flow(circuit, held, drive, v)
    left = (v * node_imbalance(circuit, held, drive, v)).sum(axis=1)
    assert at.supplied - at.dissipated == pytest.approx(left, abs=ROUNDING * float(np.abs(at.conductances).max()))


def test_wires_take_their_share_of_a_divider():
    """1 V through 0.25 Ohm, 2 S and 0.25 Ohm onto a node that 1 S holds at 0 V: 1 / (1/4 + 1/2 + 1/4 + 1) = 0.5 A."""
    tech = ResistiveTechnology(inputs="single", device=NoDevice(), wires=Wires(0.25, 0.25), bias_currents="none")
    circuit = ResistiveCircuit(Network.layered((1, 1)), tech)
    drive = ResistiveDrive(np.ones((1, 1)), None, Nudge(np.zeros((1, 1)), 1.0))
    at = power_flow(circuit, circuit.program(np.array([2.0])), drive, np.array([[0.5]]))
    assert at.wires == pytest.approx([0.5**2 * 0.5], rel=ROUNDING)
    assert at.conductances == pytest.approx([0.5**2 * 0.5], rel=ROUNDING)
    assert at.nudge == pytest.approx([0.5**2], rel=ROUNDING)
    assert at.sources == pytest.approx([0.5], rel=ROUNDING)


def test_lateral_edges_are_counted_once():
    blocks = (Block(0, 1, (1, 2), slice(0, 2)), Block(1, 1, (2, 2), slice(2, 3), np.array([0]), np.array([1])))
    network = Network(("x", "a", "b"), (1, 2), np.array([0, 1]), blocks)
    tech = ResistiveTechnology(inputs="single", device=NoDevice())
    circuit = ResistiveCircuit(network, tech)
    held = circuit.program(np.array([1.0, 1.0, 5.0]))
    at = power_flow(circuit, held, ResistiveDrive(np.zeros((1, 1))), np.array([[0.5, 0.2]]))
    assert at.conductances == pytest.approx([0.25 + 0.04 + 5.0 * 0.09], rel=ROUNDING)


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_supplied_is_dissipated_at_an_operating_point(name):
    golden = GOLDEN[name]()
    with engine("native").open(golden.circuit) as session:
        session.program(golden.conductances)
        point = session.settle(golden.drive)
    at = power_flow(golden.circuit, golden.conductances, golden.drive, point.voltages)
    # What Kirchhoff's law misses at a node costs its voltage, some volts, times that.
    missed = 10.0 * float(point.kcl_residual[0]) + 1e-12 * float(at.dissipated[0])
    assert at.supplied == pytest.approx(at.dissipated, abs=missed)
    assert at.dissipated[0] > 0.0


@pytest.mark.ngspice
@pytest.mark.parametrize("name", ["ideal", "amplified", "real", "wired"])
def test_ngspice_reads_the_same_power_at_its_sources(name, run_netlist):
    golden = GOLDEN[name]()
    circuit, drive = golden.circuit, golden.drive
    ends = run_netlist(readable_netlist(circuit, golden.conductances, drive), "run")
    names = circuit.network.node_names
    v = np.array([[ends[node] for node in names]])
    at = power_flow(circuit, golden.conductances, drive, v)
    # A source's current is that into its plus end.
    volts = circuit.source_voltages(drive.inputs)[0]
    n = len(volts) // 2 if circuit.technology.bias_voltage is None else len(volts) // 2 - 1
    plus = [*volts[:n], *volts[2 * n : 2 * n + 1]]
    drawn = -sum(
        u * (ends[f"v.xs{k}.vplus#branch"] - ends[f"v.xs{k}.vminus#branch"]) for k, u in enumerate(map(float, plus))
    )
    relative = 1e-6  # the netlist's reltol
    assert at.sources[0] == pytest.approx(drawn, rel=relative)
    if drive.nudge is not None:
        targets = enumerate(drive.nudge.voltages[0].tolist())
        given = -sum(target * ends[f"vt{m}#branch"] for m, target in targets)
        assert at.outputs[0] == pytest.approx(given, rel=relative)
    if circuit.technology.amplifier is not None:
        handed = 0.0
        for k in circuit.hidden.tolist():
            a, c = circuit.voltage_gains[k], circuit.current_gains[k]
            current = ends[f"v.xa{k}.vsense#branch"]
            handed += (a - c) * v[0, k] * current
        assert at.amplifiers[0] == pytest.approx(handed, rel=relative)


def test_holding_sources_supply_what_is_missing_at_the_outputs():
    golden = GOLDEN["measured"]()
    free = replace(golden.drive, held=None)
    with engine("native").open(golden.circuit) as session:
        session.program(golden.conductances)
        v = session.settle(free).voltages
    held = replace(golden.drive, held=v[:, golden.circuit.network.outputs])
    at = power_flow(golden.circuit, golden.conductances, held, v)
    # Held where it would be anyway, nothing is missing, but for the engine's residual of some 1e-12 A.
    assert at.outputs == pytest.approx([0.0], abs=1e-9)
