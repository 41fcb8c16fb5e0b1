"""The networks themselves, one file per architecture; importing these loads torch."""
