"""The page about costs: its example gives its numbers, and it lists every figure with the default it has."""

import contextlib
import io
import json
import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from analogeq.cli.app import run as command
from analogeq.hardware import load_technology
from analogeq.hardware.cost_figures import CostFigures, HopfieldCost, ResistiveCost
from analogeq.hardware.description.vocabulary import HOPFIELD, RESISTIVE
from analogeq.hardware.memory import PRESETS
from analogeq.report.style import NO_BREAK, shown

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "cost.md").read_text(encoding="utf-8")
CHIP = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0]
TRAIN, EVALUATE = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)[0].strip().splitlines()
CELLS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, object]]]:
    """Rows of the page's chip, by its own commands; trained for one epoch, since sizes do not depend on that."""
    folder = tmp_path_factory.mktemp("priced")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("chip.toml").write_text(CHIP, encoding="utf-8")
        assert "--epochs 3" in TRAIN
        assert command(shlex.split(TRAIN.replace("--epochs 3", "--epochs 1"))[1:]) == 0
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            assert command([*shlex.split(EVALUATE)[1:], "--json"]) == 0
    return folder, {row["what"]: row for row in json.loads(printed.getvalue())["cost"]}


@pytest.mark.parametrize("what", ["converters, an inference", "devices", "area"])
def test_the_example_costs_what_the_page_says(priced, what: str) -> None:
    row = priced[1][what]
    said = next(cells[1] for cells in CELLS if cells[0] == what)
    assert shown(row["value"], row["unit"]).replace(NO_BREAK, " ") == said


def test_the_example_s_pulses_take_between_what_the_ends_of_its_range_would(priced) -> None:
    rows, tech = priced[1], load_technology(priced[0] / "chip.toml")
    each = rows["energy of an update"]["value"] / rows["pulses of an update"]["value"]
    assert 2.0**2 * 10e-9 * tech.conductance_low < each < 2.0**2 * 10e-9 * tech.conductance_high
    assert rows["time of an update"]["value"] == pytest.approx(10e-9 * rows["pulses of an update"]["value"], rel=1e-12)


@pytest.mark.parametrize(("figures", "known"), [(HopfieldCost, HOPFIELD), (ResistiveCost, RESISTIVE)])
def test_every_figure_is_listed_with_its_default(figures: type[CostFigures], known) -> None:
    listed = {cells[0].strip("`"): cells[2] for cells in CELLS if len(cells) == 4 and cells[0].startswith("`")}
    for one in fields(figures):
        how, default = known.sections["cost"][one.name], getattr(figures(), one.name)
        said = int(listed[one.name]) if one.name == "converter_bits" else listed[one.name]
        assert how.read(said, one.name) == default


def test_what_published_devices_bring_is_what_the_page_says() -> None:
    said = {
        name: cells[1] for cells in CELLS if len(cells) == 3 for name in re.findall(r"`([^`]+)`", cells[0])
        if name in PRESETS
    }  # fmt: skip
    assert set(said) == set(PRESETS)
    for name, preset in PRESETS.items():
        assert set(re.findall(r"`([^`]+)`", said[name])) == set(preset.figures)
        for figure, value in preset.figures.items():
            unit = {"pulse_energy": "J", "pulse_time": "s"}[figure]
            assert f"`{figure}` {shown(value, unit).replace(NO_BREAK, ' ')}" in said[name]
