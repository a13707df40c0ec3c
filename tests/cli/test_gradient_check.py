"""`analogeq gradient-check` as a user meets it."""

import json
from pathlib import Path

import pytest

from analogeq.cli.app import run

SMALL = ("gradient-check", "--layers", "4,6,3", "--samples", "4", "--scale", "0.4", "--betas", "0.0001,0.01")


def check(folder: Path, *arguments: str) -> int:
    return run([*SMALL, *arguments, "--output", str(folder)])


def test_the_table_names_every_layer_and_what_loses_least(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path) == 0
    shown = capsys.readouterr().out
    for word in ("w 0→1", "w 1→2", "b 1", "b 2", "small-signal", "one-sided", "centred", "loses least"):
        assert word in shown
    assert (tmp_path / "gradients.csv").exists()
    assert (tmp_path / "gradients.png").exists()


def test_json_holds_rows_proposals_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, "--json", "--noise", "0,0.001", "--nudged-time", "0,3") == 0
    found = json.loads(capsys.readouterr().out)
    # four layers, two nudgings, two betas, two noises, two times, and the limit
    assert len(found["rows"]) == 4 * (2 * 2 * 2 * 2 + 1)
    assert {(p["nudged_time"], p["noise"]) for p in found["proposals"]} == {(None, 0), (None, 1e-3), (3, 0), (3, 1e-3)}
    assert set(found["rows"][0]) == {
        "nudging", "beta", "free_time", "nudged_time", "noise", "layer", "cosine", "loss", "ratio",
    }  # fmt: skip
    assert all(Path(file).exists() for file in found["files"])


def test_a_cosine_that_is_not_reached_is_exit_code_five(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, "--json", "--require-cosine", "0.999") == 0
    assert check(tmp_path, "--json", "--require-cosine", "0.999", "--noise", "0.1") == 5
    streams = capsys.readouterr()
    assert "below the required 0.999" in streams.err
    assert (tmp_path / "gradients.csv").exists()


def test_a_deep_network_shows_its_worst_layer_in_a_narrow_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    arguments = ["gradient-check", "--layers", "3,4,4,4,2", "--samples", "3", "--betas", "0.01", "--scale", "0.3"]
    assert run([*arguments, "--output", str(tmp_path)]) == 0
    assert "worst layer" in capsys.readouterr().out


def test_a_run_is_checked_on_its_own_test_samples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "iris"
    train = ["train", "--data", "iris", "--layers", "4,6,3", "--epochs", "1", "--batch", "20", "--output", str(folder)]
    assert run([*train, "--json"]) == 0
    capsys.readouterr()
    arguments = ["gradient-check", str(folder), "--samples", "7", "--betas", "0.001", "--output", str(tmp_path / "out")]
    assert run([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["samples"] == 7
    assert run([*arguments, "--layers", "4,6,3"]) == 2
    assert "brings its own network" in capsys.readouterr().err


def test_words_for_numbers_are_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, "--noise", "little") == 2
    assert "--noise 'little'" in capsys.readouterr().err
    assert check(tmp_path, "--free-time=-3") == 2
    assert "free_time" in capsys.readouterr().err
