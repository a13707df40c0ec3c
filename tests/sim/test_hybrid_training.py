"""Copies taught by diodes and by ngspice: the smoke run trains, deploys and tells circuits from their ideals."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "sim" / "hybrid_training.py"
pytestmark = pytest.mark.ngspice


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    pytest.importorskip("onnxruntime")
    spec = importlib.util.spec_from_file_location("sim_hybrid_training", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def record(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("hybrid")
    assert script.main(["--smoke", "--runs", str(folder), "--results", str(folder)]) == 0
    assert (folder / "hybrid_training.png").stat().st_size > 0
    return json.loads((folder / "hybrid_training.json").read_text())


def test_a_copy_that_clips_where_the_diodes_do_stands_nearer_to_their_circuit(record: dict) -> None:
    rows = {row["case"]: row["value"] for row in record["rows"]}
    apart = {
        name: rows[f"1N4148, {name}, affine-projection: copy from circuit, last epoch"]
        for name in ("hard-sigmoid", "knees")
    }
    # A 1N4148 lets go of the rails by 0.3 to 0.4 V; most hidden nodes stand there.
    assert apart["knees"] < 0.5 * apart["hard-sigmoid"]


def test_ngspice_and_the_native_engine_teach_alike(record: dict) -> None:
    points = {point["name"]: point["result"] for point in record["points"]}
    for chip, rest in (("1N4148", "knees"), ("resistive Shockley", "knees"), ("ideal clamps", "hard-sigmoid")):
        both = [points[f"{chip}{by} {rest} affine-projection seed 0"] for by in ("", " by ngspice")]
        gaps = [result["history"][-1]["gap"] for result in both]
        # Phases of finite time end within 3e-2 of the rail of each other where the native engine takes long steps,
        # operating points within 1e-9 V; two epochs of 12 steps do not blow that up.
        assert gaps[0] == pytest.approx(gaps[1], rel=1e-6 if chip.startswith("resistive") else 0.1)
        assert abs(both[1]["history"][-1]["settled_test_error"] - both[1]["watched_natively"]) <= 5.0  # 2 of 40


def test_the_export_changes_no_class(record: dict) -> None:
    changed = [row["value"] for row in record["rows"] if "the export changed" in row["case"]]
    assert len(changed) == 17
    assert not any(changed)
