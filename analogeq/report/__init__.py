"""Figures and tables; the only user of matplotlib."""
