"""Keep a demo's summary as recorded rows, with what each has to reach.

make demo && python sim/record_demo.py runs/demo/summary.json
make demo ARGS="--family resistive --output runs/resistive" && python sim/record_demo.py runs/resistive/summary.json
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from analogeq.flow.runs import write_json

RESULTS = Path(__file__).parent / "results"

LIMITS = (
    ("copy_test_error", "test error of the copy alone, native training", "%", 3.5),
    ("settled_test_error", "test error after settling, native training", "%", 3.5),
    ("ngspice_trained_copy_test_error", "test error of the copy alone, ngspice training", "%", 5.0),
    ("ngspice_trained_settled_test_error", "test error after settling in ngspice, ngspice training", "%", 5.0),
    ("max_voltage_difference", "native against ngspice, 100 samples, free and nudged", "V", 1e-6),
)
LEAST_COSINE = 0.9999
MOST_SECONDS = 300.0


def rows(summary: dict[str, object], command: str) -> list[dict[str, object]]:
    """Hold a summary against the limits."""
    found = [
        _row(case, float(summary[key]), unit, f"≤ {limit:g}", float(summary[key]) <= limit, command)  # type: ignore[arg-type]
        for key, case, unit, limit in LIMITS
    ]
    worst = float(summary["gradient_cosine"])  # type: ignore[arg-type]  # JSON's number
    found.append(_row("gradient cosine, worst layer", worst, "", f"≥ {LEAST_COSINE}", worst >= LEAST_COSINE, command))
    seconds = float(summary["seconds"]["total"])  # type: ignore[index]  # JSON's object
    return [*found, _row("time after set-up", seconds, "s", f"≤ {MOST_SECONDS:g}", seconds <= MOST_SECONDS, command)]


def _row(case: str, value: float, unit: str, target: str, met: bool, command: str) -> dict[str, object]:  # noqa: FBT001
    return {"case": case, "value": value, "unit": unit, "target": target, "met": met, "command": command}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("summary", type=Path, help="summary.json of a demo")
    options = parser.parse_args()
    summary = json.loads(options.summary.read_text(encoding="utf-8"))
    asked = [] if summary["family"] == "hopfield" else [f"--family {summary['family']}"]
    asked += ["--quick"] if summary["quick"] else []
    command = "make demo" + (f' ARGS="{" ".join(asked)}"' if asked else "")
    name = "demo" if summary["family"] == "hopfield" else f"demo_{summary['family']}"
    record = {"rows": rows(summary, command), "summary": summary, "cores": os.cpu_count()}
    write_json(RESULTS / f"{name}.json", record)


if __name__ == "__main__":
    main()
