"""Dice and HD95 beside MONAI: `python -m benchmarks.metrics`."""
