"""One real study from four raw series to one grid, brain only: `python -m benchmarks.clinical_study`."""
