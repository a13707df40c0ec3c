"""Experiments: sizes, records, targets and failures, by the same parser and the same files for all."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from analogeq.errors import NotSettledError
from analogeq.flow.experiment import Experiment, main
from analogeq.flow.measurements import Row, at_most, recorded
from analogeq.flow.points import Finished, Point
from analogeq.report import Figure


@dataclass(frozen=True)
class Config:
    values: tuple[int, ...] = (2, 3)
    seeds: tuple[int, ...] = (0,)


def points(config: Config, data_dir: Path | None) -> list[Point]:
    where = None if data_dir is None else str(data_dir)
    return [
        Point(f"x={x} seed={s}", {"x": x, "seed": s, "data_dir": where}) for x in config.values for s in config.seeds
    ]


def square(settings, folder: Path):
    if settings["x"] == 13:
        raise NotSettledError("thirteen never settles")
    return {"y": settings["x"] ** 2 + settings["seed"]}


def rows(finished: Sequence[Finished], command: str) -> list[Row]:
    values = [(one.point.name, one.result["y"]) for one in finished if one.result is not None]
    return [at_most(name, y, "1", 20, command) if y > 5 else recorded(name, y, "1", command) for name, y in values]


def figure(finished: Sequence[Finished]) -> Figure:
    drawn = Figure()
    drawn.subplots().plot([one.result["y"] for one in finished if one.result is not None])
    return drawn


SQUARES = Experiment("squares", "Squares.", Config((1,)), Config(), Config((5,)), points, square, rows, figure)


def run(tmp_path: Path, *arguments: str, experiment: Experiment[Config] = SQUARES) -> tuple[int, dict]:
    code = main(experiment, ["--runs", str(tmp_path / "runs"), "--results", str(tmp_path), *arguments])
    return code, json.loads((tmp_path / "squares.json").read_text())


def test_each_size_runs_its_own_config_and_says_by_which_command(tmp_path: Path) -> None:
    for flag, values in (("--smoke", [1]), (None, [4, 9])):
        code, record = run(tmp_path, *([] if flag is None else [flag]))
        assert code == 0
        assert [row["value"] for row in record["rows"]] == values
        assert record["command"] == " ".join(["python sim/squares.py", *([] if flag is None else [flag])])
    assert (tmp_path / "squares.png").stat().st_size > 0
    assert (tmp_path / "squares.csv").read_text().startswith("case,value")


def test_seeds_replace_the_configs_and_folders_stay_out_of_the_record(tmp_path: Path) -> None:
    _, record = run(tmp_path, "--seeds", "7", "8", "--data-dir", str(tmp_path / "somewhere"))
    assert record["seeds"] == [7, 8]
    assert [row["value"] for row in record["rows"]] == [11, 12, 16, 17]
    assert "somewhere" not in json.dumps(record)


def test_a_missed_target_and_a_failed_point_are_an_exit_code_of_1(tmp_path: Path, capsys) -> None:
    assert run(tmp_path, "--full")[0] == 1
    broken = Experiment("squares", "", Config((2, 13)), Config(), Config(), points, square, rows, figure)
    code, record = run(tmp_path, "--smoke", experiment=broken)
    assert code == 1
    assert [one["failure"] for one in record["points"]] == ["", "NotSettledError: thirteen never settles"]
    assert "1 of 2 points failed" in capsys.readouterr().err


def test_a_full_run_is_recorded_in_the_projects_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    main(SQUARES, ["--full"])
    main(SQUARES, ["--smoke"])
    assert (tmp_path / "sim" / "results" / "squares.json").exists()
    assert json.loads((tmp_path / "runs" / "squares" / "squares.json").read_text())["size"] == "smoke"


def test_smoke_and_full_exclude_each_other(tmp_path: Path, capsys) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, "--smoke", "--full")
    assert "not allowed with" in capsys.readouterr().err
