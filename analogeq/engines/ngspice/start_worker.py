"""Start a worker without the packages above it.

Run as a file, never imported. The packages' own ``__init__`` files bring in scipy and networkx, more
than half of a worker's starting time for what it has no use for; so they stand empty here.
"""

import ctypes
import signal
import sys
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent


PR_SET_PDEATHSIG = 1
"""From Linux's <sys/prctl.h>: the signal to get when the parent dies."""


def _end_with_parent() -> None:
    """End when the parent is killed, even inside a long analysis, which reads no socket.

    Linux counts the thread that started a worker as its parent; the pool replaces one that ends with it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Serve on the socket that is standard input, with the library named on the command line."""
    for name, folder in (("analogeq.engines", HERE.parent), ("analogeq.engines.ngspice", HERE)):
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    from analogeq.engines.ngspice.worker import serve_until_closed

    _end_with_parent()
    serve_until_closed(sys.argv[1])


if __name__ == "__main__":
    main()
