"""The documented study of corners, run small: one chip a corner, one epoch."""

import shutil
from pathlib import Path

from analogeq.flow.sweep import points, read_study
from analogeq.flow.sweep.running import Sweeping, sweep
from analogeq.hardware import technology_from_toml

FOLDER = Path(__file__).parents[3] / "docs" / "corners"


def test_the_fast_corner_settles_first_and_every_corner_is_measured(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "chip.toml", tmp_path)
    text = (FOLDER / "study.toml").read_text(encoding="utf-8")
    for whole, small in (
        ("epochs = 6", "epochs = 1"),
        ("count = 3", "count = 1"),
        ('"corners"\n', '"corners"\ntrain = 200\n'),
    ):
        assert whole in text
        text = text.replace(whole, small)
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    summary = sweep(tmp_path / "study.toml", tmp_path / "out", Sweeping())
    assert summary.failed == summary.missing == 0
    # Time constants are 78, 100 and 129 ns at 27 °C: far enough apart for a chip of each to tell.
    fast, typical, slow = (
        next(g.spreads["settling_time"].median for g in summary.groups if g.corner == name)
        for name in ("ff", "tt", "ss")
    )
    assert fast < typical < slow


def test_corners_are_chips_at_their_temperature_and_draws_are_chips_of_a_corner() -> None:
    every = points(read_study(FOLDER / "study.toml"), FOLDER)
    chips = [technology_from_toml(one.settings["technology"]) for one in every]
    assert len(chips) == 9
    assert {chip.temperature for chip in chips} == {27.0, -40.0, 85.0}
    assert {chip.amplifier_seed for chip in chips} == {chip.nudge.seed for chip in chips} == {0, 1, 2}
    cold = next(chip for chip in chips if chip.temperature == -40.0)
    # 67 K below the reference: leaks of -800 ppm/K conduct more, devices of 1000 ppm/K less.
    assert cold.leak_conductance / cold.unit_conductance > 1.05
    assert cold.device_factor < 0.94
