"""Run a netlist in the ngspice library and print, as JSON, where every vector ends.

    python netlist_runner.py LIBRARY NETLIST [COMMAND …]

A process of its own: one library lives in one process, and what a hostile netlist does to it stays there.
"""

import ctypes
import json
import sys


class VectorInfo(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("flags", ctypes.c_short),
        ("real", ctypes.POINTER(ctypes.c_double)),
        ("complex", ctypes.c_void_p),
        ("length", ctypes.c_int),
    ]


_TEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)
_EXIT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_bool, ctypes.c_bool, ctypes.c_int, ctypes.c_void_p)


def run(library: str, netlist: str, commands: list[str]) -> dict[str, float]:
    said: list[str] = []
    say = _TEXT(lambda text, *_: said.append(text.decode(errors="replace")) or 0)
    leave = _EXIT(lambda *_: 0)
    ngspice = ctypes.CDLL(library)
    ngspice.ngSpice_CurPlot.restype = ctypes.c_char_p
    ngspice.ngSpice_AllVecs.restype = ctypes.POINTER(ctypes.c_char_p)
    ngspice.ngGet_Vec_Info.restype = ctypes.POINTER(VectorInfo)
    ngspice.ngSpice_Init(say, None, leave, None, None, None, None)
    for command in (f"source {netlist}", *commands):
        if ngspice.ngSpice_Command(command.encode()) != 0:
            raise SystemExit(f"{command}: refused\n" + "\n".join(said))
    plot = ngspice.ngSpice_CurPlot()
    ends, vectors, at = {}, ngspice.ngSpice_AllVecs(plot), 0
    while vectors[at]:
        info = ngspice.ngGet_Vec_Info(plot + b"." + vectors[at]).contents
        ends[vectors[at].decode()] = info.real[info.length - 1]
        at += 1
    return ends


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(run(sys.argv[1], sys.argv[2], sys.argv[3:])) + "\n")
