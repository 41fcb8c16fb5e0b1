"""From files to a mask, beside peers and the bare network: `python -m benchmarks.inference`."""
