"""What Git LFS leaves in a checkout in place of a file that was not fetched."""

from __future__ import annotations

# how such a note begins, and the largest that its specification allows
LFS_MAGIC = b"version https://git-lfs"
LARGEST_POINTER = 1024
