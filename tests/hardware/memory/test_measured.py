import math

import numpy as np
import pytest

from analogeq.errors import TechnologyError
from analogeq.hardware.memory import Branch, Pulses, fit_pulses, read_pulses, remarks

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
        ("pulse,conductance [uS],direction\n\n0,=1+1,up\n", "line 3: '0,=1.1,up' is no pulse"),
        ("pulse,conductance [uS],direction\n0,-1,up\n", "line 2: pulse 0.0, reading -1.0"),
        ("pulse,conductance [uS],direction\n0,nan,up\n", "line 2: pulse 0.0, reading nan"),
        ("pulse,conductance [uS],direction\n4.018,0,up\n", "line 2: pulse 4.018; .* are two columns swapped"),
        ("pulse,conductance [kOhm],direction\n0,1,up\n", "is kOhm, which is a resistance's"),
        ("pulse,resistance [uS],direction\n0,1,up\n", "not in Ohm"),
        ("pulse,resistance [Ohm],direction\n0,0,up\n", "line 2: reading 0.0, no finite conductance"),
        ("pulse,conductance [uS],conductance [mS],direction\n0,1,1,up\n", "each once"),
        ('pulse,conductance [uS],direction\n0,"1\n",up\n', "CSV|several lines"),
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


def _pulses():
    return measured(Pulses(Branch(20.0, 20.0), Branch(20.0, 20.0)), 20, 20)


def _table(separator=",", decimal=".", unit="uS", heading="Conductance (μS)", up="up"):
    rows = [[str(n), repr(g).replace(".", decimal), {"up": up}.get(d, d)] for n, g, d in _pulses()]
    return "\n".join(separator.join(row) for row in [["Pulse", heading, "Direction"], *rows]) + "\n"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(
            _table(";", ",").encode("cp1252", errors="xmlcharrefreplace").replace(b"&#956;", b"\xb5"), id="Excel"
        ),
        pytest.param(_table(";").encode("utf-8-sig"), id="semicolons"),
        pytest.param(_table("\t", ",").encode("utf-16"), id="Unicode text"),
        pytest.param(_table().replace("\n", "\r").encode(), id="old Macintosh"),
        pytest.param(b"# sample 3\r\n" + _table().replace("\n", ",,\r\n").encode() + b",,,,\r\n", id="comment"),
        pytest.param(_table(up="LTP").replace("down", "LTD").encode(), id="synapse"),
    ],
)
def test_a_table_is_read_as_laboratories_and_spreadsheets_write_it(tmp_path, raw):
    plain = read_pulses(written(tmp_path / "plain.csv", _pulses()))
    (tmp_path / "other.csv").write_bytes(raw)
    other = read_pulses(tmp_path / "other.csv")
    for name in ("pulse", "conductance", "up", "run"):
        assert np.array_equal(getattr(other, name), getattr(plain, name)), name


def test_resistances_are_inverted(tmp_path):
    rows = [(n, 1e3 / g, d) for n, g, d in _pulses()]  # 1 uS is 1,000 kOhm
    found = read_pulses(written(tmp_path / "r.csv", rows, "pulse,resistance [kOhm],direction"))
    plain = read_pulses(written(tmp_path / "g.csv", _pulses()))
    assert np.allclose(found.conductance, plain.conductance, rtol=1e-15, atol=0.0)  # a rounding or two


def test_a_device_whose_readings_do_not_follow_its_pulses_is_called_hopeless(tmp_path):
    rng = np.random.default_rng(4)
    blind = [(n, float(rng.uniform(LOW, HIGH)) * 1e6 + 0.01 * n * (1 if d == "up" else -1), d) for n, _, d in _pulses()]
    found = fit_pulses(read_pulses(written(tmp_path / "blind.csv", blind)))
    assert any("does not follow its pulses" in said for said in remarks(found.memory, found.low, found.high))
    assert remarks(fit_pulses(read_pulses(written(tmp_path / "g.csv", _pulses()))).memory, LOW, HIGH) == ()
