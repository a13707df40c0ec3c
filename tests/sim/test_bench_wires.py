"""The benchmark of wired crossbars runs, and the solvers it times agree."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "sim" / "bench_wires.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_wires", SCRIPT)
    loaded = importlib.util.module_from_spec(spec)
    sys.modules["bench_wires"] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def test_the_solver_agrees_with_sparse_nodal_analysis_and_the_record_says_so(bench, tmp_path, capsys):
    assert bench.main(["--smoke", "--output", str(tmp_path / "bench.json")]) == 0
    rows = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))["rows"]
    apart = [row for row in rows if row["case"].endswith("sparse LU and own apart")]
    assert len(apart) == 4
    assert all(row["met"] for row in apart)
    assert all(row["value"] > 0.0 for row in rows if row["unit"] in ("ms", "x"))
    assert (tmp_path / "bench.csv").exists()
    assert len(capsys.readouterr().out.splitlines()) == len(rows)


def test_without_badcrossbar_it_says_how_to_get_it(bench, monkeypatch, capsys):
    monkeypatch.setattr(bench, "find_badcrossbar", lambda: None)
    bench.main(["--smoke"])
    assert "pip install --no-deps --target FOLDER badcrossbar==1.1.0" in capsys.readouterr().err
