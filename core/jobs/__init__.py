"""Long work in processes of its own: trainings and segmentations."""
