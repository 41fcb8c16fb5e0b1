"""Every limit on what an input may ask for, in one place."""

from __future__ import annotations

MAX_VOLUME_BYTES = 4 * 1024**3  # voxels of one file, uncompressed: a 1024 x 1024 x 2000 CT in int16
MAX_FOLDER_FILES = 200_000  # files that a layout looks at below one folder
MAX_EXTENSION_BYTES = 4 * 1024**2  # header extensions between a NIfTI header and its voxels
GZIP_TRAILING_BYTES = 4096  # padding that may follow the voxels inside a .nii.gz
MAX_DIMENSION = 8192  # voxels along one axis
