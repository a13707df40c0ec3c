"""Datasets: the one asked for, or an error."""
