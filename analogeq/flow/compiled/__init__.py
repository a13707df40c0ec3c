"""Whole loops that numba compiles; imported only where it is installed."""
