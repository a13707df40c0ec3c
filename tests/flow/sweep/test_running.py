"""Studies that are run: resumed, sharded, on a cluster, with failures, the same whoever does the work."""

import csv
import json
from pathlib import Path

import pytest

from analogeq.cli.app import run as command
from analogeq.errors import InputError
from analogeq.flow.sweep.running import Shard, Sweeping, merge, parse_shard, sweep

TEXT = """[study]
name = "mismatch"
data = "iris"
layers = [4, 5, 3]
train = 30
samples = 6
metrics = ["copy_error", "settled_error", "gradient_cosine", "settling_time", "saturated"]
[training]
epochs = 1
[vary]
"technology.crossbar.mirror_mismatch" = [0.0, 0.4]
[corners.tt]
"technology.crossbar.arrays" = "mirrored"
[draw]
count = 2
values = { "technology.crossbar.mirror_seed" = "number" }
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    file = tmp_path / "study.toml"
    file.write_text(TEXT, encoding="utf-8")
    return file


def measured(folder: Path) -> list[dict[str, str]]:
    with (folder / "points.csv").open(encoding="utf-8", newline="") as stream:
        return [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(stream)]


def test_a_study_is_measured_and_drawn_and_mismatch_costs_the_gradient(study: Path, tmp_path: Path) -> None:
    summary = sweep(study, tmp_path / "one", Sweeping())
    assert [row["failure"] for row in measured(tmp_path / "one")] == [""] * 4
    matched, apart = summary.groups
    # The same array twice is one array: what is left is the bias of a finite nudge, alike for both draws.
    assert matched.spreads["gradient_cosine"].low == matched.spreads["gradient_cosine"].high
    assert apart.spreads["gradient_cosine"].high < matched.spreads["gradient_cosine"].low
    assert all((tmp_path / "one" / f"{name}.png").stat().st_size > 0 for name in ("copy_error", "settling_time"))
    assert json.loads((tmp_path / "one" / "study.json").read_text())["points"] == 4


def test_shards_merge_to_what_one_run_gives_and_a_finished_study_runs_nothing(study: Path, tmp_path: Path) -> None:
    sweep(study, tmp_path / "whole", Sweeping(jobs=2))
    for number in (1, 2, 3):
        summary = sweep(study, tmp_path / f"s{number}", Sweeping(shard=Shard(number, 3)))
        assert summary.missing == 4 - len(summary.points)
    together = merge(study, tmp_path / "all", [tmp_path / f"s{number}" for number in (1, 2, 3)])
    assert together.missing == 0
    assert measured(tmp_path / "all") == measured(tmp_path / "whole")
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "all" / "points").glob("*.json")}
    sweep(study, tmp_path / "all", Sweeping())
    assert {file: file.stat().st_mtime_ns for file in before} == before


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")  # the cluster's own plumbing
def test_a_cluster_of_two_workers_measures_the_same(study: Path, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="a Dask cluster is the optional extra 'cluster'")
    sweep(study, tmp_path / "here", Sweeping())
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        summary = sweep(study, tmp_path / "there", Sweeping(scheduler=cluster.scheduler_address))
    assert summary.failed == summary.missing == 0
    assert measured(tmp_path / "there") == measured(tmp_path / "here")


def test_a_point_that_fails_is_counted_told_and_never_passes(study: Path, tmp_path: Path, capsys) -> None:
    broken = '[vary]\n"training.rates" = ["0.1", "0.1,0.1,0.1"]\n[specs.settled_error]\nmax = 100\n'
    study.write_text(TEXT.split("[vary]")[0] + broken, encoding="utf-8")
    assert command(["sweep", str(study), "--output", str(tmp_path / "out")]) == 5
    found = json.loads((tmp_path / "out" / "study.json").read_text())
    assert found["failed"] == 1
    assert [group["chips"]["passed"] for group in found["groups"]] == [1, 0]
    said = capsys.readouterr()
    assert "3 rates, the network has 2 layers" in " ".join((said.out + said.err).split())


def test_specifications_decide_the_exit_code_and_the_yield_has_its_interval(study: Path, tmp_path: Path) -> None:
    for limit, code in ((100.0, 0), (0.0, 5)):
        study.write_text(TEXT + f"[specs.copy_error]\nmax = {limit}\n", encoding="utf-8")
        assert command(["sweep", str(study), "--output", str(tmp_path / "out")]) == code
    study.write_text(TEXT + "[specs.copy_error]\nmax = 100\n", encoding="utf-8")
    chips = sweep(study, tmp_path / "out", Sweeping()).groups[0].chips
    assert chips is not None
    assert (chips.passed, chips.chips) == (2, 2)
    # Clopper and Pearson in closed form where all of n pass: from (alpha/2)^(1/n) to 1.
    assert chips.low == pytest.approx(0.025**0.5, rel=1e-9)
    assert chips.high == 1.0


def test_shards_are_read_and_impossible_ones_refused(study: Path, tmp_path: Path) -> None:
    assert parse_shard("3/200") == Shard(3, 200)
    for text in ("0/3", "4/3", "3", "a/b"):
        with pytest.raises(InputError, match="shard"):
            parse_shard(text)
    with pytest.raises(InputError, match="holds no points"):
        merge(study, tmp_path / "all", [tmp_path / "nowhere"])


def test_points_whose_long_titles_begin_alike_keep_their_own_results(study: Path, tmp_path: Path) -> None:
    keys = ("conductance_high", "conductance_low", "temperature_coefficient")
    fixed = "".join(f'"technology.crossbar.{key}" = ["{value}"]\n' for key, value in zip(keys, WIDE, strict=True))
    study.write_text(TEXT.replace("[vary]\n", f"[vary]\n{fixed}"), encoding="utf-8")
    sweep(study, tmp_path / "one", Sweeping())
    rows = measured(tmp_path / "one")
    assert [row["draw"] for row in rows] == ["0", "1", "0", "1"]
    mismatched = [row["gradient_cosine"] for row in rows[2:]]
    assert mismatched[0] != mismatched[1]  # two chips


WIDE = ("100.0001 uS", "0.10001 uS", "0.0001 ppm/K")


def test_a_study_of_which_no_point_can_be_trained_is_refused_before_it_runs(study: Path, tmp_path: Path) -> None:
    study.write_text(TEXT.replace("epochs = 1", "epochs = 0"), encoding="utf-8")
    with pytest.raises(InputError, match=r"tt_mirror_mismatch.*epochs 0; give 1 or more"):
        sweep(study, tmp_path / "out", Sweeping())
    assert not (tmp_path / "out").exists()


def test_a_study_of_which_every_point_fails_has_failed(study: Path, tmp_path: Path, capsys) -> None:
    study.write_text(TEXT.replace("[4, 5, 3]", "[5, 5, 3]"), encoding="utf-8")
    assert command(["sweep", str(study), "--output", str(tmp_path / "out")]) == 1
    assert "all of the 4 points failed" in capsys.readouterr().err


def test_a_scheduler_s_address_that_is_none_is_refused(study: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(InputError, match="--scheduler nonsense: cannot be reached"):
        sweep(study, tmp_path / "out", Sweeping(scheduler="nonsense"))
