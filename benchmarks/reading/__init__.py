"""Reading a case from its files beside other readers: `python -m benchmarks.reading`."""
