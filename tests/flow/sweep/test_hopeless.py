"""A technology that cannot learn is run to the end, and the study says why it cannot."""

import json
from pathlib import Path

import pytest

from analogeq.cli.app import run as command

CHIP = """[chip]
family = "{family}"
[crossbar]
conductance_low = "10 uS"
conductance_high = "10 uS"
[memory]
levels = 2
write_sd_of_range = 1.0
"""

STUDY = """[study]
name = "hopeless"
data = "iris"
layers = [4, 5, 3]
technology = "chip.toml"
metrics = ["copy_error", "settled_error", "gap", "clipped", "saturated", "gradient_cosine"]
[training]
epochs = 1
[vary]
"technology.crossbar.conductance_high" = ["10 uS", "100 uS"]
[corners.in_place]
"training.transferred" = false
[corners.transferred]
"training.transferred" = true
"""


@pytest.mark.parametrize("family", ["hopfield", "resistive"])
def test_a_range_of_one_value_one_bit_and_noise_as_wide_as_the_range(
    family: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "chip.toml").write_text(CHIP.format(family=family), encoding="utf-8")
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    out = tmp_path / "out"
    assert command(["sweep", str(tmp_path / "study.toml"), "--output", str(out)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    record = json.loads((out / "study.json").read_text(encoding="utf-8"))
    assert (record["points"], record["failed"], record["missing"]) == (4, 0, 0)
    assert command(["report", str(out)]) == 0
    page = (out / "report.html").read_text(encoding="utf-8")
    for sentence in (
        "the range is the one value 1e-05 S, which stores nothing",
        "a write in the middle of the range misses by 100 % of the range",
        "two levels are one bit",
    ):
        assert sentence in said
        assert sentence in page
        assert sentence in (out / "summary.csv").read_text(encoding="utf-8")
    for group in record["groups"]:
        nothing_held = group["varied"]["technology.crossbar.conductance_high"] == "10 uS"
        nothing_reached = nothing_held and family == "hopfield"  # whose weights are differences of conductances
        assert len(group["hopeless"]) == (1 + nothing_reached if nothing_held else 2)
        if nothing_held and group["corner"] == "in_place":  # transferred, the tether still shows what the copy knows
            assert group["spreads"]["settled_error"]["median"] >= 60.0  # three classes: guessing is 66.7 % wrong


def test_a_hopeful_study_says_nothing_of_the_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "chip.toml").write_text('[crossbar]\nconductance_high = "20 uS"\n', encoding="utf-8")
    study = STUDY.replace('["10 uS", "100 uS"]', '["20 uS"]')
    (tmp_path / "study.toml").write_text(study, encoding="utf-8")
    assert command(["sweep", str(tmp_path / "study.toml"), "--output", str(tmp_path / "out")]) == 0
    assert "hopeless" not in capsys.readouterr().out
    assert command(["report", str(tmp_path / "out")]) == 0
    assert "What is hopeless" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
