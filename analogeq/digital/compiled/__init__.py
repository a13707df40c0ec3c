"""The same arithmetic, compiled by numba where it is installed (extra ``fast``)."""
