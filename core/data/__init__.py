"""From files to prepared slices: formats, layouts, the input gate, splits and the slice store."""
