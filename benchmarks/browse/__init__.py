"""How quick the pages are with ten thousand cases: `python -m benchmarks.browse`."""
