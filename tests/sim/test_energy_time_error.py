"""Energy, time and error of an inference: what grows with what, and what the front is."""

import json
from types import ModuleType

import numpy as np
import pytest

from analogeq.circuit import Circuit
from analogeq.controller.controller import presented
from analogeq.engines import engine
from analogeq.engines.energy import phase_energy
from analogeq.hardware import Technology
from analogeq.network import Network, glorot_uniform

SCRIPT = "energy_time_error.py"


@pytest.fixture(scope="module")
def found(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    folder = tmp_path_factory.mktemp("energy")
    assert script.main(["--smoke", "--runs", str(folder), "--results", str(folder)]) == 0
    assert (folder / "energy_time_error.png").stat().st_size > 0
    return {row["case"]: row["value"] for row in json.loads((folder / "energy_time_error.json").read_text())["rows"]}


def test_heat_grows_with_time_and_what_is_converted_does_not(script: ModuleType, found: dict[str, float]) -> None:
    names = [f"30 hidden from zero, {time:g} tau" for time in script.SMOKE.times]
    heat, whole = (
        np.array([found[f"{name}: {what}"] for name in names]) for what in ("heat of the phase", "inference")
    )
    assert (np.diff(heat) > 0.0).all()
    # 64 inputs out and 10 outputs in, of 256 steps of 20 fJ.
    assert whole - heat == pytest.approx(np.full(len(names), 74 * 256 * 20e-6), rel=1e-9)


def test_other_converters_change_what_is_converted_alone(found: dict[str, float]) -> None:
    name = "30 hidden from zero, 3 tau"
    heat = found[f"{name}: heat of the phase"]
    for step in (7, 35):
        own = 74 * 256 * step * 1e-6  # nJ
        assert found[f"{name}: inference at {step} fJ a step"] == pytest.approx(heat + own, rel=1e-9)


def test_a_start_by_the_copy_costs_its_prediction_and_that_of_its_converters(found: dict[str, float]) -> None:
    name = "30 hidden from copy, 10 tau"
    copy = found["copy of 30 hidden, 8 bits: prediction"]
    assert copy == pytest.approx((64 * 30 + 30 * 10) * (0.23e-3 + 1.25e-3), rel=1e-12)  # nJ: arithmetic, a byte
    rest = found[f"{name}: inference"] - found[f"{name}: heat of the phase"]
    assert rest == pytest.approx(copy + (64 + 40 + 10) * 256 * 20e-6, rel=1e-9)


def test_another_unit_conductance_changes_time_and_energy_but_no_signal(found: dict[str, float]) -> None:
    slow, fast = (f"30 hidden from zero, 8 bits, G0 {g:g} uS, 10 tau" for g in (5, 10))
    assert found[f"{slow}: test error"] == found[f"{fast}: test error"]
    assert found[f"{slow}: time"] == pytest.approx(2.0 * found[f"{fast}: time"], rel=1e-12)
    # The same conductances over G0 for twice the time take the same energy; the low ends, which stay, take twice it.
    assert found[f"{slow}: inference"] > found[f"{fast}: inference"]


def test_nothing_on_the_front_is_beaten_and_it_begins_at_the_least_energy(found: dict[str, float]) -> None:
    energies = [value for case, value in found.items() if case.endswith(": inference")]
    front = [value for case, value in found.items() if case.startswith("front") and case.endswith(": inference")]
    assert front == sorted(front)
    assert front[0] == min(energies)


def test_a_waveform_in_pieces_holds_the_energy_of_a_dense_one(script: ModuleType) -> None:
    rng = np.random.default_rng(0)
    circuit = Circuit(Network.layered((4, 6, 3)), Technology())
    held, inputs = circuit.program(glorot_uniform(circuit.network, rng, scale=2.0)), rng.random((3, 4))
    with engine("native", accuracy="tight").open(circuit) as session:
        session.program(held)
        _, heat = script.phase(session, held, inputs, None, (10.0, 40.0))
        drive = presented(circuit.technology, inputs, None, 0.0)
        wave = session.transient(drive, 40.0 * circuit.technology.time_constant, np.zeros((3, 9)), points=20001)
    dense = phase_energy(circuit, held, drive, wave).dissipated
    # The trapezoidal rule at 1/20 of a time constant: some 1e-4 of what changes, which is a part of the whole.
    assert heat == pytest.approx(dense[:, [5000, 20000]].T, rel=2e-4)
