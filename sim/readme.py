"""Put the recorded measurements into README.md and docs/measured.md.

python sim/readme.py            # rewrite the tables between the markers
python sim/readme.py --check    # exit 5 if they are not what the records say
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analogeq.files import write_text_atomically

ROOT = Path(__file__).parents[1]
README, MEASURED = ROOT / "README.md", ROOT / "docs" / "measured.md"
RESULTS = ROOT / "sim" / "results"
BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"


@dataclass(frozen=True)
class Part:
    """One recorded file and what to call it."""

    file: str
    title: str


FIRST = (
    Part("demo.json", "What `make demo` has to show"),
    Part("demo_resistive.json", "The same with a resistive circuit"),
)
"""What stands in the README itself."""
ALL = (
    Part("bench_engines.json", "The native engine against ngspice, one core each, one run"),
    Part("bench_training.json", "Training against backpropagation, MNIST shapes, float32 on both sides"),
    Part("bench_wires.json", "Crossbars with wires, against badcrossbar 1.1.0"),
    Part("wires_in_ngspice.json", "Crossbars with wires, against ngspice 39"),
    Part("wires_in_ngspice_klu.json", "The same against ngspice 46 with KLU"),
    Part("random_circuits.json", "Random circuits, native against ngspice"),
    Part("drn_mnist_100.json", "Deep resistive networks on MNIST, ideal diodes"),
    Part("drn_mnist_1024.json", "The same, 1,024 hidden nodes"),
    Part("drn_mnist_1024-1024.json", "The same, two hidden layers"),
    Part("drn_mnist_shockley.json", "Double Shockley elements and output pairs on MNIST"),
    Part("drn_vs_ngspice.json", "Double Shockley elements, native against ngspice 39 (Sparse 1.3)"),
    Part("drn_vs_ngspice_klu.json", "The same against ngspice 46 with KLU, its fastest solver"),
    Part("drn_in_ngspice.json", "MNIST with ngspice as the resistive circuit"),
)
PAGES = {README: FIRST, MEASURED: ALL}


def tables(parts: Sequence[Part]) -> str:
    """Render records."""
    read = ((part, json.loads((RESULTS / part.file).read_text(encoding="utf-8"))) for part in parts)
    return "\n\n".join(part_table(part, record) for part, record in read)


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


def renewed(text: str, parts: Sequence[Part]) -> str:
    """Replace what stands between the markers."""
    head, rest = text.split(BEGIN, 1)
    _, tail = rest.split(END, 1)
    return f"{head}{BEGIN}\n{tables(parts)}\n{END}{tail}"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 5 if a page is out of date")
    options = parser.parse_args()
    texts = {path: path.read_text(encoding="utf-8") for path in PAGES}
    new = {path: renewed(text, PAGES[path]) for path, text in texts.items()}
    if options.check:
        sys.exit(0 if new == texts else 5)
    for path, text in new.items():
        write_text_atomically(path, text)


if __name__ == "__main__":
    main()
