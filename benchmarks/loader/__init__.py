"""Random training slices a second: our store and augmentation beside MONAI's and albumentations' loaders."""
