"""Speed and agreement of the solver of wired crossbars against badcrossbar and against plain sparse nodal analysis.

    python sim/bench_wires.py --output sim/results/bench_wires.json
    python sim/bench_wires.py --smoke

badcrossbar 1.1.0 [1] is no dependency of this package. The script takes it where it can be imported, and says so
where it cannot. Without its drawing half it needs little; put it into a folder of its own:

    pip install --no-deps --target FOLDER badcrossbar==1.1.0 pathvalidate sigfig
    PYTHONPATH=FOLDER python sim/bench_wires.py

Both are asked the same of the same array, in turns, on one thread: to take the conductances and give output currents,
or the voltages of all nodes, for one vector of inputs or for a batch. The third side is what one would write first: all
nodes in one sparse matrix, factored by SuperLU in its symmetric mode with a minimum-degree ordering, the best of
its orderings here. Seconds are of the processor; medians over repeats. Devices are uniform from 1 to 100 uS.

[1] Joksas & Mehonic, "badcrossbar: A Python tool for computing and plotting currents and voltages in passive crossbar
    arrays", SoftwareX 12 (2020) 100617.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array
from scipy.sparse.linalg import splu

from analogeq.circuit.crossbar import Crossbar
from analogeq.flow.measurements import Row, at_least, at_most, recorded, save_rows
from analogeq.hardware import Wires

Doubles = NDArray[np.float64]
Solver = Callable[[Doubles, Doubles], Doubles]

VERSION = "1.1.0"
AGREEMENT = 1e-10
"""Of the largest current, or of the largest voltage."""
RATIO = 2.0


@dataclass(frozen=True)
class Config:
    """What is measured.

    Attributes
    ----------
    sizes : tuple of int
        Word lines, and as many bit lines.
    aimed : int
        The size that has to be ``RATIO`` times as fast.
    ohms : float
        Resistance of a segment of either line [Ohm].
    batch : int
        Vectors of inputs in a batch.
    repeats : int
        Timings of each side.
    seed : int
    """

    sizes: tuple[int, ...] = (32, 64, 128, 256)
    aimed: int = 128
    ohms: float = 1.0
    batch: int = 100
    repeats: int = 5
    seed: int = 0


SMOKE = Config(sizes=(8,), aimed=0, batch=3, repeats=2)


@dataclass(frozen=True)
class Side:
    """One solver: output currents [A], shape (batch, bit), and voltages of word, then bit nodes [V]."""

    name: str
    currents: Solver
    voltages: Solver


def run(config: Config, command: str, other: Any | None) -> list[Row]:
    """Measure every size against every other side there is."""
    wires = Wires(config.ohms, config.ohms)
    sides = [_sparse(wires), *([] if other is None else [_badcrossbar(other, config.ohms)])]
    rows: list[Row] = []
    for size in config.sizes:
        rng = np.random.default_rng(config.seed)
        g, words = rng.uniform(1e-6, 1e-4, (size, size)), rng.uniform(0.0, 1.0, (config.batch, size))
        for asked in ("currents", "voltages"):
            for vectors, count in (("one vector", 1), (f"{config.batch} vectors", config.batch)):
                case = f"{size} x {size}, {asked}, {vectors}"
                rows += _compared(case, asked, (_own(wires), *sides), g, words[:count], config, command)
        again = _again(wires, g, words, config.repeats)
        rows.append(
            recorded(f"{size} x {size}, voltages, {config.batch} more vectors: own", 1e3 * again, "ms", command)
        )
        print(f"{size} x {size} measured", file=sys.stderr)
    return rows


def _compared(
    case: str, asked: str, sides: Sequence[Side], g: Doubles, words: Doubles, config: Config, command: str
) -> Iterator[Row]:
    seconds: dict[str, list[float]] = {side.name: [] for side in sides}
    found: dict[str, Doubles] = {}
    for _ in range(config.repeats):
        for side in sides:
            began = time.process_time()
            found[side.name] = getattr(side, asked)(g, words)
            seconds[side.name].append(time.process_time() - began)
    took = {name: float(np.median(values)) for name, values in seconds.items()}
    own, *others = (side.name for side in sides)
    yield recorded(f"{case}: {own}", 1e3 * took[own], "ms", command)
    for name in others:
        ratio, label = took[name] / took[own], f"{case}: {name} over {own}"
        aimed = name.startswith("badcrossbar") and len(g) == config.aimed
        yield recorded(f"{case}: {name}", 1e3 * took[name], "ms", command)
        yield at_least(label, ratio, "x", RATIO, command) if aimed else recorded(label, ratio, "x", command)
        apart = float(np.abs(found[name] - found[own]).max() / np.abs(found[own]).max())
        yield at_most(f"{case}: {name} and {own} apart", apart, "of the largest", AGREEMENT, command)


def _own(wires: Wires) -> Side:
    def currents(g: Doubles, words: Doubles) -> Doubles:
        return Crossbar.forward(g, wires).currents(words)

    def voltages(g: Doubles, words: Doubles) -> Doubles:
        found = Crossbar.forward(g, wires).voltages(words)
        return np.stack([found.word, found.bit])

    return Side("own", currents, voltages)


def _again(wires: Wires, g: Doubles, words: Doubles, repeats: int) -> float:
    """Seconds of another batch on an array that was solved before."""
    array = Crossbar.forward(g, wires)
    array.voltages(words)
    seconds = []
    for _ in range(repeats):
        began = time.process_time()
        array.voltages(words)
        seconds.append(time.process_time() - began)
    return float(np.median(seconds))


def _badcrossbar(module: Any, ohms: float) -> Side:
    def currents(g: Doubles, words: Doubles) -> Doubles:
        solved = module.compute(words.T, 1.0 / g, r_i=ohms, node_voltages=False, all_currents=False)
        return np.asarray(solved.currents.output, dtype=np.float64)

    def voltages(g: Doubles, words: Doubles) -> Doubles:
        solved = module.compute(words.T, 1.0 / g, r_i=ohms, all_currents=False).voltages
        both = np.stack([solved.word_line, solved.bit_line]).reshape(2, *g.shape, len(words))
        return np.moveaxis(both, 3, 1)

    return Side(f"badcrossbar {VERSION}", currents, voltages)


def _sparse(wires: Wires) -> Side:
    def voltages(g: Doubles, words: Doubles) -> Doubles:
        right = np.zeros((2 * g.size, len(words)))
        right[: g.size : g.shape[1]] = words.T / wires.word_line_resistance
        factors = splu(
            _nodal(g, wires), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )
        return np.moveaxis(np.asarray(factors.solve(right)).reshape(2, *g.shape, len(words)), 3, 1)

    def currents(g: Doubles, words: Doubles) -> Doubles:
        return voltages(g, words)[1, :, -1] / wires.bit_line_resistance

    return Side("sparse LU", currents, voltages)


def _nodal(g: Doubles, wires: Wires) -> csc_array:
    """All nodes, word lines' first: driven from the left, sensed at the bottom, without drivers."""
    nodes = np.arange(2 * g.size).reshape(2, *g.shape)
    pairs = [
        (nodes[0].ravel(), nodes[1].ravel(), g.ravel()),
        *((a.ravel(), b.ravel(), np.full(a.size, 1.0 / ohms)) for a, b, ohms in _segments(nodes, wires)),
    ]
    ends = [
        (nodes[0][:, 0], np.full(len(g), 1.0 / wires.word_line_resistance)),
        (nodes[1][-1], np.full(g.shape[1], 1.0 / wires.bit_line_resistance)),
    ]
    a, b, between = (np.concatenate(part) for part in zip(*pairs, strict=True))
    at, own = (np.concatenate(part) for part in zip(*ends, strict=True))
    rows, columns = np.concatenate([a, b, a, b, at]), np.concatenate([a, b, b, a, at])
    values = np.concatenate([between, between, -between, -between, own])
    return csc_array(coo_array((values, (rows, columns)), shape=(nodes.size, nodes.size)))


