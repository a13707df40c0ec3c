"""A crossbar's wires in ngspice: the mesh, every segment an element, against the package's own solver.

    python sim/wires_in_ngspice.py --sizes 16 32 --output sim/results/wires_in_ngspice.json

Square arrays of devices uniform from 1 to 100 uS, 1 Ohm a cell on either line, drivers and virtual grounds of 50 Ohm,
word lines driven between 0 and 1 V. ngspice finds the operating point of the mesh as `analogeq.circuit.netlist.mesh`
draws it; all output currents and all node voltages are compared. With its own solver (Sparse 1.3) an array of 64 x 64
takes half a minute; one of 128 x 128 is for a library that has KLU, which is then used.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.crossbar import Crossbar
from analogeq.circuit.elements import VoltageSources
from analogeq.circuit.netlist.cells import flattened
from analogeq.circuit.netlist.mesh import mesh
from analogeq.circuit.netlist.nodes import Nodes
from analogeq.circuit.schematic import Schematic
from analogeq.engines.ngspice.library import find_library
from analogeq.engines.ngspice.process import WorkerProcess
from analogeq.flow.measurements import Row, at_most, recorded, save_rows
from analogeq.hardware import Technology, Wires

Doubles = NDArray[np.float64]

AGREEMENT = 1e-9
"""Of the largest current, and of the largest voltage."""
LIMIT = 3600.0
"""Seconds that one operating point may take."""
WIRES = Wires(word_line_resistance=1.0, bit_line_resistance=1.0, driver_resistance=50.0, sense_resistance=50.0)


def run(sizes: tuple[int, ...], seed: int, command: str) -> list[Row]:
    """Compare arrays of every size."""
    worker = WorkerProcess(find_library())
    try:
        described = worker.description()
        name = f"ngspice {described.version} ({described.solver})"
        klu = " klu" if described.solver == "KLU" else ""
        return [row for size in sizes for row in _compared(worker, size, seed, (name, klu), command)]
    finally:
        worker.kill()


def _compared(worker: WorkerProcess, size: int, seed: int, simulator: tuple[str, str], command: str) -> list[Row]:
    rng = np.random.default_rng(seed)
    array = Crossbar.forward(rng.uniform(1e-6, 1e-4, (size, size)), WIRES)
    words = rng.uniform(0.0, 1.0, size)
    name, klu = simulator
    schematic = driven(array, words)
    text = "\n".join(("a crossbar with its wires", f".options reltol=1e-6{klu}", *schematic.lines(), ".end\n"))
    outputs, cells = [f"v{size + j}#branch" for j in range(size)], schematic.nodes[1 + 2 * size :]
    began = time.perf_counter()
    request = {"do": "sensitivities", "netlist": text, "vectors": [*outputs, *cells], "outputs": [], "parameters": []}
    worker.request(request, {}, LIMIT)
    found = worker.answer(LIMIT)[1]["values"]
    worker.answer(LIMIT)
    took = time.perf_counter() - began
    currents, voltages = array.currents(words[None])[0], array.voltages(words[None])
    volts = np.concatenate([voltages.word[0].ravel(), voltages.bit[0].T.ravel()])
    case = f"{size} x {size}, {name}"
    return [
        at_most(f"{case}: currents apart", _apart(found[:size], currents), "of the largest", AGREEMENT, command),
        at_most(f"{case}: voltages apart", _apart(found[size:], volts), "of the largest", AGREEMENT, command),
        recorded(f"{case}: operating point", took, "s", command),
    ]


def driven(array: Crossbar, words: Doubles) -> Schematic:
    """Draw the mesh with a source at every word line and at the end of every bit line, the cells' nodes last."""
    n_words, n_bits = array.g.shape
    nodes = Nodes((*(f"in{k}" for k in range(n_words)), *(f"out{k}" for k in range(n_bits))))
    ends = np.arange(1, n_words + n_bits + 1, dtype=np.intp)
    tables = mesh(array, "a", ends[:n_words], ends[n_words:], nodes)
    sources = VoltageSources(
        tuple(f"v{k}" for k in range(len(ends))),
        np.column_stack((ends, np.zeros_like(ends))),
        np.concatenate([words, np.zeros(n_bits)]),
    )
    return flattened(Schematic(nodes.names, (sources, *tables)), Technology())


def _apart(found: Doubles, expected: Doubles) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[16, 32], metavar="N", help="default: 16 32")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, help="write the record there (.json), and its rows beside it (.csv)")
    options = parser.parse_args(arguments)
    sizes = tuple(options.sizes)
    command = f"python sim/wires_in_ngspice.py --sizes {' '.join(map(str, sizes))} --seed {options.seed}"
    rows = run(sizes, options.seed, command)
    if options.output:
        save_rows(options.output, rows, {"sizes": list(sizes), "seed": options.seed})
    for row in rows:
        print(f"{row.case:60} {row.value:10.4g} {row.unit}  {row.target}")
    return 0 if all(row.met is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
