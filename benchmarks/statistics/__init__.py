"""What intervals cover and how often tests are wrong: `python -m benchmarks.statistics`."""
