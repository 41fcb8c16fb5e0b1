"""Real cases that a briefly trained checkpoint has never seen, segmented by the command and scored."""
