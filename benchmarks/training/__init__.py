"""Training steps beside a plain loop and MONAI's trainer: same net, same batches, same loss."""
