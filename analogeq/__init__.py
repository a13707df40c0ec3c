"""Simulator and co-design toolkit for analog chips that learn by Equilibrium Propagation."""

__version__ = "0.1.0"
