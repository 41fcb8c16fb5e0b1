"""Our own HTTP routes beside the pages: volumes for the viewer, and the viewer's modules."""
