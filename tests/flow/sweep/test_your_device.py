"""The page for somebody with a measured device: its own files and commands lead to its figure."""

import importlib.util
import re
import shlex
import shutil
from pathlib import Path

import pytest

from analogeq.cli.app import run as command
from analogeq.flow.sweep import points, read_study
from analogeq.hardware import load_technology
from analogeq.hardware.memory import fit_pulses, read_pulses

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "your_device.md").read_text(encoding="utf-8")
CHIP, STUDY = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)[0].strip().splitlines()
SMALLER = {
    "layers = [64, 30, 10] ": "layers = [64, 8, 10]\ntrain = 200 ",
    "epochs = 8": "epochs = 2",
    "count = 3": "count = 1",
    "[0.0, 0.1, 0.2, 0.3, 0.4, 0.5]": "[0.0, 0.5]",
}
"""Of the page's study, for seconds instead of minutes."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(DOCS / "your_device" / "pulses.csv", tmp_path)
    (tmp_path / "chip.toml").write_text(CHIP, encoding="utf-8")
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_s_blocks_and_commands_end_in_its_figure_and_report(folder: Path) -> None:
    study = STUDY
    for large, small in SMALLER.items():
        assert large in study
        study = study.replace(large, small)
    (folder / "study.toml").write_text(study, encoding="utf-8")
    for line in COMMANDS:
        name, *words = shlex.split(line)
        assert name == "analogeq"
        assert command(["1" if word == "2" else word for word in words]) == 0
    found = folder / "runs" / "your-device"
    assert all((found / name).stat().st_size > 0 for name in ("settled_error.png", "summary.csv", "report.html"))


def test_the_page_s_study_can_be_planned_as_it_stands_and_with_each_other_key(folder: Path) -> None:
    assert len(points(read_study(folder / "study.toml"), folder)) == 2 * 6 * 3
    others = re.findall(r'^# (".*)$', STUDY, re.MULTILINE)
    assert len(others) == 4
    for line in others:
        (folder / "study.toml").write_text(STUDY.split("[vary]")[0] + "[vary]\n" + line, encoding="utf-8")
        planned = points(read_study(folder / "study.toml"), folder)
        assert len({point.settings["technology"] for point in planned}) == len(planned) // 2  # in place, transferred


def test_the_example_is_what_its_formula_gives_and_the_fit_finds_the_formula_s_numbers(folder: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_pulses", DOCS / "your_device" / "make_pulses.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    assert (folder / "pulses.csv").read_text(encoding="utf-8") == maker.table()
    fitted = fit_pulses(read_pulses(folder / "pulses.csv"))
    # 1,206 readings off by 0.4 % of the range: a fitted end is off by about 0.4 % / sqrt(100); three times that.
    within = 3 * maker.READING * (maker.HIGH - maker.LOW) / 10 * 1e-6
    assert fitted.low == pytest.approx(maker.LOW * 1e-6, abs=within)
    assert fitted.high == pytest.approx(maker.HIGH * 1e-6, abs=within)
    bends = fitted.pulses.up.pulses / fitted.pulses.up.constant, fitted.pulses.down.pulses / fitted.pulses.down.constant
    # A bend of 0.1 moves the middle of the curve by 1.2 % of the range, three readings' error of one reading.
    assert bends == pytest.approx((maker.BEND_UP, maker.BEND_DOWN), abs=0.1)


def test_the_largest_weight_is_what_the_page_says(folder: Path) -> None:
    technology = load_technology(folder / "chip.toml")
    assert technology.weight_limit == pytest.approx(0.72, abs=0.005)  # type: ignore[union-attr]  # as rounded there
