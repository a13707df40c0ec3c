"""Reports of runs of both families and of studies."""

from pathlib import Path

import pytest

from analogeq.cli.app import run as command
from analogeq.errors import InputError
from analogeq.flow.reporting import report
from analogeq.flow.study_report import _points
from analogeq.report.style import NO_BREAK, shown

STUDY = """[study]
name = "small"
data = "iris"
layers = [4, 5, 3]
train = 30
metrics = ["settled_error"]
[training]
epochs = 1
[vary]
"technology.crossbar.conductance_high" = ["10 uS", "100 uS"]
[specs.settled_error]
max = 90
"""


def trained(folder: Path, family: str, crossbar: str = "") -> Path:
    chip = folder / "chip.toml"
    chip.write_text(f'[chip]\nfamily = "{family}"\n{crossbar}', encoding="utf-8")
    options = ["--data", "iris", "--layers", "4,6,3", "--epochs", "2", "--technology", str(chip)]
    assert command(["train", *options, "--output", str(folder / "run")]) == 0
    return folder / "run"


@pytest.mark.parametrize(
    ("family", "headings"),
    [
        ("hopfield", ("Design", "Circuit", "Waveforms", "Learning", "Cost", "Assumptions")),
        ("resistive", ("Design", "Circuit", "Learning", "Cost", "Assumptions")),
    ],
)
def test_a_run_of_either_family_has_its_sections(tmp_path: Path, family: str, headings: tuple[str, ...]) -> None:
    folder = trained(tmp_path, family)
    assert command(["report", str(folder)]) == 0
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert [part.split("</h2>")[0] for part in html.split("<h2>")[1:]] == list(headings)
    assert f"{family} family" in html
    assert ".subckt" in html


@pytest.mark.parametrize("mapping", ["offset-column", "affine"])
def test_a_run_with_reference_lines_is_drawn_and_said_with_them(tmp_path: Path, mapping: str) -> None:
    folder = trained(tmp_path, "hopfield", f'[crossbar]\nmapping = "{mapping}"\n')
    html = report(folder).read_text(encoding="utf-8")
    assert "the reference of its word line, whose column all neurons share" in html
    assert "one pair of devices" not in html
    assert "A signed weight is one device against its word line" in html
    assert "a reference on every word line" in html


def test_a_study_shows_its_figures_points_and_specifications(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    assert command(["sweep", str(tmp_path / "study.toml"), "--output", str(tmp_path / "out")]) == 0
    html = report(tmp_path / "out", tmp_path / "page.html").read_text(encoding="utf-8")
    assert html.count("data:image/png;base64,") == 1
    assert "1 of 1" in html
    assert "2 measured, 0 failed, 0 missing" in html
    assert '<th scope="col">crossbar.conductance_high</th>' in html
    assert "<summary>The study as it was read</summary>" in html


def test_a_point_shows_its_median_and_between_what_its_chips_lie() -> None:
    table = _points([{
        "corner": "tt", "varied": {"technology.wires.word_line_resistance": "1 Ohm"},
        "spreads": {"settling_time": {"median": 2e-7, "low": 1e-7, "high": 1.5e-6},
                    "copy_error": {"median": 5.0, "low": 5.0, "high": 5.0}},
    }])  # fmt: skip
    assert table.head == ("corner", "wires.word_line_resistance", "settling time", "copy error")
    assert [cell.replace(NO_BREAK, " ") for cell in table.rows[0]] == ["tt", "1 Ohm", "200 ns (100 ns … 1.5 µs)", "5 %"]


def test_a_folder_of_neither_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"neither run\.json nor study\.json"):
        report(tmp_path)


def test_values_carry_units_and_prefixes() -> None:
    assert shown(1.16e-9, "J") == f"1.16{NO_BREAK}nJ"
    assert shown(2220.0, "1") == "2,220"
    assert (shown(1.2e-9, "m2"), shown(3.18e-10, "m2")) == (f"0.0012{NO_BREAK}mm²", f"318{NO_BREAK}µm²")
    assert shown(0.9742, "1") == "0.974"
    assert shown(0.05, "%") == f"0.05{NO_BREAK}%"
