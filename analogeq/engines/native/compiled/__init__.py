"""The same solvers, compiled by numba where it is installed (extra ``fast``)."""
