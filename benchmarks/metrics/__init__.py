"""Dice, HD95 and NSD beside MONAI and surface-distance: `python -m benchmarks.metrics`."""
