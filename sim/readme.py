"""Put the recorded measurements into the README.

python sim/readme.py            # rewrite the tables between the markers
python sim/readme.py --check    # exit 5 if they are not what the records say
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analogeq.files import write_text_atomically

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RESULTS = ROOT / "sim" / "results"
BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"


@dataclass(frozen=True)
class Part:
    """One recorded file and what to call it."""

    file: str
    title: str


PARTS = (
    Part("demo.json", "What `make demo` has to show"),
    Part("demo_resistive.json", "The same with a resistive circuit"),
    Part("bench_engines.json", "The native engine against ngspice, one core each, one run"),
    Part("bench_training.json", "Training against backpropagation, MNIST shapes, float32 on both sides"),
    Part("random_circuits.json", "Random circuits, native against ngspice"),
    Part("drn_mnist_100.json", "Deep resistive networks on MNIST, ideal diodes"),
    Part("drn_mnist_1024.json", "The same, 1,024 hidden nodes"),
    Part("drn_mnist_1024-1024.json", "The same, two hidden layers"),
    Part("drn_mnist_shockley.json", "Double Shockley elements and output pairs on MNIST"),
    Part("drn_vs_ngspice.json", "Double Shockley elements, native against ngspice 39 (Sparse 1.3)"),
    Part("drn_vs_ngspice_klu.json", "The same against ngspice 46 with KLU, its fastest solver"),
    Part("drn_in_ngspice.json", "MNIST with ngspice as the resistive circuit"),
    Part("copy_gap.json", "How far the copy of 784-500-500-500-10 lags, by the way it learns"),
)


def tables() -> str:
    """Render every recorded part."""
    parts = [part_table(part, json.loads((RESULTS / part.file).read_text(encoding="utf-8"))) for part in present()]
    return "\n\n".join(parts)


def present() -> list[Part]:
    """List the parts that are recorded."""
    return [part for part in PARTS if (RESULTS / part.file).exists()]


def part_table(part: Part, record: Mapping[str, Any]) -> str:
    """Render one record: its rows with a target, or all where none has any, and the command that makes them."""
    rows = [row for row in record["rows"] if row.get("target") not in (None, "")] or record["rows"]
    lines = [f"**{part.title}**", "", "| case | measured | to reach | met |", "| --- | --- | --- | --- |"]
    for row in rows:
        met = {True: "yes", False: "**no**", None: "–"}[row["met"]]
        unit = "" if row["unit"] == "1" else f" {row['unit']}"
        lines.append(f"| {row['case']} | {row['value']:.4g}{unit} | {row['target'] or '–'} | {met} |")
    commands = dict.fromkeys(row["command"] for row in rows)
    lines += ["", "By " + ", ".join(f"`{command}`" for command in commands) + f"; record: `sim/results/{part.file}`."]
    return "\n".join(lines)


def renewed(text: str) -> str:
    """Replace what stands between the markers."""
    head, rest = text.split(BEGIN, 1)
    _, tail = rest.split(END, 1)
    return f"{head}{BEGIN}\n{tables()}\n{END}{tail}"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 5 if the README is out of date")
    options = parser.parse_args()
    text = README.read_text(encoding="utf-8")
    new = renewed(text)
    if options.check:
        sys.exit(0 if new == text else 5)
    write_text_atomically(README, new)


if __name__ == "__main__":
    main()
