"""From a case and a checkpoint to a prediction."""
