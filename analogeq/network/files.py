"""Graphs as files: GraphML, and edge lists as CSV or TSV.

An edge list is a table with a head. A row with a ``source`` and a ``target`` is an edge, a row with
a ``source`` alone is a node; the node's row comes first::

    source,target,role,layer,weight,bias,shared
    x0,,input,,,,
    y0,,output,1,,0.1,
    x0,y0,,,0.5,,kernel

Columns other than the first two may be left out, except ``role``. A ``.csv`` may have semicolons, and decimal commas
then.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import networkx as nx

from analogeq.errors import GraphError
from analogeq.network.names import node_name, shown

COLUMNS = ("source", "target", "role", "layer", "weight", "bias", "shared")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def write_graph(graph: nx.Graph, path: str | Path) -> None:
    """Write nodes with role, layer and bias, edges with weight, both with ``shared``; the suffix decides the format.

    Nodes get the names they have in a network. Numbers are written so that they read back equal. Labels of
    ``shared`` become text, two of them never the same.

    Parameters
    ----------
    graph : networkx graph
    path : str or Path
        Ends in ``.graphml``, ``.csv`` or ``.tsv``.
    """
    file = Path(path)
    plain = _plain(graph)
    if file.suffix == ".graphml":
        nx.write_graphml(plain, file, infer_numeric_types=True)
        return
    with file.open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, COLUMNS, delimiter=_delimiter(file), lineterminator="\n", restval="")
        table.writeheader()
        for key, held in plain.nodes(data=True):
            table.writerow({"source": key} | _text(held))
        for a, b, held in plain.edges(data=True):
            table.writerow({"source": a, "target": b} | _text(held))


def read_graph(path: str | Path) -> nx.Graph:
    """Read a graph from ``.graphml``, ``.csv`` or ``.tsv``; `network_from_graph` checks what it means.

    Raises
    ------
    GraphError
        If the file is missing or is not of its format; an edge list is told by line.
    """
    file = Path(path)
    try:
        if file.suffix == ".graphml":
            return nx.read_graphml(file)
        delimiter = _delimiter(file)
        with file.open(newline="", encoding="utf-8-sig") as stream:
            head = stream.readline()
            stream.seek(0)
            semicolons = delimiter == "," and ";" in head and "," not in head
            table = csv.reader(stream, delimiter=";" if semicolons else delimiter, strict=True)
            return _graph_of_table(file, table, decimal="," if semicolons else ".")
    except GraphError:
        raise
    except (OSError, ParseError, nx.NetworkXError, csv.Error, ValueError, KeyError) as error:
        raise GraphError(f"{file}: cannot be read as {file.suffix[1:]} ({error}); check the file") from error


def _delimiter(file: Path) -> str:
    if file.suffix not in _DELIMITERS:
        raise GraphError(f"{file}: unknown kind of graph file; name it .graphml, .csv or .tsv")
    return _DELIMITERS[file.suffix]


def _plain(graph: nx.Graph) -> nx.Graph:
    """Copy what a network can use, in plain Python types, under the names it will have."""
    plain = nx.MultiGraph()  # so that a doubled edge is still doubled when it is read
    shared = _spelling(label for _, label in graph.nodes(data="shared"))
    for key, held in graph.nodes(data=True):
        plain.add_node(node_name(key), **_known(held, {"role": str, "layer": int, "bias": float, "shared": shared}))
    if len(plain) != len(graph):
        raise GraphError("graph: two nodes have names that differ by case alone, SPICE folds case; rename one")
    shared = _spelling(label for _, _, label in graph.edges(data="shared"))
    for a, b, held in graph.edges(data=True):
        plain.add_edge(node_name(a), node_name(b), **_known(held, {"weight": float, "shared": shared}))
    return plain


def _known(held: Mapping[str, Any], kinds: Mapping[str, Callable[[Any], object]]) -> dict[str, object]:
    return {key: kind(held[key]) for key, kind in kinds.items() if held.get(key) is not None}


def _spelling(labels: Iterable[Hashable | None]) -> Callable[[Hashable], str]:
    """Return what spells the labels of ``shared`` as text, on one line and without blanks at its ends."""
    spelled: dict[Hashable, str] = {}
    taken: dict[str, Hashable] = {}
    for label in labels:
        if label is None or label in spelled:
            continue
        spelled[label] = text = " ".join(str(label).split())
        if not text or not text.isprintable():
            raise GraphError(f"shared {shown(label)}: cannot be written to a file; give a label that can be printed")
        if taken.setdefault(text, label) is not label:
            raise GraphError(f"shared {shown(label)}: reads as {shown(taken[text])} in a file; rename one of the two")
    return spelled.__getitem__


def _text(held: Mapping[str, object]) -> dict[str, str]:
    return {key: repr(value) if isinstance(value, float) else str(value) for key, value in held.items()}


def _graph_of_table(file: Path, rows: csv._reader, decimal: str) -> nx.Graph:  # type: ignore[name-defined]  # typeshed's name
    head = [name.strip().lower() for name in next(rows, [])]
    _check_head(file, head)
    graph = nx.Graph()
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        where = f"{file}, line {rows.line_num}"
        if len(row) > len(head):
            raise GraphError(f"{where}: {len(row)} cells under {len(head)} columns; remove the rest")
        cells = {name: cell.strip() for name, cell in zip(head, row, strict=False) if cell.strip()}
        for name in {"weight", "bias"} & set(cells):
            cells[name] = cells[name].replace(decimal, ".")
        _add_row(graph, cells, where)
    return graph


def _check_head(file: Path, head: list[str]) -> None:
    unknown = next((name for name in head if name not in COLUMNS), None)
    if unknown is not None:
        close = difflib.get_close_matches(unknown, COLUMNS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(COLUMNS)}"
        raise GraphError(f"{file}, line 1: column {shown(unknown)} is unknown; {hint}")
    missing = next((name for name in COLUMNS[:3] if name not in head), None)
    if missing is not None:
        raise GraphError(f"{file}, line 1: no column {missing!r}; the head is {','.join(COLUMNS)}")
    if len(set(head)) != len(head):
        raise GraphError(f"{file}, line 1: a column stands twice in the head; remove one")


def _add_row(graph: nx.Graph, cells: Mapping[str, str], where: str) -> None:
    source, target = cells.get("source"), cells.get("target")
    if source is None:
        raise GraphError(f"{where}: no source; name the node, or the edge's first end")
    if target is None:
        _add_node(graph, source, cells, where)
        return
    for end in (source, target):
        if end not in graph:
            raise GraphError(
                f"{where}: edge to node {shown(end)}, which no line before gives a role; add the node's row"
            )
    if graph.has_edge(source, target):
        raise GraphError(
            f"{where}: edge {shown(source)} to {shown(target)} is a duplicate, one weight acts both ways; remove it"
        )
    misplaced = next((name for name in ("role", "layer", "bias") if name in cells), None)
    if misplaced is not None:
        raise GraphError(f"{where}: an edge has no {misplaced}; put it into the node's own row")
    held: dict[str, object] = {"shared": cells["shared"]} if "shared" in cells else {}
    if "weight" in cells:
        held["weight"] = _read(float, cells["weight"], f"{where}: weight")
    graph.add_edge(source, target, **held)


def _add_node(graph: nx.Graph, name: str, cells: Mapping[str, str], where: str) -> None:
    if name in graph:
        raise GraphError(f"{where}: node {shown(name)} is a duplicate; it has a row before")
    if "weight" in cells:
        raise GraphError(f"{where}: a node has no weight; give the edge's target, or use bias")
    held: dict[str, object] = {key: cells[key] for key in ("role", "shared") if key in cells}
    if "layer" in cells:
        held["layer"] = _read(int, cells["layer"], f"{where}: layer")
    if "bias" in cells:
        held["bias"] = _read(float, cells["bias"], f"{where}: bias")
    graph.add_node(name, **held)


def _read(kind: type[int] | type[float], text: str, what: str) -> int | float:
    try:
        return kind(text)
    except ValueError:
        noun = "a whole number" if kind is int else "a number"
        raise GraphError(f"{what} {shown(text)} is not {noun}; give one") from None
