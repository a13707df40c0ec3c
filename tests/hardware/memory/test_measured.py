import math

import numpy as np
import pytest

from analogeq.errors import TechnologyError
from analogeq.hardware.memory import Branch, Pulses, fit_pulses, read_pulses

LOW, HIGH = 2e-6, 42e-6


def measured(pulses, n_up, n_down, cycles=1, seed=0):
    """Rows of a made-up device: (pulse, conductance in uS, direction)."""
    rng, rows = np.random.default_rng(seed), []
    for _ in range(cycles):
        for direction, count, sign, x in (("up", n_up, 1.0, 0.0), ("down", n_down, -1.0, 1.0)):
            place = np.array([x])
            for pulse in range(count + 1):
                rows.append((pulse, 1e6 * (LOW + (HIGH - LOW) * float(place[0])), direction))
                place = pulses.applied(place, np.array([sign]), rng)
    return rows


def written(path, rows, heading="pulse,conductance [uS],direction"):
    path.write_text("\n".join([heading, *(f"{n},{g!r},{d}" for n, g, d in rows)]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("constants", [(30.0, 50.0), (80.0, -60.0), (math.inf, 25.0)])
def test_the_fit_of_a_made_up_device_is_the_device(tmp_path, constants):
    made = Pulses(Branch(100.0, constants[0]), Branch(80.0, constants[1]))
    found = fit_pulses(read_pulses(written(tmp_path / "pulses.csv", measured(made, 100, 80))))
    assert found.residual_of_range < 1e-7  # the optimiser's tolerance of 1e-8 on cost and step
    assert found.low == pytest.approx(LOW, rel=1e-5)
    assert found.high == pytest.approx(HIGH, rel=1e-5)
    for branch, want in ((found.pulses.up, made.up), (found.pulses.down, made.down)):
        assert branch.pulses == want.pulses
        n = np.linspace(0.0, want.pulses, 20)
        assert np.allclose(branch.after(np.zeros(20), n), want.after(np.zeros(20), n), atol=1e-6)


def test_the_spread_from_pulse_to_pulse_is_found_in_the_residual(tmp_path):
    made = Pulses(Branch(200.0, 100.0), Branch(200.0, 100.0), of_range=0.004)
    rows = measured(made, 200, 200, cycles=5)
    found = fit_pulses(read_pulses(written(tmp_path / "pulses.csv", rows)))
    # 2,000 steps: a standard error of 1.6 %; ends of the range cut some off, and the fit follows the walk.
    assert found.pulses.of_range == pytest.approx(0.004, rel=0.1)
    assert found.residual > 0.0
    assert found.memory.pulses is found.pulses


def test_pulses_counted_through_the_whole_file_are_counted_anew_in_each_run(tmp_path):
    made = Pulses(Branch(50.0, 20.0), Branch(50.0, 20.0))
    rows = measured(made, 50, 50)
    through = [(at, g, direction) for at, (_, g, direction) in enumerate(rows)]
    a = fit_pulses(read_pulses(written(tmp_path / "a.csv", rows)))
    b = fit_pulses(read_pulses(written(tmp_path / "b.csv", through)))
    assert a == b


def test_columns_may_stand_in_any_order_and_unit(tmp_path):
    made = Pulses(Branch(20.0, 20.0), Branch(20.0, 20.0))
    rows = [(d, n, g * 1e-3) for n, g, d in measured(made, 20, 20)]
    path = tmp_path / "other.csv"
    path.write_text("direction,pulse,conductance [mS]\n" + "".join(f"{d},{n},{g!r}\n" for d, n, g in rows))
    assert fit_pulses(read_pulses(path)).high == pytest.approx(HIGH, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("pulse,conductance,direction\n0,1,up\n", "the heading names pulse, conductance"),
        ("pulse,conductance [uS],direction\n", "has no rows"),
        ("pulse,conductance [uF],direction\n0,1,up\n", "not in S or Ohm"),
        ("pulse,conductance [uS],direction\n0,1,sideways\n", "line 2: direction 'sideways'"),
        ("pulse,conductance [uS],direction\n0,x,up\n", "line 2: '0,x,up' is no pulse"),
        ("pulse,conductance [uS],direction\n0,-1,up\n", "line 2: pulse 0.0, conductance -1.0"),
        ("pulse,conductance [uS],direction\n0,1,up\n1,2,up\n2,3,up\n3,4,up\n", "pulses down: 0 rows"),
    ],
)
def test_what_is_no_measurement_is_refused_with_the_remedy(tmp_path, text, said):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(TechnologyError, match=said.replace("[", r"\[")):
        fit_pulses(read_pulses(path))


def test_a_device_that_does_not_move_or_moves_the_wrong_way_is_refused(tmp_path):
    made = Pulses(Branch(20.0, 20.0), Branch(20.0, 20.0))
    rows = measured(made, 20, 20)
    turned = [(n, g, "down" if d == "up" else "up") for n, g, d in rows]
    with pytest.raises(TechnologyError, match="swap up and down"):
        fit_pulses(read_pulses(written(tmp_path / "turned.csv", turned)))
    with pytest.raises(TechnologyError, match="does not move"):
        fit_pulses(read_pulses(written(tmp_path / "still.csv", [(n, 3.0, d) for n, _, d in rows])))
