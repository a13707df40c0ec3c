"""The engines' benchmark runs, and writes rows that say what was measured, what is wanted, and how to repeat it."""

import contextlib
import functools
import importlib.util
import io
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "sim" / "bench_engines.py"

pytestmark = pytest.mark.ngspice


@functools.cache
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_engines", SCRIPT)
    loaded = importlib.util.module_from_spec(spec)
    sys.modules["bench_engines"] = loaded  # where its dataclasses look for it
    spec.loader.exec_module(loaded)
    return loaded


@functools.cache
def run_once() -> dict:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        module().main(["--smoke", "--json"])
    return json.loads(printed.getvalue())


@pytest.fixture
def record() -> dict:
    """One run for all tests, after ngspice was found to be there."""
    return run_once()


def test_every_row_says_what_was_measured_and_how(record):
    assert len(record["rows"]) > 10
    for row in record["rows"]:
        assert set(row) == {"case", "value", "unit", "target", "met", "command"}
        assert row["value"] > 0.0
        assert row["met"] in (None, True, False)
        assert (row["met"] is None) == (row["target"] == "")
        assert "sim/bench_engines.py" in row["command"]


def test_the_engines_agree_in_the_benchmark(record):
    # How fast they are on a circuit of some twenty nodes means nothing; that they agree does.
    agreements = [row for row in record["rows"] if row["case"].endswith("agreement")]
    assert len(agreements) == 4
    assert all(row["met"] for row in agreements), agreements


def test_the_accuracies_of_both_engines_are_stated(record):
    stated = [row["case"].rsplit(", ", 1)[1] for row in record["rows"] if "(transient" in row["case"]]
    assert stated == ["coarse)", "fast)", "tight)", "tight)"]


def test_the_record_is_written_where_asked(record, monkeypatch, tmp_path):
    bench = module()
    rows = tuple(bench.Row(**row) for row in record["rows"])
    known = bench.Record(bench.SMOKE, rows, record["machine"], record["versions"])
    monkeypatch.setattr(bench, "run", lambda config, command: known)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        bench.main(["--smoke", "--output", str(tmp_path / "record.json")])
    assert json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))["rows"] == record["rows"]
    assert printed.getvalue().count("\n") == len(rows) + 2
