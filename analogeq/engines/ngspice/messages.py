"""Messages between a session and its workers: a short JSON header and raw float64 arrays.

Nothing in a message can run: the header holds numbers and strings, the rest is numbers.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Header = dict[str, Any]
Arrays = dict[str, NDArray[np.float64]]

_LENGTHS = struct.Struct("<II")
_LONGEST_HEADER = 1 << 26  # bytes; a netlist of a million elements fits


def send(channel: socket.socket, header: Mapping[str, Any], arrays: Mapping[str, NDArray[np.float64]]) -> None:
    """Write one message; arrays become C-contiguous float64."""
    solid = {name: np.ascontiguousarray(array, dtype="<f8") for name, array in arrays.items()}
    shapes = [[name, list(array.shape)] for name, array in solid.items()]
    head = json.dumps({"header": dict(header), "arrays": shapes}).encode()
    body = b"".join(array.tobytes() for array in solid.values())
    channel.sendall(_LENGTHS.pack(len(head), len(body)) + head + body)


def receive(channel: socket.socket) -> tuple[Header, Arrays]:
    """Read one message.

    Raises
    ------
    EOFError
        If the other side is gone.
    TimeoutError
        If the channel has a timeout and nothing came.
    """
    head_length, body_length = _LENGTHS.unpack(_exactly(channel, _LENGTHS.size))
    if head_length > _LONGEST_HEADER:
        raise EOFError(f"message header of {head_length} bytes; the other side is not speaking this protocol")
    message = json.loads(bytes(_exactly(channel, head_length)))
    body = _exactly(channel, body_length)
    arrays: Arrays = {}
    at = 0
    for name, shape in message["arrays"]:
        size = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(body, dtype="<f8", count=size, offset=at).reshape(shape)
        at += 8 * size
    return message["header"], arrays


def _exactly(channel: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    have = 0
    while have < size:
        got = channel.recv_into(view[have:])
        if got == 0:
            raise EOFError("the other side closed the channel")
        have += got
    return data
