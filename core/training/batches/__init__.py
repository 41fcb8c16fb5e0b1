"""Which slices make a batch, and how batches are made ahead."""
