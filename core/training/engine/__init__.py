"""The loop of a training and what each of its steps does."""
