"""The order of phases."""