def _segments(
    nodes: NDArray[np.intp], wires: Wires
) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp], float], tuple[NDArray[np.intp], NDArray[np.intp], float]]:
    return (
        (nodes[0][:, :-1], nodes[0][:, 1:], wires.word_line_resistance),
        (nodes[1][:-1], nodes[1][1:], wires.bit_line_resistance),
    )


def find_badcrossbar() -> Any | None:
    """Import it, if it is there; its import prints warnings and sets up a log that nobody here reads."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = importlib.import_module("badcrossbar")
    except ImportError:
        return None
    logging.getLogger("badcrossbar").setLevel(logging.WARNING)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a small array, in a second")
    parser.add_argument("--output", type=Path, help="write the record there (.json), and its rows beside it (.csv)")
    options = parser.parse_args(arguments)
    config = SMOKE if options.smoke else Config()
    command = "OPENBLAS_NUM_THREADS=1 python sim/bench_wires.py" + (" --smoke" if options.smoke else "")
    other = find_badcrossbar()
    if other is None:
        print(
            "badcrossbar is not here; without it only sparse LU is measured. To have it:\n"
            f"  pip install --no-deps --target FOLDER badcrossbar=={VERSION} pathvalidate sigfig\n"
            "  PYTHONPATH=FOLDER python sim/bench_wires.py",
            file=sys.stderr,
        )
    rows = run(config, command, other)
    if options.output:
        about: dict[str, object] = {
            "config": asdict(config),
            "badcrossbar": VERSION if other is not None else "not installed",
        }
        save_rows(options.output, rows, about)
    for row in rows:
        met = "" if row.met is None else f"  {row.target}: {'yes' if row.met else 'NO'}"
        print(f"{row.case:72} {row.value:10.4g} {row.unit}{met}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
