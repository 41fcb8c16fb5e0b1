"""Random slices beside reading `.nii.gz`: `python -m benchmarks.slice_store`."""
