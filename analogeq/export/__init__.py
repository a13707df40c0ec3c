"""Weights and circuits to other people's formats."""
