"""The batched numpy and scipy engine."""
