"""Which sequence an image is, from its voxels alone: `python -m benchmarks.modality`."""
