"""How far one FLAIR threshold gets on the whole tumour: `python -m benchmarks.flair_threshold SRC`."""
