import socket
import threading

import numpy as np
import pytest

from analogeq.engines.ngspice.messages import receive, send


def test_a_message_arrives_with_its_header_and_every_bit_of_its_arrays() -> None:
    ours, theirs = socket.socketpair()
    big = np.random.default_rng(0).standard_normal((300, 1000))
    with ours, theirs:
        sender = threading.Thread(
            target=send, args=(ours, {"do": "run", "µ": 1.5}, {"a": big[:, ::2], "b": np.empty((0, 3))})
        )
        sender.start()
        header, arrays = receive(theirs)
        sender.join()
    assert header == {"do": "run", "µ": 1.5}
    assert np.array_equal(arrays["a"], big[:, ::2])
    assert arrays["b"].shape == (0, 3)


def test_a_closed_channel_is_the_end_of_the_messages() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs, pytest.raises(EOFError):
        receive(theirs)


def test_silence_is_a_timeout() -> None:
    ours, theirs = socket.socketpair()
    theirs.settimeout(0.01)
    with ours, theirs, pytest.raises(TimeoutError):
        receive(theirs)


def test_noise_is_not_taken_for_a_message() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"\xff" * 64)
        with pytest.raises(EOFError, match="protocol"):
            receive(theirs)
