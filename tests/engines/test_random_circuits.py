"""Native against ngspice on random circuits, each answer held against the circuit's own laws."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from analogeq.engines import Engine, engine
from analogeq.engines.ngspice import NgspiceEngine
from analogeq.hardware import DiodeClamp, Technology
from analogeq.hardware.diode import resisted_diode_current, thermal_voltage

sys.path.insert(0, str(Path(__file__).parents[2] / "sim"))
import circuit_laws
import random_circuits as script
from circuit_cases import draw


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[Engine, Engine]]:
    with NgspiceEngine(workers=1, accuracy="tight") as ngspice:
        yield engine("native", accuracy="tight"), ngspice


def unexplained(engines: tuple[Engine, Engine], seed: int, numbers: range) -> list[str]:
    found = (script.examine(draw(seed, number), *engines) for number in numbers)
    return [text for finding in found for text in script.broken(finding)]


@pytest.mark.ngspice
@pytest.mark.parametrize("first", range(0, 200, 25))
def test_engines_agree_on_random_circuits_and_obey_the_laws(engines: tuple[Engine, Engine], first: int) -> None:
    assert unexplained(engines, 0, range(first, first + 25)) == []


@pytest.mark.slow
@pytest.mark.ngspice
@pytest.mark.timeout(3600)
def test_engines_agree_on_two_thousand_random_circuits(engines: tuple[Engine, Engine]) -> None:
    assert unexplained(engines, 0, range(2000)) == []


def test_a_circuit_is_drawn_the_same_every_time() -> None:
    one, two = draw(3, 7), draw(3, 7)
    assert np.array_equal(one.conductances.weights, two.conductances.weights)
    assert np.array_equal(one.start, two.start)
    assert one.circuit.technology == two.circuit.technology


def test_the_draw_covers_what_it_promises() -> None:
    cases = [draw(0, k) for k in range(200)]
    technologies = [c.circuit.technology for c in cases]
    assert {c.clamp for c in cases} == {"ideal", "diode"}
    assert {t.arrays for t in technologies} == {"shared", "mirrored"}
    assert {np.isfinite(t.follower_gain) for t in technologies} == {True, False}
    resisted = {t.clamp.series_resistance > 0 for t in technologies if isinstance(t.clamp, DiodeClamp)}
    assert resisted == {True, False}
    nudges = [0.0 if c.drive.nudge is None else c.drive.nudge.conductance for c in cases]
    assert {np.sign(g) for g in nudges} == {-1.0, 0.0, 1.0}
    assert {c.drive.tether is None for c in cases} == {True, False}


def test_the_laws_are_broken_by_an_answer_that_is_off(native: Engine) -> None:
    case = next(c for c in (draw(0, k) for k in range(50)) if c.clamp == "diode" and c.has_energy)
    with native.open(case.circuit) as session:
        session.program(case.conductances)
        right = session.settle(case.drive, case.start).voltages
    everyone = np.ones(len(right), dtype=bool)
    wrong = right + 1e-3 * case.circuit.technology.rail
    for name in ("Kirchhoff's residual, native", "Tellegen's sum, native"):
        assert circuit_laws.laws(case, "native", right, everyone)[name] <= circuit_laws.LIMITS[name]
        assert circuit_laws.laws(case, "native", wrong, everyone)[name] > 10.0 * circuit_laws.LIMITS[name]
    lower = "energy of a neighbour below the answer's"
    backwards = np.stack([[v, v + 1e-2] for v in right])
    found = circuit_laws.energy_measures(case, backwards, wrong, everyone)
    assert found[lower] > circuit_laws.LOWER
    assert found["rise of the energy along the waveform"] > circuit_laws.RISE


def test_the_content_of_a_diode_is_the_integral_of_its_current() -> None:
    for resistance in (0.0, 300.0):
        tech = Technology(clamp=DiodeClamp(1e-12, 0.5, resistance))
        v, step = np.linspace(-0.5, 0.5, 21), 1e-6
        slope = (circuit_laws.diode_content(v + step, tech) - circuit_laws.diode_content(v - step, tech)) / (2 * step)
        nvt = 0.5 * thermal_voltage(27.0)
        current = resisted_diode_current(v, 1e-12, nvt, resistance)[0]
        # A central difference: step**2 over nvt**2, and rounding of the content over the step.
        assert slope == pytest.approx(current, rel=1e-6, abs=1e-15)


def test_followed_dynamics_end_where_the_native_engine_does(native: Engine) -> None:
    case = draw(0, 1)
    with native.open(case.circuit) as session:
        session.program(case.conductances)
        ends = session.settle(case.drive, case.start).voltages
    end = script.follow(case, 0)
    assert np.abs(end - ends[0]).max() < script.NEARER * case.circuit.technology.rail


@pytest.fixture(scope="module")
def native() -> Engine:
    return engine("native", accuracy="tight")
